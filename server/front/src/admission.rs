//! Admits calls within the limits, each connection in its turn, and paces the refusals of others.

use std::pin::Pin;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant};

use crate::core::{Kind, Method, limit};
use crate::memory::Held;
use crate::peer::{Peer, Slot, SlotKind};
use crate::settings::Settings;

/// Time that a call waits for a free slot before it may be refused: a queue that passes costs less
/// than refusals and the calls that are sent again.
pub const PLACE_TIME: Duration = Duration::from_millis(100);
/// The least time between two refusals of calls that have not waited too long. A refusal costs as much
/// of this thread as an admitted call, 10 to 25 µs, so this leaves over nine tenths of a core to those.
const REFUSAL_INTERVAL: Duration = Duration::from_micros(400);

/// The calls that may be in flight, of all connections.
pub struct Admissions {
    unary: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    max_unary: usize,
    max_streams: usize,
    /// The earliest time for the next refusal.
    next_refusal: Mutex<Instant>,
}

/// The wait for the slot of a unary call: the longest waiting one gets the next.
pub type Turn = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

/// The right of a call to be served.
pub struct Admission {
    /// The slot among the calls of all connections, until the response is made.
    pub _permit: Option<OwnedSemaphorePermit>,
    /// The slot among the calls of its connection, until the response is read.
    pub slot: Slot,
    /// The memory of the request: Python holds a copy until the response is made.
    pub request: Option<Held>,
}

impl Admission {
    fn new(permit: Option<OwnedSemaphorePermit>, slot: Slot) -> Self {
        Self { _permit: permit, slot, request: None }
    }

    /// Frees what is held until the response is made.
    pub fn answered(self) -> Slot {
        self.slot
    }
}

impl Admissions {
    pub fn new(settings: &Settings) -> Self {
        let max_unary = settings.max_calls.min(Semaphore::MAX_PERMITS);
        let max_streams = settings.max_streams.min(Semaphore::MAX_PERMITS);
        Self {
            unary: Arc::new(Semaphore::new(max_unary)),
            streams: Arc::new(Semaphore::new(max_streams)),
            max_unary,
            max_streams,
            next_refusal: Mutex::new(Instant::now()),
        }
    }

    /// Admits a call of a method, or returns the limit that it is over. Unlimited methods have only
    /// that of their connection. While others wait for their turn, no call is admitted before them.
    pub fn admit(&self, peer: &Arc<Peer>, method: Method) -> Result<Admission, &'static str> {
        let (permits, kind, limit) = match method.kind {
            _ if method.unlimited => {
                let slot = peer.slot(SlotKind::Unlimited).ok_or(limit::CONNECTION)?;
                return Ok(Admission::new(None, slot));
            }
            Kind::Unary => (&self.unary, SlotKind::Call, limit::CALLS),
            Kind::Stream | Kind::Bidi => (&self.streams, SlotKind::Stream, limit::STREAMS),
        };
        let permit = Arc::clone(permits).try_acquire_owned().map_err(|_| limit)?;
        let slot = peer.slot(kind).ok_or(limit::CONNECTION)?;
        Ok(Admission::new(Some(permit), slot))
    }

    /// Admits a unary call whose turn has come.
    pub fn admit_in_turn(
        permit: Option<OwnedSemaphorePermit>,
        peer: &Arc<Peer>,
    ) -> Result<Admission, &'static str> {
        let permit = permit.ok_or(limit::CALLS)?;
        let slot = peer.slot(SlotKind::Call).ok_or(limit::CONNECTION)?;
        Ok(Admission::new(Some(permit), slot))
    }

    /// Returns how many unary calls and streams are admitted, without those of unlimited methods.
    pub fn in_flight(&self) -> (usize, usize) {
        let unary = self.max_unary - self.unary.available_permits();
        (unary, self.max_streams - self.streams.available_permits())
    }

    /// Begins to wait in the queue.
    pub fn turn(&self) -> Turn {
        let permits = Arc::clone(&self.unary);
        Box::pin(async move { permits.acquire_owned().await.ok() })
    }

    /// Returns the time for a connection's next refusal, which no other connection gets.
    pub fn next_refusal(&self) -> Instant {
        let mut next = self.next_refusal.lock();
        let due = Instant::now().max(*next);
        *next = due + REFUSAL_INTERVAL;
        due
    }
}
