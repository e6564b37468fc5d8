//! Converts queued events to the tuples that Python takes; `_native.pyi` documents them.

use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::ended_calls::EndedCall;
use crate::inbox::Event;
use crate::notices::Connections;

/// Converts the calls of a batch method to the tuple for Python.
pub fn batch<'py>(
    py: Python<'py>,
    (number, calls): (usize, Vec<Bound<'py, PyTuple>>),
) -> PyResult<Bound<'py, PyTuple>> {
    (8, number, PyList::new(py, calls)?).into_pyobject(py)
}

/// Converts records of ended calls to the tuple for Python.
fn ended_calls(py: Python<'_>, calls: Vec<EndedCall>) -> PyResult<Bound<'_, PyTuple>> {
    let record = |EndedCall { method, code, duration, peer, details }: EndedCall| {
        let request = PyBytes::new(py, &details.request);
        let trace_context = details.trace_context.as_deref();
        let (seconds, peer) = (duration.as_secs_f64(), peer.to_string());
        (method, code, seconds, details.response_bytes, peer, request, trace_context)
            .into_pyobject(py)
    };
    let records = calls.into_iter().map(record).collect::<PyResult<Vec<_>>>()?;
    (9, PyList::new(py, records)?).into_pyobject(py)
}

/// Converts an event to the tuple for Python, which begins with the number of its kind.
pub fn item(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyTuple>> {
    let bytes = |bytes: Option<Bytes>| bytes.map(|bytes| PyBytes::new(py, &bytes));
    match event {
        Event::Call(call, method, message) => {
            (0, call.id, method.number, bytes(message)).into_pyobject(py)
        }
        Event::Message(id, next) => {
            (1, id, bytes(next.map(|next| next.message.bytes))).into_pyobject(py)
        }
        Event::Cancelled(id) => (2, id).into_pyobject(py),
        Event::Writable(id) => (3, id).into_pyobject(py),
        Event::Evicted(id, cursor, subscription) => (4, id, cursor, subscription).into_pyobject(py),
        Event::Stalled(id) => (5, id).into_pyobject(py),
        Event::Connections(Connections { refused, idle, flood, unread }) => {
            (6, refused, idle, flood, unread).into_pyobject(py)
        }
        Event::Stopped => (7,).into_pyobject(py),
        Event::EndedCalls(observation) => ended_calls(py, observation.ended_calls.take()),
    }
}
