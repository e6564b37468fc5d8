//! Statuses of calls, and their header fields.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

pub const OK: u8 = 0;
pub const CANCELLED: u8 = 1;
pub const UNKNOWN: u8 = 2;
pub const DEADLINE_EXCEEDED: u8 = 4;
pub const RESOURCE_EXHAUSTED: u8 = 8;
pub const UNIMPLEMENTED: u8 = 12;
pub const INTERNAL: u8 = 13;

static CODE: HeaderName = HeaderName::from_static("grpc-status");
static MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// The trailers of a call that succeeded.
static SUCCESS: LazyLock<HeaderMap> =
    LazyLock::new(|| HeaderMap::from_iter([(CODE.clone(), HeaderValue::from_static("0"))]));

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

    pub const fn ok() -> Self {
        Self { code: OK, message: None, details: None }
    }

    /// Returns the trailers with the fields of this status.
    pub fn trailers(&self) -> HeaderMap {
        if self.code == OK {
            return SUCCESS.clone();
        }
        let mut trailers = HeaderMap::with_capacity(3);
        self.write_to(&mut trailers);
        trailers
    }

    /// Adds the fields of this status to the headers of a response without messages.
    pub fn write_to(&self, fields: &mut HeaderMap) {
        fields.insert(&CODE, HeaderValue::from(u16::from(self.code)));
        for (name, value) in [(&MESSAGE, &self.message), (&DETAILS, &self.details)] {
            if let Some(value) = value {
                fields.insert(name, value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
