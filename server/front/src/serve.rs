//! Serves one call from its headers to its trailers: admits, reads, hands over to Python, responds.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::request::Parts;
use http::{Request, StatusCode};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::broadcast::Command;
use crate::call::{Call, Finish, Outgoing};
use crate::core::{AdmissionTicket, Core, FOREVER, Kind, limit};
use crate::headers::{self, MAX_METADATA_BYTES};
use crate::inbox::Event;
use crate::messages::{Messages, ReadError};
use crate::response_writer::{Disconnected, ResponseWriter};
use crate::status::{DEADLINE_EXCEEDED, INTERNAL, OK, RESOURCE_EXHAUSTED, Status, UNIMPLEMENTED};

/// Size and time limits of discarding a refused request, before its stream is reset.
const DISCARD_BYTES: usize = 64 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The reason why a call ends without a response from Python.
enum CallError {
    Status(Status),
    Http(StatusCode),
    Disconnected,
}

impl From<Disconnected> for CallError {
    fn from(_: Disconnected) -> Self {
        Self::Disconnected
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<StatusCode> for CallError {
    fn from(code: StatusCode) -> Self {
        Self::Http(code)
    }
}

/// Serves one HTTP/2 stream. Every caller gets a response, unless it has disconnected.
pub async fn serve(
    ticket: AdmissionTicket,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) {
    let core = Arc::clone(ticket.core());
    let mut ticket = Some(ticket);
    let mut writer = ResponseWriter::new(respond);
    let (head, body) = request.into_parts();
    let mut body = Some(body);
    let exchange = async {
        let time_limit = headers::time_limit(&head.headers)?.unwrap_or(FOREVER);
        let exchange = exchange(&core, &head, &mut body, &mut writer, &mut ticket);
        let late = |_| CallError::Status(Status::new(DEADLINE_EXCEEDED, "deadline exceeded"));
        timeout(time_limit, exchange).await.map_err(late)?
    };
    match exchange.await {
        Ok(status) | Err(CallError::Status(status)) => writer.end(&status),
        Err(CallError::Http(status)) => writer.reject(status),
        Err(CallError::Disconnected) => {}
    }
    drop(ticket);
    if let Some(body) = body {
        let _ = timeout(DISCARD_TIME, discard(body)).await;
    }
}

/// Reads and drops the body of a request that was refused for its headers. A reset would cross with
/// it: h2 counts the late frames as the caller's fault, and ends the connection after many of them.
async fn discard(mut body: RecvStream) {
    let mut discarded = 0;
    while let (true, Some(Ok(data))) = (discarded < DISCARD_BYTES, body.data().await) {
        discarded += data.len();
        let _ = body.flow_control().release_capacity(data.len());
    }
}

async fn exchange(
    core: &Arc<Core>,
    head: &Parts,
    body: &mut Option<RecvStream>,
    writer: &mut ResponseWriter,
    ticket: &mut Option<AdmissionTicket>,
) -> Result<Status, CallError> {
    headers::check_protocol(&head.method, &head.headers)?;
    if headers::metadata_bytes(&head.headers) > MAX_METADATA_BYTES as usize {
        return Err(core.refusal(limit::METADATA).into());
    }
    let unknown = || Status::new(UNIMPLEMENTED, "the method is unknown");
    let method = core.method(head.uri.path()).ok_or_else(unknown)?;
    let compression = headers::compression(&head.headers)?;
    drop(core.admit(method)?); // nothing is read of a call that is over the limit
    let body = body.take().ok_or(CallError::Disconnected)?;
    let (max_bytes, memory) = core.request_limits(method);
    let mut messages = Messages::new(body, compression, max_bytes, memory);
    let mut message = None;
    // The memory of a request is counted until its call is over: Python holds a copy by then.
    let mut _memory = None;
    if method.kind != Kind::Bidi {
        let read = timeout(core.settings.request_timeout_s, messages.only());
        let late = |_| Status::new(DEADLINE_EXCEEDED, "the request did not arrive in time");
        let request = read.await.map_err(late)?.map_err(|error| call_error(core, error))?;
        if let Some(mut response) = core.responses.get(method.number, &request.bytes) {
            write(core, None, writer, &mut response).await?;
            return Ok(Status::ok());
        }
        message = Some(request.bytes);
        _memory = Some(request.memory);
    }
    // A concurrency slot is taken only once the request is complete, so slow uploads can't hold one.
    let _permit = core.admit(method)?;
    drop(ticket.take());
    let open = OpenCall { core, call: core.calls.open(), kind: method.kind };
    if !core.inbox.push_call(Arc::clone(&open.call), method.number, message, method.unlimited) {
        return Err(core.refusal(limit::QUEUE).into());
    }
    let mut reader = JoinSet::new();
    if method.kind == Kind::Bidi {
        reader.spawn(read_requests(Arc::clone(core), Arc::clone(&open.call), messages));
    }
    write_responses(core, &open.call, writer).await
}

/// Writes the messages from Python, until Python ends the call.
async fn write_responses(
    core: &Core,
    call: &Call,
    writer: &mut ResponseWriter,
) -> Result<Status, CallError> {
    loop {
        let outgoing = tokio::select! {
            biased;
            outgoing = call.next() => outgoing,
            () = writer.disconnected() => return Err(CallError::Disconnected),
        };
        match outgoing {
            Outgoing::Message(mut message) => {
                let bytes = message.len();
                write(core, Some(call), writer, &mut message).await?;
                if call.release(bytes) {
                    core.inbox.push(Event::Writable(call.id));
                }
            }
            Outgoing::Finish(Finish { message, status }) => {
                let mut message = message.unwrap_or_default();
                let written = write(core, None, writer, &mut message).await;
                return if status.code == OK { written.map(|()| status) } else { Ok(status) };
            }
        }
    }
}

/// Writes a message. When the receiver accepts nothing for the write timeout, Python gets an event
/// and ends the call; then the receiver has as long again to accept the queued messages and the
/// status.
async fn write(
    core: &Core,
    call: Option<&Call>,
    writer: &mut ResponseWriter,
    message: &mut Bytes,
) -> Result<(), CallError> {
    while !message.is_empty() {
        tokio::select! {
            biased;
            written = writer.write(message) => written?,
            () = sleep(core.settings.write_timeout_s) => {
                let stalled = || Status::new(RESOURCE_EXHAUSTED, "the receiver accepts nothing");
                let call = call.ok_or_else(stalled)?;
                match call.take_finish() {
                    Some(finish) => return Err(finish.status.into()),
                    None => core.inbox.push(Event::Stalled(call.id)),
                }
            }
        }
    }
    Ok(())
}

/// Hands over the requests of a bidi call.
async fn read_requests(core: Arc<Core>, call: Arc<Call>, mut messages: Messages) {
    loop {
        match messages.next().await {
            Ok(Some(message)) => core.inbox.push(Event::Message(call.id, Some(message))),
            Ok(None) => return core.inbox.push(Event::Message(call.id, None)),
            Err(error) => {
                if let CallError::Status(status) = call_error(&core, error) {
                    finish_call(&core, &call, status);
                }
                return;
            }
        }
    }
}

/// Ends a call in Python's place, and reports that as a cancellation.
pub fn finish_call(core: &Core, call: &Call, status: Status) {
    if !call.is_finished() {
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
