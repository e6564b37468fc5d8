//! Bytes that a connection may read before the calls in them are dealt with.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are read in one turn of the runtime. Small frames in more bytes would take long, while
/// other connections wait.
const BYTES: usize = 16 * 1024;

pub struct ReadBudget(AtomicUsize);

impl Default for ReadBudget {
    fn default() -> Self {
        Self(AtomicUsize::new(BYTES))
    }
}

impl ReadBudget {
    /// Returns whether nothing may be read until the budget is renewed.
    pub fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Takes bytes that were read. The last read may take more than is left.
    pub fn spend(&self, bytes: usize) {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
    }

    /// Allows the next bytes. The task of the connection has to poll it again.
    pub fn renew(&self) {
        self.0.store(BYTES, Ordering::Relaxed);
    }
}
