//! Admits calls within the limits, and paces the refusals of others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::core::{Core, Kind, Method, limit};
use crate::memory::Held;
use crate::peer::{Peer, Slot, SlotKind};
use crate::settings::Settings;

/// The least time between two refusals. A refusal takes about 10 µs, so this leaves over nine tenths
/// of a core to admitted calls; the calls beyond wait in their connections.
const REFUSAL_INTERVAL: Duration = Duration::from_micros(150);
/// The resolution of the runtime's timers.
const TICK: Duration = Duration::from_millis(1);

/// The calls that may be in flight, of all connections.
pub struct Admissions {
    unary: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    max_calls: usize,
    /// Calls that are neither admitted nor refused yet.
    tickets: AtomicUsize,
    /// The earliest time for the next refusal.
    next_refusal: Mutex<Instant>,
}

/// The right of a call to be served.
pub struct Admission {
    /// The place among the calls of all connections, until the response is made.
    pub _permit: Option<OwnedSemaphorePermit>,
    /// The place among the calls of its connection, until the response is read.
    pub slot: Slot,
    /// The memory of the request: Python holds a copy until the response is made.
    pub request: Option<Held>,
}

impl Admission {
    /// Frees what is held until the response is made.
    pub fn answered(self) -> Slot {
        self.slot
    }
}

/// Counts a call until it is admitted or refused.
pub struct AdmissionTicket {
    core: Arc<Core>,
    peer: Arc<Peer>,
}

impl AdmissionTicket {
    pub fn new(core: &Arc<Core>, peer: &Arc<Peer>) -> Self {
        core.admissions.tickets.fetch_add(1, Ordering::Relaxed);
        peer.tickets.fetch_add(1, Ordering::Relaxed);
        Self { core: Arc::clone(core), peer: Arc::clone(peer) }
    }

    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }
}

impl Drop for AdmissionTicket {
    fn drop(&mut self) {
        self.core.admissions.tickets.fetch_sub(1, Ordering::Relaxed);
        self.peer.tickets.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admissions {
    pub fn new(settings: &Settings) -> Self {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            unary: semaphore(settings.max_calls),
            streams: semaphore(settings.max_streams),
            max_calls: settings.max_calls,
            tickets: AtomicUsize::new(0),
            next_refusal: Mutex::new(Instant::now()),
        }
    }

    /// Admits a call of a method, or returns the limit that it is over. Unlimited methods have only
    /// that of their connection.
    pub fn admit(&self, peer: &Arc<Peer>, method: Method) -> Result<Admission, &'static str> {
        let (permits, kind, limit) = match method.kind {
            Kind::Unary => (&self.unary, SlotKind::Call, limit::CALLS),
            Kind::Stream | Kind::Bidi => (&self.streams, SlotKind::Stream, limit::STREAMS),
        };
        let (permit, kind) = if method.unlimited {
            (None, SlotKind::Unlimited)
        } else {
            (Some(Arc::clone(permits).try_acquire_owned().map_err(|_| limit)?), kind)
        };
        let slot = peer.slot(kind).ok_or(limit::CONNECTION)?;
        Ok(Admission { _permit: permit, slot, request: None })
    }

    /// Returns whether so few calls can be admitted that new ones must be started one by one.
    pub fn is_nearly_full(&self, peer: &Peer) -> bool {
        let tickets = self.tickets.load(Ordering::Relaxed);
        self.unary.available_permits() <= tickets + self.max_calls / 4 || peer.is_nearly_full()
    }

    /// Returns how long the next call of a connection has to wait for its refusal: 0 if it is likely
    /// to be admitted.
    pub fn refusal_delay(&self, peer: &Peer) -> Duration {
        if self.unary.available_permits() > 0 && !peer.is_full() {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let mut next = self.next_refusal.lock();
        let delay = next.saturating_duration_since(now);
        *next = now.max(*next) + REFUSAL_INTERVAL;
        // The timer would round a shorter delay up.
        if delay < TICK { Duration::ZERO } else { delay }
    }
}
