//! The end of a connection that the listener decides on, and its cause.

use std::future::poll_fn;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

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

/// The cause of the end, and the drain of the listener: signals for the task of one connection. They
/// are polled whenever that task runs, so this must cost little.
#[derive(Default)]
pub struct Ending {
    cause: OnceLock<Cause>,
    drains: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Ending {
    /// Ends the connection; the first cause counts.
    pub fn end(&self, cause: Cause) {
        if self.cause.set(cause).is_ok() {
            self.wake();
        }
    }

    pub fn cause(&self) -> Option<Cause> {
        self.cause.get().copied()
    }

    /// Records that the listener drains.
    pub fn drain(&self) {
        self.drains.store(true, Ordering::Relaxed);
        self.wake();
    }

    pub fn drains(&self) -> bool {
        self.drains.load(Ordering::Relaxed)
    }

    /// Waits until the connection has to end. For one task at a time.
    pub async fn wait(&self) -> Cause {
        poll_fn(|context| {
            self.register(context);
            self.cause().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Waits until the listener drains. For the same task.
    pub async fn draining(&self) {
        poll_fn(|context| {
            self.register(context);
            if self.drains() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn register(&self, context: &Context<'_>) {
        let mut task = self.task.lock();
        if !task.as_ref().is_some_and(|task| task.will_wake(context.waker())) {
            *task = Some(context.waker().clone());
        }
    }

    fn wake(&self) {
        let task = self.task.lock().take();
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests;
