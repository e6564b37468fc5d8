//! Bytes that a connection may read before the calls in them are dealt with.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that are read in one turn of the runtime. Small frames in more bytes would take long, while
/// other connections wait.
const BYTES: usize = 16 * 1024;
/// The same while calls of the connection wait: some 20 small calls.
const BYTES_WHILE_WAITING: usize = 2 * 1024;

pub struct ReadBudget(AtomicUsize);

impl Default for ReadBudget {
    fn default() -> Self {
        Self(AtomicUsize::new(BYTES))
    }
}

impl ReadBudget {
    /// Returns the bytes that may be read until the budget is renewed.
    pub fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub fn is_spent(&self) -> bool {
        self.left() == 0
    }

    /// Takes bytes that were read.
    pub fn spend(&self, bytes: usize) {
        self.0.store(self.left().saturating_sub(bytes), Ordering::Relaxed);
    }

    /// Allows the next bytes, few while calls wait. The task of the connection has to poll it again.
    pub fn renew(&self, calls_wait: bool) {
        self.0.store(if calls_wait { BYTES_WHILE_WAITING } else { BYTES }, Ordering::Relaxed);
    }
}
