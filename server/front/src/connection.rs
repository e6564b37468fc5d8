//! Serves one connection: HTTP/2 with its limits, keepalive, flood protection, and shutdown.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Ping, PingPong, Reason, RecvStream, server};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use crate::core::{AdmissionTicket, Core, FOREVER};
use crate::headers::MAX_METADATA_BYTES;
use crate::meter::Metered;
use crate::serve::serve;

/// Metadata up to this size gets a status, and HTTP 431 beyond.
const METADATA_HARD_LIMIT: u32 = 4 * MAX_METADATA_BYTES;
/// Open streams of a connection. A stream over the limit is refused by HTTP/2.
const MAX_STREAMS: u32 = 1_000;
/// Streams reset before they were accepted, and streams remembered after a reset, at most.
const MAX_RESET_STREAMS: usize = 200;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Data of a stream within flow control that HTTP/2 buffers for the socket.
const SOCKET_BUFFER_BYTES: usize = 64 * 1024;
/// Time that a connection has to send GOAWAY before it is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves a connection until it ends.
pub async fn run<T>(core: Arc<Core>, io: T)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let flood = Arc::new(Notify::new());
    let io = Metered::new(io, Arc::clone(&flood));
    let handshake = timeout(core.settings.handshake_timeout_s, http2().handshake(io));
    let Ok(Ok(mut connection)) = handshake.await else {
        return;
    };
    let Some(pings) = connection.ping_pong() else {
        return;
    };
    let drain = drain(&core);
    let peer_lost = peer_lost(&core, pings);
    let close = sleep(FOREVER);
    let throttle = sleep(FOREVER);
    let (mut draining, mut throttled) = (false, false);
    let mut pending = PendingCalls::default();
    tokio::pin!(drain, peer_lost, close, throttle);
    loop {
        tokio::select! {
            biased;
            accepted = connection.accept() => match accepted {
                Some(Ok(call)) if core.is_unlimited(call.0.uri().path()) => start(&core, call),
                Some(Ok(call)) => pending.push(call).await,
                Some(Err(_)) | None => return,
            },
            () = &mut throttle, if throttled => throttled = false,
            () = std::future::ready(()), if !throttled && !pending.is_empty() => {}
            () = flood.notified() => {
                connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                close.as_mut().reset(Instant::now() + CLOSE_TIMEOUT);
            }
            () = &mut drain, if !draining => {
                draining = true;
                connection.graceful_shutdown();
            }
            () = &mut peer_lost => return,
            () = &mut close => return,
        }
        if throttled {
            continue; // pending calls wait; open calls go on
        }
        let delay = start_next(&core, &mut pending).await;
        if !delay.is_zero() {
            throttled = true;
            throttle.as_mut().reset(Instant::now() + delay);
        }
    }
}

fn start(core: &Arc<Core>, (request, respond): NewCall) {
    tokio::spawn(serve(AdmissionTicket::new(core), request, respond));
}

/// Starts the next pending call, and returns how long the call after it has to wait.
async fn start_next(core: &Arc<Core>, pending: &mut PendingCalls) -> Duration {
    let Some(call) = pending.next().await else {
        return Duration::ZERO;
    };
    start(core, call);
    if !core.is_nearly_full() {
        return Duration::ZERO;
    }
    yield_now().await; // so that it is admitted before the next call is started
    core.refusal_delay()
}

type NewCall = (Request<RecvStream>, SendResponse<Bytes>);

/// Calls that are not started yet. Those that were reset meanwhile are dropped: HTTP/2 counts the
/// streams that it holds for them against the connection.
#[derive(Default)]
struct PendingCalls(VecDeque<NewCall>);

impl PendingCalls {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a call, and drops reset calls once there are more calls than streams can be open.
    async fn push(&mut self, call: NewCall) {
        self.0.push_back(call);
        if self.0.len() > MAX_STREAMS as usize {
            for mut call in std::mem::take(&mut self.0) {
                if !is_reset(&mut call.1).await {
                    self.0.push_back(call);
                }
            }
        }
    }

    /// Takes the next call that was not reset.
    async fn next(&mut self) -> Option<NewCall> {
        while let Some(mut call) = self.0.pop_front() {
            if !is_reset(&mut call.1).await {
                return Some(call);
            }
        }
        None
    }
}

async fn is_reset(respond: &mut SendResponse<Bytes>) -> bool {
    poll_fn(|context| Poll::Ready(respond.poll_reset(context).is_ready())).await
}

fn http2() -> server::Builder {
    let mut builder = server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_concurrent_reset_streams(MAX_RESET_STREAMS)
        .max_header_list_size(METADATA_HARD_LIMIT)
        .max_send_buffer_size(SOCKET_BUFFER_BYTES);
    builder
}

/// Waits until the listener drains: the connection has to accept no more streams.
async fn drain(core: &Core) {
    // An error can't occur: `core` keeps the sender.
    let _ = core.drain.subscribe().wait_for(Option::is_some).await;
}

/// Waits until the peer does not acknowledge a ping in time.
async fn peer_lost(core: &Core, mut pings: PingPong) {
    loop {
        sleep(core.settings.keepalive_s).await;
        let pong = timeout(core.settings.keepalive_timeout_s, pings.ping(Ping::opaque()));
        if !matches!(pong.await, Ok(Ok(_))) {
            return;
        }
    }
}
