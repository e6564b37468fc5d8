//! The parsed headers of a request. Headers themselves are not kept while a call waits or is open.

use std::time::Duration;

use http::request::Parts;

use crate::core::{Core, Method, limit};
use crate::headers::{self, MAX_METADATA_BYTES};
use crate::messages::Compression;
use crate::status::{Refusal, Status, UNIMPLEMENTED};

pub struct Head {
    pub method: Method,
    pub compression: Compression,
    pub time_limit: Option<Duration>,
}

/// Parses the headers of a request, or refuses it for them.
pub fn parse(core: &Core, head: &Parts) -> Result<Head, Refusal> {
    headers::check_protocol(&head.method, &head.headers)?;
    if headers::metadata_bytes(&head.headers) > MAX_METADATA_BYTES as usize {
        return Err(core.refusal(limit::METADATA).into());
    }
    let unknown = || Status::new(UNIMPLEMENTED, "the method is unknown");
    Ok(Head {
        method: core.method(head.uri.path()).ok_or_else(unknown)?,
        compression: headers::compression(&head.headers)?,
        time_limit: headers::time_limit(&head.headers)?,
    })
}
