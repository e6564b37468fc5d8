//! A call that is counted, exactly once, when it ends.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use crate::ended_calls::{CallDetails, EndedCall};
use crate::messages::PREFIX;
use crate::peer::Peer;
use crate::status::CANCELLED;
use crate::trace_context::TraceContext;

/// A call from its headers on. When it is dropped it is counted with its code.
pub struct CountedCall {
    pub peer: Arc<Peer>,
    pub method: usize,
    pub arrived: Instant,
    /// That of a call whose caller gave up, until the call gets another one.
    pub code: u8,
    details: Option<Box<CallDetails>>,
}

impl CountedCall {
    /// Begins to count a call of the method with this number. Details are kept if anything needs
    /// them.
    pub fn new(peer: &Arc<Peer>, method: usize, details: Option<Box<CallDetails>>) -> Self {
        let peer = Arc::clone(peer);
        Self { peer, method, arrived: Instant::now(), code: CANCELLED, details }
    }

    pub fn trace_context(&self) -> Option<TraceContext> {
        self.details.as_ref()?.trace_context.clone()
    }

    pub fn on_request(&mut self, request: &Bytes) {
        if let Some(details) = &mut self.details {
            details.request = request.clone();
        }
    }

    /// Counts a message of this size, of which all is sent.
    pub fn on_sent(&mut self, framed_bytes: usize) {
        self.peer.observation.counts.on_message(self.method);
        self.add_sent_bytes(framed_bytes - PREFIX);
    }

    pub fn add_sent_bytes(&mut self, bytes: usize) {
        if let Some(details) = &mut self.details {
            details.response_bytes += bytes;
        }
    }
}

impl Drop for CountedCall {
    fn drop(&mut self) {
        let duration = self.arrived.elapsed();
        let observation = &self.peer.observation;
        observation.counts.on_end(self.method, self.code, duration);
        if let Some(details) = self.details.take() {
            let (method, code, peer) = (self.method, self.code, self.peer.address);
            observation.ended_calls.push(EndedCall {
                method,
                code,
                duration,
                peer,
                details: *details,
            });
        }
    }
}

#[cfg(test)]
mod tests;
