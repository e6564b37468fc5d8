//! What is observed of calls and connections: counts, records of ended calls, trace contexts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderMap;

use crate::call_counts::CallCounts;
use crate::ended_calls::{CallDetails, EndedCalls, Wanted};
use crate::trace_context::trace_context;

pub struct Observation {
    pub counts: CallCounts,
    pub ended_calls: EndedCalls,
    trace_contexts: bool,
    connections: AtomicUsize,
}

impl Observation {
    pub fn new(latency_bounds: &[Duration], ended_calls: Wanted, trace_contexts: bool) -> Self {
        Self {
            counts: CallCounts::new(latency_bounds),
            ended_calls: EndedCalls::new(ended_calls),
            trace_contexts,
            connections: AtomicUsize::new(0),
        }
    }

    /// Returns the details of a new call, if they are to be kept.
    pub fn details(&self, headers: &HeaderMap) -> Option<Box<CallDetails>> {
        if !self.trace_contexts && !self.ended_calls.are_wanted() {
            return None;
        }
        let details =
            CallDetails { trace_context: trace_context(headers), ..CallDetails::default() };
        Some(Box::new(details))
    }

    pub fn open_connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// A connection that is counted as open until this is dropped.
pub struct OpenConnection(Arc<Observation>);

impl OpenConnection {
    pub fn new(observation: &Arc<Observation>) -> Self {
        observation.connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(observation))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
