//! Writes the responses of one call as its receiver accepts them, until its end.

use bytes::Bytes;
use tokio::time::sleep;

use crate::admission::Admission;
use crate::call::{Call, Finish, Outgoing};
use crate::core::{Core, limit};
use crate::inbox::Event;
use crate::peer::Slot;
use crate::response_writer::{Disconnected, ResponseWriter};
use crate::status::{OK, RESOURCE_EXHAUSTED, Refusal, Status};

/// The reason why a call ends without a response from Python.
pub enum CallError {
    Refused(Refusal),
    Disconnected,
}

impl From<Disconnected> for CallError {
    fn from(_: Disconnected) -> Self {
        Self::Disconnected
    }
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        Self::Refused(status.into())
    }
}

/// Writes the messages from Python, until Python ends the call.
pub async fn write_responses(
    core: &Core,
    call: &Call,
    admission: Admission,
    writer: &mut ResponseWriter,
) -> Result<Status, CallError> {
    loop {
        match call.next(writer).await? {
            Outgoing::Message(mut message) => {
                let bytes = message.len();
                let held = admission.slot.hold(bytes);
                let _held = held.ok_or_else(|| core.refusal(limit::MEMORY))?;
                write(core, Some(call), writer, &mut message).await?;
                if call.release(bytes) {
                    core.inbox.push(Event::Writable(call.id));
                }
            }
            Outgoing::Finish(Finish { message, status }) => {
                let slot = admission.answered();
                return write_last(core, slot, message, status, writer).await;
            }
        }
    }
}

/// Writes the last message of a call, which keeps the slot of its connection until it is read.
pub async fn write_last(
    core: &Core,
    slot: Slot,
    message: Option<Bytes>,
    status: Status,
    writer: &mut ResponseWriter,
) -> Result<Status, CallError> {
    let Some(message) = message else {
        return Ok(status);
    };
    let mut message = slot.unread(message).ok_or(CallError::Disconnected)?;
    let written = write(core, None, writer, &mut message).await;
    if status.code == OK { written.map(|()| status) } else { Ok(status) }
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
        if writer.write(message)? {
            continue;
        }
        tokio::select! {
            biased;
            writable = writer.writable() => writable?,
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
