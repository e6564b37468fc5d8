//! Queue of events for Python: calls and what happens to them, taken in batches.
//!
//! One byte on a socket pair wakes the event loop. A task of its own writes the byte, after the
//! tasks that are ready to run, so that events that arrive together are taken together.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::call::{Call, CallId};
use crate::core::Method;
use crate::messages::Message;
use crate::notices::Connections;
use crate::observation::Observation;

/// A further request of a bidi call, which is counted until Python takes it.
pub struct NextRequest {
    pub message: Message,
    /// The slot among the requests of its call that Python has not taken.
    pub _slot: OwnedSemaphorePermit,
}

/// Calls of unlimited methods that may be queued.
const MAX_UNLIMITED_CALLS: usize = 1_000;

pub enum Event {
    /// A call of this method. A bidi call has no request yet.
    Call(Arc<Call>, Method, Option<Bytes>),
    /// A further request of a bidi call, or their end.
    Message(CallId, Option<NextRequest>),
    /// The call is over before Python finished it.
    Cancelled(CallId),
    /// The send buffer that was full is writable.
    Writable(CallId),
    /// The call was taken out of its broadcast group: the cursor of the last message that it gets,
    /// and the number of the subscription that this ends.
    Evicted(CallId, u64, u64),
    /// The receiver accepted nothing for the write timeout.
    Stalled(CallId),
    /// Connections were ended or refused.
    Connections(Connections),
    /// Records of ended calls are to be taken from here.
    EndedCalls(Arc<Observation>),
    Stopped,
}

pub struct Inbox {
    queue: Mutex<Queue>,
    max_calls: usize,
    filled: Notify,
    writer: UnixStream,
    reader: UnixStream,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    calls: usize,
    unlimited_calls: usize,
    signalled: bool,
}

impl Inbox {
    /// Creates an inbox for a number of queued calls. Other events are bounded by the open calls.
    pub fn new(max_calls: usize) -> io::Result<Self> {
        let (writer, reader) = UnixStream::pair()?;
        writer.set_nonblocking(true)?;
        reader.set_nonblocking(true)?;
        Ok(Self { queue: Mutex::default(), max_calls, filled: Notify::new(), writer, reader })
    }

    /// Returns the file descriptor that is readable while events are queued.
    pub fn fd(&self) -> RawFd {
        self.reader.as_raw_fd()
    }

    /// Adds a call, or refuses it because too many are queued.
    pub fn push_call(&self, call: Arc<Call>, method: Method, message: Option<Bytes>) -> bool {
        let mut queue = self.queue.lock();
        let (calls, max) = if method.unlimited {
            (&mut queue.unlimited_calls, MAX_UNLIMITED_CALLS)
        } else {
            (&mut queue.calls, self.max_calls)
        };
        if *calls >= max {
            return false;
        }
        *calls += 1;
        self.add(&mut queue, Event::Call(call, method, message));
        true
    }

    pub fn push(&self, event: Event) {
        self.add(&mut self.queue.lock(), event);
    }

    fn add(&self, queue: &mut Queue, event: Event) {
        queue.events.push_back(event);
        if !std::mem::replace(&mut queue.signalled, true) {
            self.filled.notify_one();
        }
    }

    /// Takes up to `max` events, without the calls that are over already.
    pub fn take(&self, max: usize) -> Vec<Event> {
        let mut queue = self.queue.lock();
        let count = max.min(queue.events.len());
        let mut events: Vec<Event> = queue.events.drain(..count).collect();
        for event in &events {
            match event {
                Event::Call(_, method, _) if method.unlimited => queue.unlimited_calls -= 1,
                Event::Call(..) => queue.calls -= 1,
                _ => {}
            }
        }
        events.retain(|event| match event {
            Event::Call(call, ..) => call.hand_over(),
            _ => true,
        });
        if queue.events.is_empty() && queue.signalled {
            queue.signalled = false;
            // Nothing to read is no error: the signal may not have been written yet.
            let _ = (&self.reader).read(&mut [0; 64]);
        }
        events
    }

    /// Wakes Python whenever an event is queued. Runs as long as the runtime.
    pub async fn signal(&self) {
        loop {
            self.filled.notified().await;
            self.wake_python();
        }
    }

    /// Queues the last event: the runtime has ended.
    pub fn close(&self) {
        self.push(Event::Stopped);
        self.wake_python();
    }

    fn wake_python(&self) {
        // A full buffer is no error: then Python is woken already.
        let _ = (&self.writer).write(&[1]);
    }
}
