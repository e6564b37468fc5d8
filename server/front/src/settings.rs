//! Settings of a listener, read from the `Settings` object of the Python package, which documents
//! each field.

use std::collections::HashMap;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::ended_calls::Wanted;
use crate::status::Status;

#[derive(FromPyObject)]
pub struct Settings {
    pub address: String,
    pub reuse_port: bool,
    pub max_message_bytes: usize,
    pub max_connections: usize,
    pub max_calls: usize,
    pub max_calls_per_connection: usize,
    pub max_streams: usize,
    pub max_queue: usize,
    pub max_buffered_bytes: usize,
    pub max_unread_bytes: usize,
    #[pyo3(from_py_with = seconds)]
    pub write_timeout_s: Duration,
    #[pyo3(from_py_with = seconds)]
    pub request_timeout_s: Duration,
    #[pyo3(from_py_with = seconds)]
    pub handshake_timeout_s: Duration,
    #[pyo3(from_py_with = seconds)]
    pub keepalive_s: Duration,
    #[pyo3(from_py_with = seconds)]
    pub keepalive_timeout_s: Duration,
    #[pyo3(from_py_with = statuses)]
    pub refusals: HashMap<String, Status>,
    #[pyo3(from_py_with = bounds)]
    pub latency_bounds_s: Vec<Duration>,
    #[pyo3(from_py_with = wanted)]
    pub ended_calls: Wanted,
    pub trace_contexts: bool,
}

/// The fields of a status in Python.
#[derive(FromPyObject)]
struct StatusFields {
    code: u8,
    message: String,
    details: Vec<u8>,
}

fn statuses(value: &Bound<'_, PyAny>) -> PyResult<HashMap<String, Status>> {
    let fields: HashMap<String, StatusFields> = value.extract()?;
    let statuses = fields.into_iter().map(|(limit, StatusFields { code, message, details })| {
        (limit, Status::with_details(code, &message, &details))
    });
    Ok(statuses.collect())
}

fn bounds(value: &Bound<'_, PyAny>) -> PyResult<Vec<Duration>> {
    value.try_iter()?.map(|bound| seconds(&bound?)).collect()
}

fn wanted(value: &Bound<'_, PyAny>) -> PyResult<Wanted> {
    match value.extract()? {
        "none" => Ok(Wanted::None),
        "errors" => Ok(Wanted::Errors),
        "all" => Ok(Wanted::All),
        other => Err(PyValueError::new_err(format!("ended_calls: {other}"))),
    }
}

pub fn seconds(value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value.extract()?)
        .map_err(|error| PyValueError::new_err(error.to_string()))
}
