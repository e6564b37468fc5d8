//! Calls of a connection that are not started yet, because earlier ones are refused first.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::Request;

use crate::core::Core;
use crate::head::{self, Head};
use crate::peer::{OpenStream, Peer};
use crate::status::Refusal;

/// A call whose headers have arrived.
pub struct NewCall {
    pub head: Result<Head, Refusal>,
    pub body: RecvStream,
    pub respond: SendResponse<Bytes>,
    pub open: OpenStream,
}

impl NewCall {
    pub fn new(
        core: &Core,
        peer: &Arc<Peer>,
        (request, respond): (Request<RecvStream>, SendResponse<Bytes>),
    ) -> Self {
        let (parts, body) = request.into_parts();
        Self { head: head::parse(core, &parts), body, respond, open: OpenStream::new(peer) }
    }

    /// Returns whether the call need not wait for others of its connection.
    pub fn is_unlimited(&self) -> bool {
        self.head.as_ref().is_ok_and(|head| head.method.unlimited)
    }

    async fn is_reset(&mut self) -> bool {
        poll_fn(|context| Poll::Ready(self.respond.poll_reset(context).is_ready())).await
    }
}

/// Calls in the order of their arrival. Those that were reset meanwhile are dropped: HTTP/2 counts
/// the streams that it holds for them against the connection.
pub struct PendingCalls {
    calls: VecDeque<NewCall>,
    max_streams: usize,
}

impl PendingCalls {
    pub fn new(max_streams: u32) -> Self {
        Self { calls: VecDeque::new(), max_streams: max_streams as usize }
    }

    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Adds a call, and drops reset calls once there are more calls than streams can be open.
    pub async fn push(&mut self, call: NewCall) {
        self.calls.push_back(call);
        if self.calls.len() > self.max_streams {
            for mut call in std::mem::take(&mut self.calls) {
                if !call.is_reset().await {
                    self.calls.push_back(call);
                }
            }
        }
    }

    /// Takes the next call that was not reset.
    pub async fn next(&mut self) -> Option<NewCall> {
        while let Some(mut call) = self.calls.pop_front() {
            if !call.is_reset().await {
                return Some(call);
            }
        }
        None
    }
}
