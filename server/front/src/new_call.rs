//! A call before it is started or refused.

use std::sync::Arc;
use std::task::Context;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::Request;

use crate::core::Core;
use crate::counted_call::CountedCall;
use crate::headers::{Head, parse};
use crate::peer::{OpenStream, Peer};
use crate::response_writer::ResponseWriter;
use crate::status::Refusal;

/// A call whose headers have arrived.
pub struct NewCall {
    pub head: Result<Head, Refusal>,
    pub body: RecvStream,
    pub writer: ResponseWriter,
    pub open: OpenStream,
}

impl NewCall {
    pub fn new(
        core: &Core,
        peer: &Arc<Peer>,
        (request, respond): (Request<RecvStream>, SendResponse<Bytes>),
    ) -> Self {
        let (parts, body) = request.into_parts();
        let (head, open) = (parse(core, &parts), OpenStream::new(peer));
        let unknown = || core.observation.counts.unknown_method();
        let method = head.as_ref().map_or_else(|_| unknown(), |head| head.method.number);
        let call = CountedCall::new(peer, method, core.observation.details(&parts.headers));
        Self { head, body, writer: ResponseWriter::new(respond, call), open }
    }

    pub fn is_reset(&mut self, context: &mut Context<'_>) -> bool {
        self.writer.poll_disconnected(context).is_ready()
    }
}
