//! A call before it is started or refused.

use std::sync::Arc;
use std::task::Context;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::Request;
use tokio::time::Instant;

use crate::core::Core;
use crate::headers::{Head, parse};
use crate::peer::{OpenStream, Peer};
use crate::status::Refusal;

/// A call whose headers have arrived.
pub struct NewCall {
    pub head: Result<Head, Refusal>,
    pub arrived: Instant,
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
        let (head, open) = (parse(core, &parts), OpenStream::new(peer));
        Self { head, arrived: Instant::now(), body, respond, open }
    }

    pub fn is_reset(&mut self, context: &mut Context<'_>) -> bool {
        self.respond.poll_reset(context).is_ready()
    }
}
