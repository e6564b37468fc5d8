//! State of one call, shared by its task on the runtime and by Python: its send buffer and its end.
//!
//! Nothing here waits: a full buffer refuses a message. The task of the call (`serve.rs`) drains
//! the buffer.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::response_writer::{Disconnected, IdleStream, ResponseWriter};
use crate::status::Status;
use crate::trace_context::TraceContext;

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
    pub trace_context: Option<TraceContext>,
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
    /// Wakes the task of the call while it waits for the next step.
    waker: Option<Waker>,
    /// The stream, from the moment at which the task waits until it goes on.
    idle: Option<IdleStream>,
}

impl Call {
    pub fn new(id: CallId, trace_context: Option<TraceContext>) -> Self {
        Self { id, trace_context, state: Mutex::default() }
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

    /// Writes a message at once if the receiver accepts all of it, without a turn of the task. Else
    /// queues it if the buffer is writable.
    pub fn offer(&self, message: &Bytes) -> bool {
        let mut state = self.state.lock();
        if state.write(message) {
            return true;
        }
        let accepted = state.buffer.add(message.len());
        if accepted {
            push(&mut state, message.clone());
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

    /// Waits for the next step, or until the caller has disconnected. Meanwhile messages that are
    /// offered are written to the stream of the writer.
    pub fn next<'a>(&'a self, writer: &'a mut ResponseWriter) -> Next<'a> {
        Next { call: self, writer, lent: false }
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

impl State {
    fn next(&mut self) -> Option<Outgoing> {
        let message = self.queue.pop_front().map(Outgoing::Message);
        message.or_else(|| self.finish.take().map(Outgoing::Finish))
    }

    /// Writes a message to the idle stream, if nothing is to be written before it.
    fn write(&mut self, message: &Bytes) -> bool {
        match (&mut self.idle, &self.waker) {
            (Some(stream), Some(task)) if self.queue.is_empty() && !self.finished => {
                stream.write(message, task)
            }
            _ => false,
        }
    }
}

/// The wait for the next step of a call.
pub struct Next<'a> {
    call: &'a Call,
    writer: &'a mut ResponseWriter,
    /// The stream of the writer is lent to the call.
    lent: bool,
}

impl Future for Next<'_> {
    type Output = Result<Outgoing, Disconnected>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let next = self.get_mut();
        let mut state = next.call.state.lock();
        next.writer.take_back(state.idle.take());
        next.lent = false;
        if let Some(outgoing) = state.next() {
            return Poll::Ready(Ok(outgoing));
        }
        if next.writer.poll_disconnected(context).is_ready() {
            return Poll::Ready(Err(Disconnected));
        }
        state.waker = Some(context.waker().clone());
        state.idle = next.writer.lend();
        next.lent = state.idle.is_some();
        Poll::Pending
    }
}

impl Drop for Next<'_> {
    fn drop(&mut self) {
        if self.lent {
            self.writer.take_back(self.call.state.lock().idle.take());
        }
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
