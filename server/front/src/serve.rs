//! One call from its headers to its trailers: admitted, read, handed to Python, answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method as Verb, Request, StatusCode};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::broadcast::Command;
use crate::call::{Call, CallId, Finish, Outgoing, Slot};
use crate::core::{Arrival, Core, FOREVER, Kind, limit};
use crate::inbox::Event;
use crate::messages::{Messages, Packing, Unreadable};
use crate::response_writer::{Gone, Reply};
use crate::status::{DEADLINE_EXCEEDED, INTERNAL, OK, RESOURCE_EXHAUSTED, Status, UNIMPLEMENTED};

/// How much of a refused request is taken in, and for how long, before its stream is reset.
const DISCARD_BYTES: usize = 64 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// How a call ends that was not answered by Python.
enum Ending {
    Status(Status),
    Http(StatusCode),
    Gone,
}

impl From<Gone> for Ending {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<Status> for Ending {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// Serves one stream. Whatever happens, the caller gets an answer or is known to be gone.
pub async fn serve(arrival: Arrival, request: Request<RecvStream>, respond: SendResponse<Bytes>) {
    let core = Arc::clone(arrival.core());
    let mut arrival = Some(arrival);
    let mut reply = Reply::new(respond);
    let (head, body) = request.into_parts();
    let mut body = Some(body);
    let exchange = async {
        let allowed = time_allowed(&head.headers)?;
        let exchange = exchange(&core, &head, &mut body, &mut reply, &mut arrival);
        let late = |_| Ending::Status(Status::new(DEADLINE_EXCEEDED, "deadline exceeded"));
        timeout(allowed, exchange).await.map_err(late)?
    };
    match exchange.await {
        Ok(status) | Err(Ending::Status(status)) => reply.end(&status),
        Err(Ending::Http(code)) => reply.reject(code),
        Err(Ending::Gone) => {}
    }
    drop(arrival);
    if let Some(body) = body {
        let _ = timeout(DISCARD_TIME, discard(body)).await;
    }
}

/// Takes in what comes of a request that was refused for its headers. A reset would cross with it,
/// and HTTP/2 would count that as the caller's fault until it ends the connection.
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
    reply: &mut Reply,
    arrival: &mut Option<Arrival>,
) -> Result<Status, Ending> {
    check_protocol(&head.method, &head.headers)?;
    if size(&head.headers) > core.settings.max_metadata_bytes {
        return Err(core.refuse(limit::METADATA).into());
    }
    let unknown = || Status::new(UNIMPLEMENTED, "the method is unknown");
    let number = core.method(head.uri.path()).ok_or_else(unknown)?;
    let method = &core.methods[number];
    let packing = packing(&head.headers)?;
    drop(core.admit(method)?); // where there is no place, nothing is read
    let body = body.take().ok_or(Ending::Gone)?;
    let (max_bytes, memory) = core.room_for(method);
    let mut messages = Messages::new(body, packing, max_bytes, memory);
    let mut message = None;
    // What a request takes is counted until its call is over, whoever holds it by then.
    let mut _held = None;
    if method.kind != Kind::Bidirectional {
        let read = timeout(core.settings.request_timeout_s, messages.only());
        let late = |_| Status::new(DEADLINE_EXCEEDED, "the request did not arrive in time");
        let request = read.await.map_err(late)?.map_err(|error| ending(core, error))?;
        if let Some(mut answer) = core.ready.get(number, &request.bytes) {
            core.ready_served.fetch_add(1, Ordering::Relaxed);
            deliver(core, None, reply, &mut answer).await?;
            return Ok(Status::ok());
        }
        message = Some(request.bytes);
        _held = Some(request.memory);
    }
    // Only now for good: a place is not for those who begin a request and never end it.
    let _permit = core.admit(method)?;
    drop(arrival.take());
    let open = OpenCall::new(core, method.kind);
    if !core.inbox.push_call(Arc::clone(&open.call), number, message, method.unlimited) {
        return Err(core.refuse(limit::QUEUE).into());
    }
    let mut reader = JoinSet::new();
    if method.kind == Kind::Bidirectional {
        reader.spawn(read_on(Arc::clone(core), Arc::clone(&open.call), messages));
    }
    converse(core, &open.call, reply).await
}

/// Sends what Python sends, until Python ends the call.
async fn converse(core: &Core, call: &Call, reply: &mut Reply) -> Result<Status, Ending> {
    loop {
        let outgoing = tokio::select! {
            biased;
            outgoing = call.next() => outgoing,
            () = reply.gone() => return Err(Ending::Gone),
        };
        match outgoing {
            Outgoing::Message(mut message) => {
                let bytes = message.len();
                deliver(core, Some(call), reply, &mut message).await?;
                if call.release(bytes) {
                    core.inbox.push(Event::Room(call.id));
                }
            }
            Outgoing::Finish(Finish { message, status }) => {
                let mut message = message.unwrap_or_default();
                let delivered = deliver(core, None, reply, &mut message).await;
                return if status.code == OK { delivered.map(|()| status) } else { Ok(status) };
            }
        }
    }
}

/// Writes a message. A caller who takes nothing for the write timeout is reported, and Python ends
/// the call. Then it has as long again to take what was sent, and the status after it.
async fn deliver(
    core: &Core,
    call: Option<&Call>,
    reply: &mut Reply,
    message: &mut Bytes,
) -> Result<(), Ending> {
    while !message.is_empty() {
        tokio::select! {
            biased;
            written = reply.write(message) => written?,
            () = sleep(core.settings.write_timeout_s) => {
                let nothing = || Status::new(RESOURCE_EXHAUSTED, "the caller takes nothing");
                let call = call.ok_or_else(nothing)?;
                match call.take_finish() {
                    Some(finish) => return Err(finish.status.into()),
                    None => core.inbox.push(Event::Stalled(call.id)),
                }
            }
        }
    }
    Ok(())
}

/// Hands over the messages of a call that may have many.
async fn read_on(core: Arc<Core>, call: Arc<Call>, mut messages: Messages) {
    loop {
        match messages.next().await {
            Ok(Some(message)) => core.inbox.push(Event::Message(call.id, Some(message))),
            Ok(None) => return core.inbox.push(Event::Message(call.id, None)),
            Err(error) => {
                if let Ending::Status(status) = ending(&core, error) {
                    end_from_here(&core, &call, status);
                }
                return;
            }
        }
    }
}

/// Ends a call in Python's place, and tells it.
pub fn end_from_here(core: &Core, call: &Call, status: Status) {
    if !call.is_finished() {
        core.inbox.push(Event::Cancelled(call.id));
        call.finish(Finish { message: None, status });
    }
}

/// A call that Python can answer. Tells Python when it is over, in whatever way that came.
struct OpenCall<'a> {
    core: &'a Core,
    call: Arc<Call>,
    kind: Kind,
}

