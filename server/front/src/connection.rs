//! Serves one connection: HTTP/2 with its limits, keepalive, and its end.

use std::sync::Arc;
use std::time::Duration;

use h2::{Ping, PingPong, Reason, server};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use crate::admission::AdmissionTicket;
use crate::core::{Core, FOREVER};
use crate::ending::Cause;
use crate::headers::MAX_METADATA_BYTES;
use crate::meter::Metered;
use crate::peer::Peer;
use crate::pending::{NewCall, PendingCalls};
use crate::serve::serve;

/// Metadata up to this size gets a status, and HTTP 431 beyond.
const METADATA_HARD_LIMIT: u32 = 4 * MAX_METADATA_BYTES;
/// Streams reset before they were accepted, and streams remembered after a reset, at most.
const MAX_RESET_STREAMS: usize = 200;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Data of a stream within flow control that HTTP/2 buffers for the socket.
const SOCKET_BUFFER_BYTES: usize = 64 * 1024;
/// Time that a connection has to send GOAWAY before it is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Calls of a connection that are started before it is the turn of others.
const CALLS_PER_TURN: usize = 64;

/// Serves a connection until it ends.
pub async fn run<T>(core: Arc<Core>, peer: Arc<Peer>, io: T)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let max_streams = core.max_http2_streams();
    let handshake = http2(max_streams).handshake(Metered::new(io, Arc::clone(&peer.ending)));
    let Some(Ok(mut connection)) = within_handshake(&core, &peer, handshake).await else {
        return;
    };
    let Some(pings) = connection.ping_pong() else {
        return;
    };
    let drain = drain(&core);
    let peer_lost = peer_lost(&core, pings);
    let ending = peer.ending.wait();
    let close = sleep(FOREVER);
    let throttle = sleep(FOREVER);
    let (mut draining, mut ended, mut throttled) = (false, false, false);
    let mut starter = Starter::new(&core, &peer, max_streams);
    tokio::pin!(drain, peer_lost, ending, close, throttle);
    loop {
        tokio::select! {
            biased;
            cause = &mut ending, if !ended => {
                ended = true;
                core.notices.on_ended(cause);
                match cause {
                    Cause::Idle => connection.graceful_shutdown(),
                    _ => connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM),
                }
                close.as_mut().reset(Instant::now() + CLOSE_TIMEOUT);
            }
            accepted = connection.accept() => match accepted {
                Some(Ok(call)) => starter.add(NewCall::new(&core, &peer, call)).await,
                Some(Err(_)) | None => return,
            },
            () = &mut throttle, if throttled => throttled = false,
            () = std::future::ready(()), if !throttled && !starter.pending.is_empty() => {}
            () = &mut drain, if !draining => {
                draining = true;
                peer.ending.drain();
                connection.graceful_shutdown();
            }
            () = &mut peer_lost => return,
            () = &mut close => return,
        }
        if throttled {
            continue; // pending calls wait; open calls go on
        }
        let delay = starter.start_next().await;
        if !delay.is_zero() {
            throttled = true;
            throttle.as_mut().reset(Instant::now() + delay);
        }
    }
}

/// Waits for a handshake; None if it takes too long, or if another connection needs the place.
pub async fn within_handshake<T>(
    core: &Core,
    peer: &Peer,
    handshake: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = timeout(core.settings.handshake_timeout_s, handshake) => done.ok(),
        cause = peer.ending.wait() => {
            core.notices.on_ended(cause);
            None
        }
    }
}

/// Starts the calls of a connection.
struct Starter<'a> {
    core: &'a Arc<Core>,
    peer: &'a Arc<Peer>,
    pending: PendingCalls,
    /// Calls that were started in this turn.
    turn: usize,
}

impl<'a> Starter<'a> {
    fn new(core: &'a Arc<Core>, peer: &'a Arc<Peer>, max_streams: u32) -> Self {
        Self { core, peer, pending: PendingCalls::new(max_streams), turn: 0 }
    }

    /// Starts a call of an unlimited method at once; others wait for their turn.
    async fn add(&mut self, call: NewCall) {
        if call.is_unlimited() && !self.peer.is_full() {
            self.start(call).await;
        } else {
            self.pending.push(call).await;
        }
    }

    /// Starts the next pending call, and returns how long the call after it has to wait.
    async fn start_next(&mut self) -> Duration {
        let Some(call) = self.pending.next().await else {
            return Duration::ZERO;
        };
        self.start(call).await;
        if !self.core.admissions.is_nearly_full(self.peer) {
            return Duration::ZERO;
        }
        yield_now().await; // so that it is admitted before the next call is started
        self.core.admissions.refusal_delay(self.peer)
    }

    async fn start(&mut self, call: NewCall) {
        if call.head.is_err() {
            self.peer.on_decided(true);
        }
        tokio::spawn(serve(AdmissionTicket::new(self.core, self.peer), call));
        self.turn += 1;
        if self.turn == CALLS_PER_TURN {
            self.turn = 0;
            yield_now().await;
        }
    }
}

fn http2(max_streams: u32) -> server::Builder {
    let mut builder = server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(max_streams)
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
