//! A gRPC listener for Python whose HTTP/2 runs on a thread of its own, outside the interpreter.
//!
//! Calls cross in batches: Python waits on one file descriptor, takes all queued events, and sends
//! many responses at once. Commands from Python are executed in order. `_native.pyi` documents the
//! methods.

mod admission;
mod broadcast;
mod call;
mod call_counts;
mod calls;
mod connection;
mod connections;
mod core;
mod counted_call;
mod ended_calls;
mod ending;
mod headers;
mod inbox;
mod intake;
mod linger;
mod memory;
mod messages;
mod meter;
mod new_call;
mod notices;
mod observation;
mod peer;
mod python_events;
mod read_budget;
mod respond;
mod response_cache;
mod response_writer;
mod serve;
mod server;
mod settings;
mod status;
mod tls;
mod trace_context;

use std::collections::HashSet;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use pyo3::exceptions::{PyKeyError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::broadcast::Command;
use crate::call::{CallId, Finish};
use crate::core::{Core, Counts, FOREVER, Kind};
use crate::inbox::Event;
use crate::messages::frame;
use crate::settings::{Settings, seconds};
use crate::status::Status;

/// A response from Python: call, message, status code, status message, status details.
type Response<'py> =
    (CallId, Option<Bound<'py, PyBytes>>, u8, Bound<'py, PyString>, Option<Bound<'py, PyBytes>>);

#[pyclass(frozen)]
struct Front {
    core: Arc<Core>,
    commands: Mutex<Option<UnboundedReceiver<Command>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[pymethods]
impl Front {
    #[new]
    fn new(settings: Settings) -> PyResult<Self> {
        let (sender, receiver) = unbounded_channel();
        let core = Core::new(settings, sender)?;
        Ok(Self {
            core: Arc::new(core),
            commands: Mutex::new(Some(receiver)),
            thread: Mutex::new(None),
        })
    }

    fn fileno(&self) -> RawFd {
        self.core.inbox.fd()
    }

    fn start(
        &self,
        batched: Vec<String>,
        unary: Vec<String>,
        stream: Vec<String>,
        bidi: Vec<String>,
        unlimited: HashSet<String>,
    ) -> PyResult<u16> {
        let paths = [
            (batched, Kind::Unary),
            (unary, Kind::Unary),
            (stream, Kind::Stream),
            (bidi, Kind::Bidi),
        ];
        self.core.set_methods(paths, &unlimited);
        let address = &self.core.settings.address;
        let commands = self.commands.lock().take();
        let commands = commands.ok_or_else(|| PyRuntimeError::new_err("started already"))?;
        let failed = |error: std::io::Error| {
            PyOSError::new_err(format!("can't listen on {address}: {error}"))
        };
        let (port, thread) = server::start(Arc::clone(&self.core), commands).map_err(failed)?;
        *self.thread.lock() = Some(thread);
        Ok(port)
    }

    #[pyo3(signature = (chain, key, client_ca=None))]
    fn set_tls(&self, chain: &[u8], key: &[u8], client_ca: Option<&[u8]>) -> PyResult<()> {
        let acceptor = tls::acceptor(chain, key, client_ca);
        let invalid = |error: Box<dyn std::error::Error>| PyValueError::new_err(error.to_string());
        *self.core.tls.write() = Some(acceptor.map_err(invalid)?);
        Ok(())
    }

    fn take<'py>(&self, py: Python<'py>, max: usize) -> PyResult<Bound<'py, PyList>> {
        let mut batches: Vec<(usize, Vec<Bound<'py, PyTuple>>)> = Vec::new();
        let mut items = Vec::new();
        for event in self.core.inbox.take(max) {
            match event {
                Event::Call(call, method, Some(message)) if method.batched => {
                    let item = (call.id, PyBytes::new(py, &message)).into_pyobject(py)?;
                    match batches.iter_mut().find(|(number, _)| *number == method.number) {
                        Some((_, calls)) => calls.push(item),
                        None => batches.push((method.number, vec![item])),
                    }
                }
                event => items.push(python_events::item(py, event)?),
            }
        }
        let batches = batches.into_iter().map(|batch| python_events::batch(py, batch));
        let batches = batches.collect::<PyResult<Vec<_>>>()?;
        PyList::new(py, batches.into_iter().chain(items))
    }

    fn respond(&self, responses: Vec<Response<'_>>) {
        let finish = |(call, message, code, text, details): Response<'_>| {
            let details = details.as_ref().map_or(&[][..], |details| details.as_bytes());
            let status = Status::with_details(code, &text.to_string_lossy(), details);
            let message = message.map(|message| frame(message.as_bytes()));
            (call, Finish { message, status })
        };
        self.enqueue(Command::Finish(responses.into_iter().map(finish).collect()));
    }

    fn answer(&self, answers: Vec<(CallId, Bound<'_, PyBytes>)>) {
        let finish = |(call, message): (CallId, Bound<'_, PyBytes>)| {
            let message = Some(frame(message.as_bytes()));
            (call, Finish { message, status: Status::ok() })
        };
        self.enqueue(Command::Finish(answers.into_iter().map(finish).collect()));
    }

    fn send(&self, call: CallId, message: &[u8]) -> bool {
        let Some(call) = self.core.calls.get(call) else {
            return false; // the sender is cancelled, and must not continue until then
        };
        let message = frame(message);
        let reserved = call.reserve(message.len());
        if reserved {
            self.enqueue(Command::Send(call, message));
        }
        reserved
    }

    fn follow(&self, call: CallId, group: String, cursor: u64, subscription: u64) {
        if let Some(call) = self.core.calls.get(call) {
            self.enqueue(Command::Follow(call, group, cursor, subscription));
        }
    }

    fn close_group(&self, group: String) {
        self.enqueue(Command::CloseGroup(group));
    }

    fn publish(&self, group: String, message: &[u8], cursor: u64) {
        self.enqueue(Command::Publish(group, frame(message), cursor));
    }

    fn put_response(
        &self,
        path: &str,
        request: &[u8],
        tag: String,
        response: &[u8],
    ) -> PyResult<()> {
        let unknown = || PyKeyError::new_err(path.to_owned());
        let method = self.core.method(path).ok_or_else(unknown)?;
        let request = Bytes::copy_from_slice(request);
        self.core.responses.put(method.number, request, tag, frame(response));
        Ok(())
    }

    fn invalidate(&self, tag: &str) {
        self.core.responses.invalidate(tag);
    }

    fn trace_context(&self, call: CallId) -> Option<String> {
        self.core.calls.get(call)?.trace_context.as_deref().map(str::to_owned)
    }

    fn counts(&self) -> Counts {
        self.core.counts()
    }

    fn drain(&self) {
        self.core.drain(FOREVER);
    }

    fn stop(&self, #[pyo3(from_py_with = seconds)] grace_s: Duration) {
        self.core.drain(grace_s);
    }

    fn join_thread(&self, py: Python<'_>) -> PyResult<()> {
        let thread = self.thread.lock().take();
        let ended = py.detach(|| thread.map_or(Ok(()), JoinHandle::join));
        ended.map_err(|_| PyRuntimeError::new_err("the listener's thread panicked"))
    }
}

impl Front {
    fn enqueue(&self, command: Command) {
        // An error means that the runtime has ended, and every call with it.
        let _ = self.core.commands.send(command);
    }
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::Front;
}
