//! Writes the response of one stream: headers, messages as flow control allows, trailers.

use std::future::poll_fn;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::counted_call::CountedCall;
use crate::messages::PREFIX;
use crate::peer::Peer;
use crate::status::{RESOURCE_EXHAUSTED, Refusal, Status, UNIMPLEMENTED, UNKNOWN};

/// The headers of every response.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/grpc"))])
});

/// The caller reset the stream, or the connection is lost.
pub struct Disconnected;

impl From<h2::Error> for Disconnected {
    fn from(_: h2::Error) -> Self {
        Self
    }
}

pub struct ResponseWriter {
    pub call: CountedCall,
    respond: SendResponse<Bytes>,
    stream: Option<SendStream<Bytes>>,
    /// The bytes that were sent of a message whose rest was not.
    sent_bytes: usize,
}

impl ResponseWriter {
    pub fn new(respond: SendResponse<Bytes>, call: CountedCall) -> Self {
        Self { call, respond, stream: None, sent_bytes: 0 }
    }

    /// Returns whether the caller has disconnected; if not, the task is woken then.
    pub fn poll_disconnected(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let reset = match &mut self.stream {
            Some(stream) => stream.poll_reset(context),
            None => self.respond.poll_reset(context),
        };
        reset.map(|_| ())
    }

    /// Lends the stream, if it is open.
    pub fn lend(&mut self) -> Option<IdleStream> {
        let CountedCall { peer, method, .. } = &self.call;
        let (peer, method) = (Arc::clone(peer), *method);
        self.stream.take().map(|stream| IdleStream { stream, peer, method, sent_bytes: 0 })
    }

    /// Takes the stream back, if it was lent.
    pub fn take_back(&mut self, lent: Option<IdleStream>) {
        if let Some(IdleStream { stream, sent_bytes, .. }) = lent {
            self.stream = Some(stream);
            self.call.add_sent_bytes(sent_bytes);
        }
    }

    /// Writes as much of a framed message as flow control allows; false if that is nothing now.
    pub fn write(&mut self, message: &mut Bytes) -> Result<bool, Disconnected> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.respond.send_response(headers(), false)?,
        };
        stream.reserve_capacity(message.len());
        let stream = self.stream.insert(stream);
        let granted = stream.capacity().min(message.len());
        if granted == 0 {
            return Ok(false);
        }
        stream.send_data(message.split_to(granted), false)?;
        self.sent_bytes += granted;
        if message.is_empty() {
            self.call.on_sent(std::mem::take(&mut self.sent_bytes));
        }
        self.call.peer.on_read();
        Ok(true)
    }

    /// Waits until flow control allows some of the message that could not be written.
    pub async fn writable(&mut self) -> Result<(), Disconnected> {
        let stream = self.stream.as_mut().ok_or(Disconnected)?;
        poll_fn(|context| match stream.poll_capacity(context) {
            Poll::Ready(Some(Ok(0))) | Poll::Pending => Poll::Pending,
            Poll::Ready(Some(granted)) => {
                Poll::Ready(granted.map(|_| ()).map_err(Disconnected::from))
            }
            Poll::Ready(None) => Poll::Ready(Err(Disconnected)),
        })
        .await
    }

    /// Ends the stream. Trailers are not subject to flow control, but can't interrupt a message.
    pub fn end(&mut self, status: &Status) {
        let ended = match &mut self.stream {
            Some(stream) if self.sent_bytes > 0 => {
                stream.send_reset(match status.code {
                    RESOURCE_EXHAUSTED => Reason::ENHANCE_YOUR_CALM,
                    _ => Reason::CANCEL,
                });
                Ok(())
            }
            Some(stream) => stream.send_trailers(status.trailers()),
            None => {
                let mut response = headers();
                status.write_to(response.headers_mut());
                if status.code == UNIMPLEMENTED {
                    let known = HeaderValue::from_static("identity,gzip,deflate");
                    response.headers_mut().insert("grpc-accept-encoding", known);
                }
                self.respond.send_response(response, true).map(|_| ())
            }
        };
        // An error means that the caller has disconnected.
        if ended.is_ok() {
            self.call.code = status.code;
        }
    }

    /// Ends the stream of a request that is refused.
    pub fn refuse(&mut self, refusal: &Refusal) {
        match refusal {
            Refusal::Status(status) => self.end(status),
            Refusal::Http(status) => self.reject(*status),
        }
    }

    /// Responds to a request that is not gRPC.
    fn reject(&mut self, status: StatusCode) {
        let mut response = Response::new(());
        *response.status_mut() = status;
        // An error means that the caller has disconnected.
        if self.respond.send_response(response, true).is_ok() {
            self.call.code = UNKNOWN; // what gRPC makes of these HTTP statuses
        }
    }
}

/// The stream of a call whose task waits.
pub struct IdleStream {
    stream: SendStream<Bytes>,
    peer: Arc<Peer>,
    method: usize,
    /// The size of the messages that were written, without their framing.
    sent_bytes: usize,
}

impl IdleStream {
    /// Writes a framed message if flow control allows all of it. The task is woken for nothing but the
    /// end of the stream.
    pub fn write(&mut self, message: &Bytes, task: &Waker) -> bool {
        // HTTP/2 would wake the task, which waits for a reset, as soon as it grants the capacity.
        let mut nobody = Context::from_waker(Waker::noop());
        let open = self.stream.poll_reset(&mut nobody).is_pending();
        self.stream.reserve_capacity(message.len());
        let fits = open && self.stream.capacity() >= message.len();
        let written = fits && self.stream.send_data(message.clone(), false).is_ok();
        if written {
            self.peer.on_read();
            self.peer.observation.counts.on_message(self.method);
            self.sent_bytes += message.len() - PREFIX;
            if self.stream.poll_reset(&mut Context::from_waker(task)).is_ready() {
                task.wake_by_ref();
            }
        }
        written
    }
}

fn headers() -> Response<()> {
    let mut response = Response::new(());
    response.headers_mut().clone_from(&HEADERS);
    response
}
