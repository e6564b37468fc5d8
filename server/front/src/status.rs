//! Statuses of calls, and their header fields.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

pub const OK: u8 = 0;
pub const DEADLINE_EXCEEDED: u8 = 4;
pub const RESOURCE_EXHAUSTED: u8 = 8;
pub const UNIMPLEMENTED: u8 = 12;
pub const INTERNAL: u8 = 13;

/// The characters that are escaped in `grpc-message`.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The final status of a call. Its fields are encoded once: refusals are many, and must cost little.
#[derive(Clone)]
pub struct Status {
    pub code: u8,
    message: Option<HeaderValue>,
    details: Option<HeaderValue>,
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
        Self::with_details(code, message, &[])
    }

    /// Returns a status whose details are a serialized `google.rpc.Status`, or nothing.
    pub fn with_details(code: u8, message: &str, details: &[u8]) -> Self {
        let field = |text: &str| HeaderValue::from_str(text).ok().filter(|_| !text.is_empty());
        Self {
            code,
            message: field(&utf8_percent_encode(message, ESCAPED).to_string()),
            details: field(&STANDARD_NO_PAD.encode(details)),
        }
    }

    pub fn ok() -> Self {
        Self::new(OK, "")
    }

    /// Adds the fields of this status to trailers, or to the headers of a response without messages.
    pub fn write_to(&self, fields: &mut HeaderMap) {
        fields.insert("grpc-status", HeaderValue::from(u16::from(self.code)));
        let others = [("grpc-message", &self.message), ("grpc-status-details-bin", &self.details)];
        for (name, value) in others {
            if let Some(value) = value {
                fields.insert(name, value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
