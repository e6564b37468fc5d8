//! Statuses of calls, and their header fields.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pyo3::FromPyObject;

pub const OK: u8 = 0;
pub const DEADLINE_EXCEEDED: u8 = 4;
pub const RESOURCE_EXHAUSTED: u8 = 8;
pub const UNIMPLEMENTED: u8 = 12;
pub const INTERNAL: u8 = 13;

/// The characters that are escaped in `grpc-message`.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The final status of a call.
#[derive(Clone, FromPyObject)]
pub struct Status {
    pub code: u8,
    pub message: String,
    /// A serialized `google.rpc.Status`, or nothing.
    pub details: Vec<u8>,
}

/// The answer to a request that is refused: in gRPC, or in HTTP if the request is not gRPC.
#[derive(Clone)]
pub enum Refusal {
    Status(Status),
    Http(StatusCode),
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<StatusCode> for Refusal {
    fn from(code: StatusCode) -> Self {
        Self::Http(code)
    }
}

impl Status {
    pub fn new(code: u8, message: &str) -> Self {
        Self { code, message: message.to_owned(), details: Vec::new() }
    }

    pub fn ok() -> Self {
        Self::new(OK, "")
    }

    /// Adds the fields of this status to trailers, or to the headers of a response without messages.
    pub fn write_to(&self, fields: &mut HeaderMap) {
        fields.insert("grpc-status", HeaderValue::from(u16::from(self.code)));
        if !self.message.is_empty() {
            let text = utf8_percent_encode(&self.message, ESCAPED).to_string();
            insert_text(fields, "grpc-message", &text);
        }
        if !self.details.is_empty() {
            let text = STANDARD_NO_PAD.encode(&self.details);
            insert_text(fields, "grpc-status-details-bin", &text);
        }
    }
}

fn insert_text(fields: &mut HeaderMap, name: &'static str, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        fields.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
