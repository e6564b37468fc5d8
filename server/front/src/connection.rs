//! Serves one connection: HTTP/2 with its limits, keepalive, age, flood protection, and shutdown.

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

use crate::core::{AdmissionTicket, Core, FOREVER, limit};
use crate::meter::Metered;
use crate::serve::serve;

/// Metadata over `max_metadata_bytes` gets a status up to this multiple of it, and HTTP 431 beyond.
const METADATA_HARD_LIMIT: usize = 4;
/// Streams reset before they were accepted, and streams remembered after a reset, at most.
const MAX_RESET_STREAMS: usize = 200;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Time that a connection has to send GOAWAY before it is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves a connection until it ends.
pub async fn run<T>(core: Arc<Core>, io: T)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let flood = Arc::new(Notify::new());
    let io = Metered::new(io, core.settings.max_control_frames, Arc::clone(&flood));
    let handshake = timeout(core.settings.handshake_timeout_s, http2(&core).handshake(io));
    let Ok(Ok(mut connection)) = handshake.await else {
        return;
    };
    let Some(pings) = connection.ping_pong() else {
        return;
    };
    let retirement = retirement(&core);
    let peer_lost = peer_lost(&core, pings);
    let close = sleep(FOREVER);
    let throttle = sleep(FOREVER);
    let (mut retiring, mut throttled) = (false, false);
    let mut pending = PendingCalls::default();
    tokio::pin!(retirement, peer_lost, close, throttle);
    loop {
        tokio::select! {
            biased;
            accepted = connection.accept() => match accepted {
                Some(Ok(call)) if core.is_unlimited(call.0.uri().path()) => {
                    tokio::spawn(serve(AdmissionTicket::new(&core), call.0, call.1));
                }
                Some(Ok(call)) => pending.push(call, core.settings.max_streams_per_connection).await,
                Some(Err(_)) | None => return,
            },
            () = &mut throttle, if throttled => throttled = false,
            () = std::future::ready(()), if !throttled && !pending.is_empty() => {}
            () = flood.notified() => {
                core.refuse(limit::CONTROL_FRAMES);
                connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                close.as_mut().reset(Instant::now() + CLOSE_TIMEOUT);
            }
            grace = &mut retirement, if !retiring => {
                retiring = true;
                connection.graceful_shutdown();
                close.as_mut().reset(Instant::now() + grace);
            }
            () = &mut peer_lost => return,
            () = &mut close => return,
        }
        if throttled {
            continue; // pending calls wait; open calls go on
        }
        if let Some((request, respond)) = pending.next().await {
            tokio::spawn(serve(AdmissionTicket::new(&core), request, respond));
            if core.is_nearly_full() {
                yield_now().await; // so that it is admitted before the next call is started
                let delay = core.refusal_delay();
                throttled = !delay.is_zero();
                throttle.as_mut().reset(Instant::now() + delay);
            }
        }
    }
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
    async fn push(&mut self, call: NewCall, max_streams: u32) {
        self.0.push_back(call);
        if self.0.len() > max_streams as usize {
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

fn http2(core: &Core) -> server::Builder {
    let settings = &core.settings;
    let hard_limit = settings.max_metadata_bytes.saturating_mul(METADATA_HARD_LIMIT);
    let mut builder = server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(settings.max_streams_per_connection)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_concurrent_reset_streams(MAX_RESET_STREAMS)
        .max_header_list_size(u32::try_from(hard_limit).unwrap_or(u32::MAX))
        .max_send_buffer_size(settings.socket_buffer_bytes);
    builder
}

/// Waits until the connection has to accept no more streams, because of its age or because the
/// listener drains; returns how long the open streams may go on.
async fn retirement(core: &Core) -> Duration {
    let mut drain = core.drain.subscribe();
    let draining = drain.wait_for(Option::is_some);
    let age = core.settings.max_connection_age_s;
    // A jitter of a tenth, so that clients that connected together don't all reconnect together.
    match timeout(age.mul_f64(1.0 + jitter() / 10.0), draining).await {
        Ok(_) => FOREVER,
        Err(_) => core.settings.connection_age_grace_s,
    }
}

/// Returns a number from 0 to 1.
fn jitter() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    f64::from(now.unwrap_or_default().subsec_micros() % 1_000) / 1_000.0
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
