//! One connection: HTTP/2 with its limits, keepalive, age, floods, and the way it ends.

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

use crate::core::{Arrival, Core, FOREVER, limit};
use crate::meter::Metered;
use crate::serve::serve;

/// Metadata over `max_metadata_bytes` gets a status up to so many times that; beyond, HTTP's 431.
const ANSWERED_METADATA: usize = 4;
/// Streams that may be reset before they were looked at, and that are remembered after a reset.
const PENDING_RESETS: usize = 200;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// How long a connection that is to be closed may take to say so.
const FAREWELL: Duration = Duration::from_secs(1);

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
    let leave = leave(&core);
    let dead = dead(&core, pings);
    let overdue = sleep(FOREVER);
    let turn = sleep(FOREVER);
    let (mut leaving, mut crowded) = (false, false);
    let mut waiting = Waiting::default();
    tokio::pin!(leave, dead, overdue, turn);
    loop {
        tokio::select! {
            biased;
            accepted = connection.accept() => match accepted {
                Some(Ok(begun)) if core.is_unlimited(begun.0.uri().path()) => {
                    tokio::spawn(serve(Arrival::new(&core), begun.0, begun.1));
                }
                Some(Ok(begun)) => waiting.push(begun, core.settings.max_streams_per_connection).await,
                Some(Err(_)) | None => return,
            },
            () = &mut turn, if crowded => crowded = false,
            () = std::future::ready(()), if !crowded && !waiting.is_empty() => {}
            () = flood.notified() => {
                core.refuse(limit::CONTROL_FRAMES);
                connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                overdue.as_mut().reset(Instant::now() + FAREWELL);
            }
            grace = &mut leave, if !leaving => {
                leaving = true;
                connection.graceful_shutdown();
                overdue.as_mut().reset(Instant::now() + grace);
            }
            () = &mut dead => return,
            () = &mut overdue => return,
        }
        if crowded {
            continue; // what has begun waits; what is open goes on
        }
        if let Some((request, respond)) = waiting.next().await {
            tokio::spawn(serve(Arrival::new(&core), request, respond));
            if core.is_nearly_full() {
                yield_now().await; // so that it takes its place before the next is looked at
                let pause = core.pause();
                crowded = !pause.is_zero();
                turn.as_mut().reset(Instant::now() + pause);
            }
        }
    }
}

type Begun = (Request<RecvStream>, SendResponse<Bytes>);

/// Calls that have begun and wait for their turn. Those that were reset meanwhile are let go, for HTTP/2
/// counts what it holds of them against the connection.
#[derive(Default)]
struct Waiting(VecDeque<Begun>);

impl Waiting {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a call; what was reset goes once there are more than can be open.
    async fn push(&mut self, begun: Begun, open: u32) {
        self.0.push_back(begun);
        if self.0.len() > open as usize {
            for mut begun in std::mem::take(&mut self.0) {
                if !is_reset(&mut begun.1).await {
                    self.0.push_back(begun);
                }
            }
        }
    }

    /// Takes the next call that is still wanted.
    async fn next(&mut self) -> Option<Begun> {
        while let Some(mut begun) = self.0.pop_front() {
            if !is_reset(&mut begun.1).await {
                return Some(begun);
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
    let hard_limit = settings.max_metadata_bytes.saturating_mul(ANSWERED_METADATA);
    let mut builder = server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(settings.max_streams_per_connection)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_concurrent_reset_streams(PENDING_RESETS)
        .max_header_list_size(u32::try_from(hard_limit).unwrap_or(u32::MAX))
        .max_send_buffer_size(settings.send_buffer_bytes);
    builder
}

/// Waits until the connection is to take no more streams, because it is old or the listener drains;
/// returns for how long those it has may go on.
async fn leave(core: &Core) -> Duration {
    let mut leaving = core.leaving.subscribe();
    let draining = leaving.wait_for(Option::is_some);
    let age = core.settings.max_connection_age_s;
    // A tenth of spread, so that clients that came together don't all come back together.
    match timeout(age.mul_f64(1.0 + spread() / 10.0), draining).await {
        Ok(_) => FOREVER,
        Err(_) => core.settings.connection_age_grace_s,
    }
}

/// Returns some number from 0 to 1.
fn spread() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    f64::from(now.unwrap_or_default().subsec_micros() % 1_000) / 1_000.0
}

/// Waits until the peer leaves a ping unanswered.
async fn dead(core: &Core, mut pings: PingPong) {
    loop {
        sleep(core.settings.keepalive_s).await;
        let pong = timeout(core.settings.keepalive_timeout_s, pings.ping(Ping::opaque()));
        if !matches!(pong.await, Ok(Ok(_))) {
            return;
        }
    }
}
