//! Serves one call from its headers to its trailers: admits, reads, hands over to Python, responds.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use h2::RecvStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::admission::{Admission, Admissions, PLACE_TIME};
use crate::broadcast::Command;
use crate::call::{Call, Finish};
use crate::core::{Core, Kind, Method, limit};
use crate::headers::Head;
use crate::inbox::{Event, NextRequest};
use crate::messages::{Message, Messages, ReadError, discard};
use crate::new_call::NewCall;
use crate::peer::{Peer, SlotKind};
use crate::respond::{CallError, write_last, write_responses};
use crate::response_writer::ResponseWriter;
use crate::status::{DEADLINE_EXCEEDED, INTERNAL, Refusal, Status};

/// Requests of a bidi call that Python has not taken yet.
const MAX_UNTAKEN_REQUESTS: usize = 16;

/// Serves an admitted call. Every caller gets a response, unless it has disconnected.
pub async fn serve(core: Arc<Core>, peer: Arc<Peer>, call: NewCall, admission: Admission) {
    let NewCall { head, body, mut writer, open } = call;
    let arrived = writer.call.arrived;
    let exchange = async {
        let head = head?;
        tokio::select! {
            biased;
            done = exchange(&core, &peer, &head, body, &mut writer, admission) => done,
            () = deadline(arrived, head.time_limit) => {
                Err(Status::new(DEADLINE_EXCEEDED, "deadline exceeded").into())
            }
        }
    };
    match exchange.await {
        Ok(status) => writer.end(&status),
        Err(CallError::Refused(refusal)) => writer.refuse(&refusal),
        Err(CallError::Disconnected) => peer.on_given_up(),
    }
    drop(open);
}

/// Waits for the deadline of a call. A call without one has no timer.
async fn deadline(arrived: Instant, time_limit: Option<Duration>) {
    match time_limit {
        Some(time_limit) => sleep_until(arrived + time_limit).await,
        None => pending().await,
    }
}

/// Refuses a call of which nothing was read.
pub fn refuse(call: NewCall, refusal: &Refusal) {
    let NewCall { body, mut writer, open, .. } = call;
    writer.refuse(refusal);
    drop(writer);
    if !body.is_end_stream() {
        tokio::spawn(async move {
            discard(body).await;
            drop(open);
        });
    }
}

async fn exchange(
    core: &Arc<Core>,
    peer: &Arc<Peer>,
    head: &Head,
    body: RecvStream,
    writer: &mut ResponseWriter,
    admission: Admission,
) -> Result<Status, CallError> {
    let method = head.method;
    let (max_bytes, memory) = core.request_limits(peer, method);
    let mut messages = Messages::new(body, head.compression, max_bytes, memory);
    let mut admission = Some(admission);
    let request = match method.kind {
        Kind::Bidi => None,
        Kind::Unary | Kind::Stream => {
            Some(read_request(core, &mut messages, &mut admission).await?)
        }
    };
    let cached = request.as_ref().and_then(|it| core.responses.get(method.number, &it.bytes));
    if let Some(request) = &request {
        writer.call.on_request(&request.bytes);
    }
    if let Some(response) = cached {
        let slot = admission.map(Admission::answered).or_else(|| peer.slot(SlotKind::Call));
        let slot = slot.ok_or_else(|| core.refusal(limit::CONNECTION))?;
        core.observation.counts.on_cache_hit();
        return write_last(core, slot, Some(response), Status::ok(), writer).await;
    }
    let mut admission = match admission {
        Some(admission) => admission,
        None => admit_late(core, peer, method).await?,
    };
    let message = request.map(|request| {
        admission.request = Some(request.memory);
        request.bytes
    });
    let open =
        OpenCall { core, call: core.calls.open(writer.call.trace_context()), kind: method.kind };
    if !core.inbox.push_call(Arc::clone(&open.call), method, message) {
        return Err(core.refusal(limit::QUEUE).into());
    }
    let _reader = (method.kind == Kind::Bidi).then(|| {
        let mut reader = JoinSet::new();
        reader.spawn(read_requests(Arc::clone(core), Arc::clone(&open.call), messages));
        reader
    });
    write_responses(core, &open.call, admission, writer).await
}

/// Reads the only request of a call. If it is not there yet, the admission is given back, so that slow
/// uploads can't hold one.
async fn read_request(
    core: &Core,
    messages: &mut Messages,
    admission: &mut Option<Admission>,
) -> Result<Message, CallError> {
    let read = messages.only();
    tokio::pin!(read);
    let read = tokio::select! {
        biased;
        read = &mut read => read,
        () = ready(()) => {
            drop(admission.take());
            let late = |_| Status::new(DEADLINE_EXCEEDED, "the request did not arrive in time");
            timeout(core.settings.request_timeout_s, read).await.map_err(late)?
        }
    };
    read.map_err(|error| call_error(core, error))
}

/// Admits a call whose request arrived after its headers; waits a moment for its turn.
async fn admit_late(core: &Core, peer: &Arc<Peer>, method: Method) -> Result<Admission, CallError> {
    let mut admitted = core.admissions.admit(peer, method);
    if let Err(limit::CALLS) = admitted {
        admitted = match timeout(PLACE_TIME, core.admissions.turn()).await {
            Ok(permit) => Admissions::admit_in_turn(permit, peer),
            Err(_) => admitted,
        };
    }
    admitted.map_err(|limit| core.refusal(limit).into())
}

/// Hands over the requests of a bidi call, a few at a time.
async fn read_requests(core: Arc<Core>, call: Arc<Call>, mut messages: Messages) {
    let slots = Arc::new(Semaphore::new(MAX_UNTAKEN_REQUESTS));
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        match messages.next().await {
            Ok(Some(message)) => {
                let next = Some(NextRequest { message, _slot: slot });
                core.inbox.push(Event::Message(call.id, next));
            }
            Ok(None) => return core.inbox.push(Event::Message(call.id, None)),
            Err(error) => {
                finish_call(&core, &call, || match call_error(&core, error) {
                    CallError::Refused(Refusal::Status(status)) => Some(status),
                    _ => None,
                });
                return;
            }
        }
    }
}

/// Ends a call in Python's place with a status, if there is one, and reports that as a cancellation.
pub fn finish_call(core: &Core, call: &Call, status: impl FnOnce() -> Option<Status>) {
    if call.is_finished() {
        return;
    }
    if let Some(status) = status() {
        core.inbox.push(Event::Cancelled(call.id));
        call.finish(Finish { message: None, status });
    }
}

/// A call that is open for Python. When it is dropped, Python gets an event unless it ended the call.
struct OpenCall<'a> {
    core: &'a Core,
    call: Arc<Call>,
    kind: Kind,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let id = self.call.id;
        self.core.calls.close(id);
        if self.call.close() {
            self.core.inbox.push(Event::Cancelled(id));
        }
        if self.kind != Kind::Unary {
            // An error means that the runtime ends, and with it every broadcast group.
            let _ = self.core.commands.send(Command::Leave(id));
        }
    }
}

fn call_error(core: &Core, error: ReadError) -> CallError {
    match error {
        ReadError::TooLarge => core.refusal(limit::MESSAGE).into(),
        ReadError::OutOfMemory => core.refusal(limit::MEMORY).into(),
        ReadError::Malformed(reason) => Status::new(INTERNAL, reason).into(),
        ReadError::Disconnected => CallError::Disconnected,
    }
}
