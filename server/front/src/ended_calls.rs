//! Records of ended calls for Python, if it wants them: queued up to a limit, taken in batches.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::status::OK;
use crate::trace_context::TraceContext;

/// Records, and bytes of their requests, that may be queued. More are dropped.
const MAX_CALLS: usize = 10_000;
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Records, and bytes of their requests, that Python takes at once: it works on them for some
/// milliseconds, in which it does nothing else. The rest waits for the next interval.
const MAX_TAKEN_CALLS: usize = 250;
const MAX_TAKEN_BYTES: usize = 4 * 1024 * 1024;
/// Time for which records are collected before Python is woken.
const INTERVAL: Duration = Duration::from_millis(10);

/// The calls whose records Python wants.
#[derive(Clone, Copy, PartialEq)]
pub enum Wanted {
    None,
    /// Those with a code other than OK.
    Errors,
    All,
}

/// The record of an ended call.
pub struct EndedCall {
    /// The number of the method, or that of no method.
    pub method: usize,
    pub code: u8,
    pub duration: Duration,
    pub peer: SocketAddr,
    pub details: CallDetails,
}

/// What is kept of a call only if Python wants records or trace contexts.
#[derive(Default)]
pub struct CallDetails {
    pub request: Bytes,
    /// The size of the messages sent, without their framing.
    pub response_bytes: usize,
    pub trace_context: Option<TraceContext>,
}

pub struct EndedCalls {
    wanted: Wanted,
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Default)]
struct Queue {
    calls: VecDeque<EndedCall>,
    bytes: usize,
    dropped: u64,
}

impl EndedCalls {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, queue: Mutex::default(), filled: Notify::new() }
    }

    /// Returns whether calls have to keep their details.
    pub fn are_wanted(&self) -> bool {
        self.wanted != Wanted::None
    }

    /// Queues a record if it is wanted and there is room; the first one wakes `filled`.
    pub fn push(&self, call: EndedCall) {
        if self.wanted == Wanted::None || self.wanted == Wanted::Errors && call.code == OK {
            return;
        }
        let mut queue = self.queue.lock();
        let bytes = queue.bytes + call.details.request.len();
        if queue.calls.len() == MAX_CALLS || bytes > MAX_BYTES {
            queue.dropped += 1;
            return;
        }
        if queue.calls.is_empty() {
            self.filled.notify_one();
        }
        queue.bytes = bytes;
        queue.calls.push_back(call);
    }

    /// Waits until there are records to take, and then a moment for more of them.
    pub async fn filled(&self) {
        self.filled.notified().await;
        sleep(INTERVAL).await;
    }

    /// Returns the oldest records; if others are left, `filled` is woken again.
    pub fn take(&self) -> Vec<EndedCall> {
        let mut queue = self.queue.lock();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < MAX_TAKEN_CALLS && bytes < MAX_TAKEN_BYTES {
            let Some(call) = queue.calls.pop_front() else { break };
            bytes += call.details.request.len();
            taken.push(call);
        }
        queue.bytes -= bytes;
        if !queue.calls.is_empty() {
            self.filled.notify_one();
        }
        taken
    }

    /// Returns how often records have to be taken until none is left, or a little more.
    pub fn batches(&self) -> usize {
        let queue = self.queue.lock();
        queue.calls.len() / MAX_TAKEN_CALLS + queue.bytes / MAX_TAKEN_BYTES + 1
    }

    /// Returns how many records were dropped, because Python did not take the earlier ones in time.
    pub fn dropped(&self) -> u64 {
        self.queue.lock().dropped
    }
}

#[cfg(test)]
mod tests;
