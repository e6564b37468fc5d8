//! Serves one connection: HTTP/2 with its limits, keepalive, and its end.

use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Ping, PingPong, Reason, RecvStream, server};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use crate::core::{Core, FOREVER};
use crate::ending::Cause;
use crate::headers::MAX_METADATA_BYTES;
use crate::intake::Intake;
use crate::meter::Metered;
use crate::new_call::NewCall;
use crate::peer::Peer;
use crate::read_budget::ReadBudget;

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

type Accepted = (Request<RecvStream>, SendResponse<Bytes>);

/// The connection is closed or broken.
struct Closed;

type Connection<T> = server::Connection<Metered<T>, Bytes>;

/// Serves a connection until it ends.
pub async fn run<T>(core: Arc<Core>, peer: Arc<Peer>, io: T)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let max_streams = core.max_http2_streams();
    let io = Metered::new(io, Arc::clone(&peer.ending), Arc::clone(&peer.budget));
    let handshake = http2(max_streams).handshake(io);
    let Some(Ok(mut connection)) = within_handshake(&core, &peer, handshake).await else {
        return;
    };
    let Some(pings) = connection.ping_pong() else {
        return;
    };
    let peer_lost = peer_lost(&core, &peer.budget, pings);
    tokio::pin!(peer_lost);
    let intake = Intake::new(&core, &peer, max_streams);
    tokio::select! {
        () = serve_calls(&core, &peer, &mut connection, intake) => {}
        () = &mut peer_lost => {}
    }
}

/// Accepts the calls of a connection, until it is closed.
async fn serve_calls<T>(
    core: &Arc<Core>,
    peer: &Arc<Peer>,
    connection: &mut Connection<T>,
    mut intake: Intake,
) where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let drain = peer.ending.draining();
    let ending = peer.ending.wait();
    let close = sleep(FOREVER);
    let (mut draining, mut ended, mut paused) = (false, false, false);
    tokio::pin!(drain, ending, close);
    loop {
        let may_resume = paused && intake.may_read();
        tokio::select! {
            biased;
            cause = &mut ending, if !ended => {
                ended = true;
                end(core, connection, cause);
                close.as_mut().reset(Instant::now() + CLOSE_TIMEOUT);
            }
            accepted = accept(connection, &peer.budget, paused) => match accepted {
                Ok(Some(call)) => intake.add(NewCall::new(core, peer, call)).await,
                Ok(None) => paused = true,
                Err(Closed) => return,
            },
            full_turn = intake.advance() => if full_turn { yield_now().await },
            () = &mut drain, if !draining => {
                draining = true;
                connection.graceful_shutdown();
            }
            () = &mut close, if ended => return,
            // The last branch, so that all others go on between two reads, however much is sent.
            () = ready(()), if may_resume => {
                paused = false;
                yield_now().await;
                peer.budget.renew(intake.has_waiting());
            }
        }
    }
}

/// Waits for the next call, which is None once all that were read are accepted and the budget for more
/// is spent. While the connection is paused, it waits on, and open calls go on. The error is the end.
async fn accept<T>(
    connection: &mut Connection<T>,
    budget: &ReadBudget,
    paused: bool,
) -> Result<Option<Accepted>, Closed>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    poll_fn(|context| match connection.poll_accept(context) {
        Poll::Ready(Some(Ok(call))) => Poll::Ready(Ok(Some(call))),
        Poll::Ready(Some(Err(_)) | None) => Poll::Ready(Err(Closed)),
        Poll::Pending if budget.is_spent() && !paused => Poll::Ready(Ok(None)),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Begins to end a connection.
fn end<T>(core: &Core, connection: &mut Connection<T>, cause: Cause)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    core.notices.on_ended(cause);
    match cause {
        Cause::Idle => connection.graceful_shutdown(),
        Cause::Flood | Cause::Unread => connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM),
    }
}

/// Waits for a handshake; None if it takes too long, or if another connection needs the slot.
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

/// Waits until the peer does not acknowledge a ping in time. While the connection is not read, the
/// acknowledgement may have arrived.
async fn peer_lost(core: &Core, budget: &ReadBudget, mut pings: PingPong) {
    loop {
        sleep(core.settings.keepalive_s).await;
        let pong = pings.ping(Ping::opaque());
        tokio::pin!(pong);
        loop {
            match timeout(core.settings.keepalive_timeout_s, &mut pong).await {
                Ok(Ok(_)) => break,
                Err(_) if budget.is_spent() => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }
}
