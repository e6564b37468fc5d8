//! The end of a connection that the listener decides on, and its cause.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The reason why the listener ends a connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause {
    /// Another connection needs its slot.
    Idle,
    /// The peer sends more control frames than it may.
    Flood,
    /// The peer leaves too many responses unread.
    Unread,
}

#[derive(Default)]
pub struct Ending {
    cause: OnceLock<Cause>,
    set: Notify,
    drains: AtomicBool,
}

impl Ending {
    /// Ends the connection; the first cause counts.
    pub fn end(&self, cause: Cause) {
        if self.cause.set(cause).is_ok() {
            self.set.notify_one();
        }
    }

    pub fn cause(&self) -> Option<Cause> {
        self.cause.get().copied()
    }

    /// Records that the server drains: then no connection waits for its peer to close it.
    pub fn drain(&self) {
        self.drains.store(true, Ordering::Relaxed);
    }

    pub fn drains(&self) -> bool {
        self.drains.load(Ordering::Relaxed)
    }

    /// Waits until the connection has to end. For one task at a time.
    pub async fn wait(&self) -> Cause {
        loop {
            if let Some(cause) = self.cause() {
                return cause;
            }
            self.set.notified().await;
        }
    }
}
