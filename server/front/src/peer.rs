//! State that the calls of one connection share: their slots, their memory, unread responses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::ending::{Cause, Ending};
use crate::memory::{Held, Memory, Share};
use crate::observation::Observation;
use crate::read_budget::ReadBudget;

/// Time that a connection at its limit of calls may leave all its responses unread.
const UNREAD_TIME: Duration = Duration::from_secs(5);
/// Time after a reset for which callers of a connection are taken to give up.
const GIVEN_UP_TIME: Duration = Duration::from_secs(1);

/// What a connection may have open at most, of each kind of call.
#[derive(Clone, Copy)]
pub struct PeerLimits {
    pub calls: usize,
    pub streams: usize,
    pub unlimited: usize,
}

/// The memory that connections share.
pub struct Memories {
    pub requests: Arc<Memory>,
    /// For the requests of unlimited methods.
    pub unlimited: Arc<Memory>,
    pub responses: Arc<Memory>,
}

/// The kinds of calls that are counted apart.
#[derive(Clone, Copy)]
pub enum SlotKind {
    Call,
    Stream,
    Unlimited,
}

pub struct Peer {
    pub address: SocketAddr,
    pub observation: Arc<Observation>,
    pub requests: Arc<Share>,
    pub unlimited_requests: Arc<Share>,
    responses: Arc<Share>,
    limits: PeerLimits,
    /// The taken slots of each kind.
    taken: [AtomicUsize; 3],
    /// HTTP/2 streams that are served.
    open: AtomicUsize,
    unread: AtomicUsize,
    /// The task that waits for a free slot.
    waiting: Mutex<Option<Waker>>,
    /// When a call that was not over was reset at last.
    given_up_at: Mutex<Option<Instant>>,
    idle_since: Mutex<Instant>,
    /// When a response was read at last, or the first unread one was made.
    read_at: Mutex<Instant>,
    pub ending: Arc<Ending>,
    pub budget: Arc<ReadBudget>,
}

impl Peer {
    pub fn new(
        address: SocketAddr,
        limits: PeerLimits,
        memories: &Memories,
        observation: &Arc<Observation>,
    ) -> Self {
        Self {
            address,
            observation: Arc::clone(observation),
            requests: memories.requests.share(),
            unlimited_requests: memories.unlimited.share(),
            responses: memories.responses.share(),
            limits,
            taken: Default::default(),
            open: AtomicUsize::new(0),
            unread: AtomicUsize::new(0),
            waiting: Mutex::default(),
            given_up_at: Mutex::default(),
            idle_since: Mutex::new(Instant::now()),
            read_at: Mutex::new(Instant::now()),
            ending: Arc::default(),
            budget: Arc::default(),
        }
    }

    /// Takes a slot, if there is one. A connection that has all its slots of calls taken and reads
    /// no response is ended.
    pub fn slot(self: &Arc<Self>, kind: SlotKind) -> Option<Slot> {
        let taken = &self.taken[kind as usize];
        if taken.load(Ordering::Relaxed) < self.limit(kind) {
            taken.fetch_add(1, Ordering::Relaxed);
            return Some(Slot { peer: Arc::clone(self), kind });
        }
        if self.unread.load(Ordering::Relaxed) > 0 && self.read_at.lock().elapsed() > UNREAD_TIME {
            self.ending.end(Cause::Unread);
        }
        None
    }

    fn limit(&self, kind: SlotKind) -> usize {
        match kind {
            SlotKind::Call => self.limits.calls,
            SlotKind::Stream => self.limits.streams,
            SlotKind::Unlimited => self.limits.unlimited,
        }
    }

    /// Wakes a task once a slot is free. One task at a time.
    pub fn wake_on_free(&self, context: &Context<'_>) {
        *self.waiting.lock() = Some(context.waker().clone());
    }

    /// Records that a caller has reset a call that was not over.
    pub fn on_given_up(&self) {
        *self.given_up_at.lock() = Some(Instant::now());
    }

    /// Returns whether callers have lately reset calls that were not over.
    pub fn gives_up(&self) -> bool {
        self.given_up_at.lock().is_some_and(|at| at.elapsed() < GIVEN_UP_TIME)
    }

    /// Records that the peer accepts what is written.
    pub fn on_read(&self) {
        if self.unread.load(Ordering::Relaxed) > 0 {
            *self.read_at.lock() = Instant::now();
        }
    }

    /// Returns the time since when no stream is open; None while one is.
    pub fn idle_since(&self) -> Option<Instant> {
        let idle = self.open.load(Ordering::Relaxed) == 0;
        idle.then(|| *self.idle_since.lock())
    }
}

/// An HTTP/2 stream that is served: its connection is not idle.
pub struct OpenStream(Arc<Peer>);

impl OpenStream {
    pub fn new(peer: &Arc<Peer>) -> Self {
        peer.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(peer))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::Relaxed) == 1 {
            *self.0.idle_since.lock() = Instant::now();
        }
    }
}

/// A call of a connection, until its response is written to the socket.
pub struct Slot {
    peer: Arc<Peer>,
    kind: SlotKind,
}

impl Slot {
    /// Holds memory for a message of a stream while it is written. None if the peer leaves too much
    /// unread: the stream is refused, and the others of the connection go on.
    pub fn hold(&self, bytes: usize) -> Option<Held> {
        self.peer.responses.hold(bytes)
    }

    /// Keeps the slot, and memory, for as long as the returned response is not read. None if the
    /// peer leaves too much unread: then its connection is ended.
    pub fn unread(self, response: Bytes) -> Option<Bytes> {
        let Some(memory) = self.peer.responses.hold(response.len()) else {
            self.peer.ending.end(Cause::Unread);
            return None;
        };
        if self.peer.unread.fetch_add(1, Ordering::Relaxed) == 0 {
            *self.peer.read_at.lock() = Instant::now();
        }
        Some(Bytes::from_owner(Unread { response, slot: self, _memory: memory }))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.peer.taken[self.kind as usize].fetch_sub(1, Ordering::Relaxed);
        if let Some(waiting) = self.peer.waiting.lock().take() {
            waiting.wake();
        }
    }
}

/// A response that the peer has not read yet. HTTP/2 drops it once it is written to the socket.
struct Unread {
    response: Bytes,
    slot: Slot,
    _memory: Held,
}

impl AsRef<[u8]> for Unread {
    fn as_ref(&self) -> &[u8] {
        &self.response
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.slot.peer.unread.fetch_sub(1, Ordering::Relaxed);
        self.slot.peer.on_read();
    }
}

#[cfg(test)]
mod tests;
