//! One call, as the runtime and Python share it: the slot of messages to send, and how it ends.
//!
//! Nothing here waits: a full slot refuses. The task of the call (`serve.rs`) empties the slot.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::status::Status;

pub type CallId = u64;

/// What the task of a call has to do next.
pub enum Outgoing {
    Message(Bytes),
    Finish(Finish),
}

/// The end of a call: for a unary one with its answer, already framed.
pub struct Finish {
    pub message: Option<Bytes>,
    pub status: Status,
}

/// What may wait for the receiver of one call; a larger message than that may wait alone.
#[derive(Clone, Copy, Default)]
pub struct Slot {
    pub messages: usize,
    pub bytes: usize,
}

/// A call that was handed to Python, or is about to be.
pub struct Call {
    pub id: CallId,
    slot: Slot,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Bytes>,
    /// What of the slot is in use: queued, being written, or promised to `send` but not queued yet.
    used: Slot,
    wants_room: bool,
    finish: Option<Finish>,
    finished: bool,
    taken: bool,
    ended: bool,
    waker: Option<Waker>,
}

impl Call {
    pub fn new(id: CallId, slot: Slot) -> Self {
        Self { id, slot, state: Mutex::default() }
    }

    /// Promises room for so many bytes in the slot; if there is none, it is reported later.
    pub fn reserve(&self, bytes: usize) -> bool {
        let mut state = self.state.lock();
        if state.ended || state.finished {
            return false; // who sends hears that the call is over, and must not go on until then
        }
        state.wants_room = !state.used.take(bytes, self.slot);
        !state.wants_room
    }

    /// Queues a message whose room was promised by `reserve`.
    pub fn push_reserved(&self, message: Bytes) {
        self.push(&mut self.state.lock(), message);
    }

    /// Queues a message if the slot has room.
    pub fn offer(&self, message: Bytes) -> bool {
        let mut state = self.state.lock();
        let taken = state.used.take(message.len(), self.slot);
        if taken {
            self.push(&mut state, message);
        }
        taken
    }

    fn push(&self, state: &mut State, message: Bytes) {
        if !state.finished && !state.ended {
            state.queue.push_back(message);
            wake(state);
        }
    }

    /// Ends the call once the messages before are written.
    pub fn finish(&self, finish: Finish) {
        let mut state = self.state.lock();
        if !state.finished {
            state.finished = true;
            state.finish = Some(finish);
            wake(&mut state);
        }
    }

    /// Waits for the next thing to do.
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

    /// Takes the end, if there is one: what is queued before it is not to be written any more.
    pub fn take_finish(&self) -> Option<Finish> {
        self.state.lock().finish.take()
    }

    /// Gives the room of a written message back; true if Python waits for it.
    pub fn release(&self, bytes: usize) -> bool {
        let mut state = self.state.lock();
        state.used.messages -= 1;
        state.used.bytes -= bytes;
        std::mem::take(&mut state.wants_room)
    }

    /// Notes that Python gets to know of the call; false if it is over already.
    pub fn take(&self) -> bool {
        let mut state = self.state.lock();
        state.taken = !state.ended;
        state.taken
    }

    /// Tells whether Python ended the call.
    pub fn is_finished(&self) -> bool {
        self.state.lock().finished
    }

    /// Tells whether the call is over, for whatever reason.
    pub fn is_over(&self) -> bool {
        self.state.lock().ended
    }

    /// Notes that the call is over; true if Python knows of it and did not end it itself.
    pub fn end(&self) -> bool {
        let mut state = self.state.lock();
        state.ended = true;
        state.queue.clear();
        state.taken && !state.finished
    }
}

impl Slot {
    /// Adds a message if it fits within the whole.
    fn take(&mut self, bytes: usize, whole: Slot) -> bool {
        let fits =
            self.messages < whole.messages && self.bytes.saturating_add(bytes) <= whole.bytes;
        let taken = fits || self.messages == 0;
        if taken {
            self.messages += 1;
            self.bytes += bytes;
        }
        taken
    }
}

fn wake(state: &mut State) {
    if let Some(waker) = state.waker.take() {
        waker.wake();
    }
}
