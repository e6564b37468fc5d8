//! State of one call, shared by its task on the runtime and by Python: its send buffer and its end.
//!
//! Nothing here waits: a full buffer refuses a message. The task of the call (`serve.rs`) drains
//! the buffer.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::status::Status;

pub type CallId = u64;

/// The next step for the task of a call.
pub enum Outgoing {
    Message(Bytes),
    Finish(Finish),
}

/// The end of a call. A unary call ends with its response, already framed.
pub struct Finish {
    pub message: Option<Bytes>,
    pub status: Status,
}

/// The messages queued, being written, or reserved by `send` for the receiver of one call.
#[derive(Default)]
struct SendBuffer {
    messages: usize,
    bytes: usize,
    /// A `send` was refused: report when the buffer is writable again.
    refused: bool,
}

const MAX_QUEUED_MESSAGES: usize = 16;
/// A larger message is accepted when the buffer is empty.
const MAX_QUEUED_BYTES: usize = 64 * 1024;

/// A call that was handed to Python, or is about to be.
pub struct Call {
    pub id: CallId,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Bytes>,
    buffer: SendBuffer,
    finish: Option<Finish>,
    finished: bool,
    handed_over: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl Call {
    fn new(id: CallId) -> Self {
        Self { id, state: Mutex::default() }
    }

    /// Reserves bytes of the buffer. After a refusal an event reports when it is writable again.
    pub fn reserve(&self, bytes: usize) -> bool {
        let mut state = self.state.lock();
        if state.closed || state.finished {
            return false; // the sender is cancelled, and must not continue until then
        }
        state.buffer.refused = !state.buffer.add(bytes);
        !state.buffer.refused
    }

    /// Queues a message whose bytes were reserved.
    pub fn push_reserved(&self, message: Bytes) {
        push(&mut self.state.lock(), message);
    }

    /// Queues a message if the buffer is writable.
    pub fn offer(&self, message: Bytes) -> bool {
        let mut state = self.state.lock();
        let accepted = state.buffer.add(message.len());
        if accepted {
            push(&mut state, message);
        }
        accepted
    }

    /// Ends the call once the messages queued before are written.
    pub fn finish(&self, finish: Finish) {
        let mut state = self.state.lock();
        if !state.finished {
            state.finished = true;
            state.finish = Some(finish);
            wake(&mut state);
        }
    }

    /// Waits for the next step.
    pub async fn next(&self) -> Outgoing {
        poll_fn(|context| {
            let mut state = self.state.lock();
            let message = state.queue.pop_front().map(Outgoing::Message);
            let next = message.or_else(|| state.finish.take().map(Outgoing::Finish));
            if next.is_none() {
                state.waker = Some(context.waker().clone());
            }
            next.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Takes the end of the call, if Python set it. The messages queued before it are not written.
    pub fn take_finish(&self) -> Option<Finish> {
        self.state.lock().finish.take()
    }

    /// Frees the bytes of a written message; true if a refused `send` waits for that.
    pub fn release(&self, bytes: usize) -> bool {
        let buffer = &mut self.state.lock().buffer;
        buffer.messages -= 1;
        buffer.bytes -= bytes;
        std::mem::take(&mut buffer.refused)
    }

    /// Records that the call is handed to Python; false if it is closed already.
    pub fn hand_over(&self) -> bool {
        let mut state = self.state.lock();
        state.handed_over = !state.closed;
        state.handed_over
    }

    /// Returns whether the end of the call is set.
    pub fn is_finished(&self) -> bool {
        self.state.lock().finished
    }

    /// Returns whether the call is over, for whatever reason.
    pub fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Records that the call is over; true if Python has it and did not finish it.
    pub fn close(&self) -> bool {
        let mut state = self.state.lock();
        state.closed = true;
        state.queue.clear();
        state.handed_over && !state.finished
    }
}

impl SendBuffer {
    /// Adds a message if it fits.
    fn add(&mut self, bytes: usize) -> bool {
        let fits = self.messages < MAX_QUEUED_MESSAGES
            && self.bytes.saturating_add(bytes) <= MAX_QUEUED_BYTES;
        let accepted = fits || self.messages == 0;
        if accepted {
            self.messages += 1;
            self.bytes += bytes;
        }
        accepted
    }
}

fn push(state: &mut State, message: Bytes) {
    if !state.finished && !state.closed {
        state.queue.push_back(message);
        wake(state);
    }
}

fn wake(state: &mut State) {
    if let Some(waker) = state.waker.take() {
        waker.wake();
    }
}

/// Open calls by id.
#[derive(Default)]
pub struct Calls {
    open: Mutex<HashMap<CallId, Arc<Call>>>,
    last_id: AtomicU64,
}

impl Calls {
    pub fn open(&self) -> Arc<Call> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Arc::new(Call::new(id));
        self.open.lock().insert(id, Arc::clone(&call));
        call
    }

    pub fn close(&self, id: CallId) {
        self.open.lock().remove(&id);
    }

    pub fn get(&self, id: CallId) -> Option<Arc<Call>> {
        self.open.lock().get(&id).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Call>> {
        self.open.lock().values().cloned().collect()
    }
}
