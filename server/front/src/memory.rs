//! Memory that all connections share: each may hold as much as it leaves free for the others, and a
//! small part of its own however little the others leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One in so many bytes is a connection's own: connections that take half of what is free in turn soon
/// leave nothing, and others that read their responses must not end for that.
const OWN_PART: usize = 8_192;

/// A number of bytes for all connections together, beside what is a connection's own.
pub struct Memory {
    limit: usize,
    used: AtomicUsize,
}

/// The part of a memory that one connection holds.
pub struct Share {
    memory: Arc<Memory>,
    held: AtomicUsize,
}

/// Bytes of a share, until they are dropped.
pub struct Held {
    share: Arc<Share>,
    bytes: usize,
}

impl Memory {
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicUsize::new(0) })
    }

    /// Returns the share of a new connection.
    pub fn share(self: &Arc<Self>) -> Arc<Share> {
        Arc::new(Share { memory: Arc::clone(self), held: AtomicUsize::new(0) })
    }
}

impl Share {
    /// Holds some bytes; None where the share would then be larger than what is left free, and than
    /// its own part.
    ///
    /// Only the runtime's thread holds bytes. Other threads free some, which is harmless meanwhile.
    pub fn hold(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        self.take(bytes).then(|| Held { share: Arc::clone(self), bytes })
    }

    fn take(&self, bytes: usize) -> bool {
        let used = self.memory.used.load(Ordering::Relaxed).saturating_add(bytes);
        let held = self.held.load(Ordering::Relaxed).saturating_add(bytes);
        let limit = self.memory.limit;
        let fits = held <= limit / OWN_PART || (used <= limit && held <= limit - used);
        if fits {
            self.memory.used.fetch_add(bytes, Ordering::Relaxed);
            self.held.fetch_add(bytes, Ordering::Relaxed);
        }
        fits
    }
}

impl Held {
    /// Holds some bytes more; false where they don't fit.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let grown = self.share.take(bytes);
        if grown {
            self.bytes += bytes;
        }
        grown
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.share.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.share.memory.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
