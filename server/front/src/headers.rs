//! Parses the headers of a request: protocol, method, compression, deadline, size of the metadata.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::core::{Core, Method, limit};
use crate::messages::Compression;
use crate::status::{INTERNAL, Refusal, Status, UNIMPLEMENTED};

/// The most metadata of a request.
pub const MAX_METADATA_BYTES: u32 = 16 * 1024;
/// The overhead of a header field in the size of metadata, by RFC 9113.
const FIELD_OVERHEAD: usize = 32;

/// What a call keeps of its headers.
pub struct Head {
    pub method: Method,
    pub compression: Compression,
    pub time_limit: Option<Duration>,
}

/// Parses the headers of a request, or refuses it for them.
pub fn parse(core: &Core, parts: &Parts) -> Result<Head, Refusal> {
    check_protocol(&parts.method, &parts.headers)?;
    if metadata_bytes(&parts.headers) > MAX_METADATA_BYTES as usize {
        return Err(core.refusal(limit::METADATA).into());
    }
    let unknown = || Status::new(UNIMPLEMENTED, "the method is unknown");
    Ok(Head {
        method: core.method(parts.uri.path()).ok_or_else(unknown)?,
        compression: compression(&parts.headers)?,
        time_limit: time_limit(&parts.headers)?,
    })
}

/// Checks that a request is gRPC; the error is its HTTP status.
fn check_protocol(method: &http::Method, headers: &HeaderMap) -> Result<(), StatusCode> {
    if method != http::Method::POST {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let content_type = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    match content_type.strip_prefix(b"application/grpc") {
        Some([] | [b'+' | b';', ..]) => Ok(()),
        _ => Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    }
}

/// Reads `grpc-encoding`.
fn compression(headers: &HeaderMap) -> Result<Compression, Status> {
    match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(Compression::None),
        Some(b"gzip") => Ok(Compression::Gzip),
        Some(b"deflate") => Ok(Compression::Deflate),
        Some(_) => Err(Status::new(UNIMPLEMENTED, "the encoding is unknown")),
    }
}

/// Returns the size of metadata as HTTP/2 counts it.
fn metadata_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD_OVERHEAD).sum()
}

/// Reads `grpc-timeout`; None without it.
fn time_limit(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    let Some(value) = headers.get("grpc-timeout") else {
        return Ok(None);
    };
    let timeout = value.to_str().ok().and_then(parse_timeout);
    timeout.map(Some).ok_or_else(|| Status::new(INTERNAL, "the timeout is malformed"))
}

/// Parses a timeout: 1 to 8 digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let well_formed = digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: u64 = digits.parse().ok().filter(|_| well_formed)?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