impl<'a> OpenCall<'a> {
    fn new(core: &'a Core, kind: Kind) -> Self {
        let settings = &core.settings;
        let slot = Slot { messages: settings.slot_messages, bytes: settings.slot_bytes };
        let call = core.calls.open(slot);
        Self { core, call, kind }
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let id: CallId = self.call.id;
        self.core.calls.close(id);
        if self.call.end() {
            self.core.inbox.push(Event::Cancelled(id));
        }
        if self.kind != Kind::Unary {
            // An error tells that the runtime ends, and with it every topic.
            let _ = self.core.commands.send(Command::Leave(id));
        }
    }
}

fn ending(core: &Core, error: Unreadable) -> Ending {
    match error {
        Unreadable::TooLarge => core.refuse(limit::MESSAGE).into(),
        Unreadable::NoMemory => core.refuse(limit::MEMORY).into(),
        Unreadable::Malformed(status) => status.into(),
        Unreadable::Gone => Ending::Gone,
    }
}

fn check_protocol(verb: &Verb, headers: &HeaderMap) -> Result<(), Ending> {
    if verb != Verb::POST {
        return Err(Ending::Http(StatusCode::METHOD_NOT_ALLOWED));
    }
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    match kind.strip_prefix(b"application/grpc") {
        Some([] | [b'+' | b';', ..]) => Ok(()),
        _ => Err(Ending::Http(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    }
}

fn packing(headers: &HeaderMap) -> Result<Packing, Status> {
    match headers.get("grpc-encoding").map(|value| value.as_bytes()) {
        None | Some(b"identity") => Ok(Packing::None),
        Some(b"gzip") => Ok(Packing::Gzip),
        Some(b"deflate") => Ok(Packing::Deflate),
        Some(_) => Err(Status::new(UNIMPLEMENTED, "the encoding is unknown")),
    }
}

/// Returns the size of metadata as HTTP/2 counts it.
fn size(headers: &HeaderMap) -> usize {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + 32
    };
    headers.iter().map(field).sum()
}

/// Reads `grpc-timeout`: at most 8 digits and a unit.
fn time_allowed(headers: &HeaderMap) -> Result<Duration, Status> {
    let Some(value) = headers.get("grpc-timeout") else {
        return Ok(FOREVER);
    };
    let time = value.to_str().ok().and_then(|text| {
        let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let shaped = digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count: u64 = digits.parse().ok().filter(|_| shaped)?;
        Some(match unit {
            "H" => Duration::from_secs(count * 3600),
            "M" => Duration::from_secs(count * 60),
            "S" => Duration::from_secs(count),
            "m" => Duration::from_millis(count),
            "u" => Duration::from_micros(count),
            "n" => Duration::from_nanos(count),
            _ => return None,
        })
    });
    let malformed = || Status::new(INTERNAL, "the timeout is malformed");
    time.ok_or_else(malformed)
}
