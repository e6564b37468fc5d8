//! Reads the trace context of a call: the header `traceparent` of W3C Trace Context.

use std::sync::Arc;

use http::HeaderMap;

/// A valid `traceparent`: version, trace id, parent id and flags.
pub type TraceContext = Arc<str>;

/// The length of the fields that every version has.
const LENGTH: usize = 55;
/// Later versions may be longer; a value up to this length is kept.
const MAX_LENGTH: usize = 128;
/// The version that no header may have.
const INVALID_VERSION: &str = "ff";

/// Returns the trace context in the headers of a request, if there is exactly one and it is valid.
pub fn trace_context(headers: &HeaderMap) -> Option<TraceContext> {
    let mut values = headers.get_all("traceparent").iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    value.to_str().ok().filter(|text| is_valid(text)).map(TraceContext::from)
}

fn is_valid(text: &str) -> bool {
    let mut fields = text.split('-');
    let mut field = || fields.next().unwrap_or_default();
    let (version, trace_id, parent_id, flags) = (field(), field(), field(), field());
    let has_more = text.len() != LENGTH;
    is_hex(version, 2)
        && version != INVALID_VERSION
        && is_id(trace_id, 32)
        && is_id(parent_id, 16)
        && is_hex(flags, 2)
        && (!has_more || version != "00" && text.len() <= MAX_LENGTH)
}

fn is_id(field: &str, length: usize) -> bool {
    is_hex(field, length) && field.bytes().any(|digit| digit != b'0')
}

fn is_hex(field: &str, length: usize) -> bool {
    field.len() == length && field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
