//! What is sent back on one stream: headers, messages as far as the caller takes them, trailers.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::status::{RESOURCE_EXHAUSTED, Status, UNIMPLEMENTED};

/// The caller reset the stream, or the connection is lost.
pub struct Gone;

impl From<h2::Error> for Gone {
    fn from(_: h2::Error) -> Self {
        Self
    }
}

pub struct Reply {
    respond: SendResponse<Bytes>,
    stream: Option<SendStream<Bytes>>,
    /// A part of a message was sent and its rest was not.
    partial: bool,
}

impl Reply {
    pub fn new(respond: SendResponse<Bytes>) -> Self {
        Self { respond, stream: None, partial: false }
    }

    /// Waits until the caller is gone.
    pub async fn gone(&mut self) {
        poll_fn(|context| {
            let reset = match &mut self.stream {
                Some(stream) => stream.poll_reset(context),
                None => self.respond.poll_reset(context),
            };
            reset.map(|_| ())
        })
        .await;
    }

    /// Writes as much of a framed message as the caller takes now, and waits until it takes some.
    pub async fn write(&mut self, message: &mut Bytes) -> Result<(), Gone> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.respond.send_response(headers(StatusCode::OK), false)?,
        };
        stream.reserve_capacity(message.len());
        let stream = self.stream.insert(stream);
        if stream.capacity() == 0 {
            poll_fn(|context| match stream.poll_capacity(context) {
                Poll::Ready(Some(Ok(0))) => Poll::Pending,
                Poll::Ready(Some(granted)) => Poll::Ready(granted.map_err(Gone::from)),
                Poll::Ready(None) => Poll::Ready(Err(Gone)),
                Poll::Pending => Poll::Pending,
            })
            .await?;
        }
        let granted = stream.capacity().min(message.len());
        stream.send_data(message.split_to(granted), false)?;
        self.partial = !message.is_empty();
        Ok(())
    }

    /// Ends the stream. Trailers pass a caller who takes no messages, but not in the middle of one.
    pub fn end(&mut self, status: &Status) {
        let ended = match &mut self.stream {
            Some(stream) if self.partial => {
                let exhausted = status.code == RESOURCE_EXHAUSTED;
                stream.send_reset(if exhausted {
                    Reason::ENHANCE_YOUR_CALM
                } else {
                    Reason::CANCEL
                });
                Ok(())
            }
            Some(stream) => {
                let mut trailers = HeaderMap::with_capacity(3);
                status.write_to(&mut trailers);
                stream.send_trailers(trailers)
            }
            None => {
                let mut response = headers(StatusCode::OK);
                status.write_to(response.headers_mut());
                if status.code == UNIMPLEMENTED {
                    let known = HeaderValue::from_static("identity,gzip,deflate");
                    response.headers_mut().insert("grpc-accept-encoding", known);
                }
                self.respond.send_response(response, true).map(|_| ())
            }
        };
        // An error tells that the caller is gone, and then there is nobody to answer.
        let _ = ended;
    }

    /// Answers what is not gRPC.
    pub fn reject(&mut self, code: StatusCode) {
        let mut response = Response::new(());
        *response.status_mut() = code;
        // An error tells that the caller is gone, and then there is nobody to answer.
        let _ = self.respond.send_response(response, true);
    }
}

fn headers(code: StatusCode) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = code;
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
