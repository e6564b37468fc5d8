//! Reads request messages from the data frames of a stream. The size limit is checked on the
//! announced length, before any of the message is buffered, and again while decompressing.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::read::{GzDecoder, ZlibDecoder};
use h2::RecvStream;
use tokio::time::timeout;

use crate::memory::{Held, Share};

/// A request message, with its part of the memory for requests.
pub struct Message {
    pub bytes: Bytes,
    pub memory: Held,
}

/// The size of the prefix of every message: a flag and the length.
pub const PREFIX: usize = 5;

/// Size and time limits of discarding a refused request, before its stream is reset.
const DISCARD_BYTES: usize = 64 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The `grpc-encoding` of a call: applies to the messages whose flag is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compression {
    None,
    Gzip,
    /// The zlib format, which gRPC calls deflate.
    Deflate,
}

/// The reason why no message could be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReadError {
    TooLarge,
    /// The memory for requests is used up.
    OutOfMemory,
    Malformed(&'static str),
    /// The caller reset the stream, or the connection is lost.
    Disconnected,
}

/// Prefixes a message that is to be sent.
#[expect(clippy::cast_possible_truncation, reason = "no message reaches 4 GiB")]
pub fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.put_slice(message);
    framed.freeze()
}

/// Parses the prefix at the start of a buffer: whether the message is compressed, and its length.
/// None if the prefix is incomplete.
fn parse_prefix(
    mut buffer: &[u8],
    compression: Compression,
    max_bytes: usize,
) -> Result<Option<(bool, usize)>, ReadError> {
    if buffer.len() < PREFIX {
        return Ok(None);
    }
    let flag = buffer.get_u8();
    let length = buffer.get_u32() as usize;
    if flag > 1 {
        return Err(ReadError::Malformed("the request has an unknown flag"));
    }
    if flag == 1 && compression == Compression::None {
        return Err(ReadError::Malformed("the request is compressed without an encoding"));
    }
    if length > max_bytes {
        return Err(ReadError::TooLarge);
    }
    Ok(Some((flag == 1, length)))
}

fn decompress(
    compressed: &[u8],
    compression: Compression,
    max_bytes: usize,
) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    // One byte over the limit shows that there is more; the rest is never decompressed.
    let limit = max_bytes as u64 + 1;
    let read = match compression {
        Compression::Deflate => ZlibDecoder::new(compressed).take(limit).read_to_end(&mut bytes),
        _ => GzDecoder::new(compressed).take(limit).read_to_end(&mut bytes),
    };
    read.map_err(|_| ReadError::Malformed("the request can't be decompressed"))?;
    if bytes.len() > max_bytes { Err(ReadError::TooLarge) } else { Ok(bytes) }
}

/// Reads the messages of one call.
pub struct Messages {
    body: RecvStream,
    compression: Compression,
    max_bytes: usize,
    memory: Arc<Share>,
    held: Option<Held>,
    buffer: BytesMut,
}

impl Messages {
    pub fn new(
        body: RecvStream,
        compression: Compression,
        max_bytes: usize,
        memory: Arc<Share>,
    ) -> Self {
        Self { body, compression, max_bytes, memory, held: None, buffer: BytesMut::new() }
    }

    /// Returns the only message of a call with a single request.
    pub async fn only(&mut self) -> Result<Message, ReadError> {
        let none = ReadError::Malformed("the request has no message");
        let message = self.next().await?.ok_or(none)?;
        match self.next().await? {
            Some(_) => Err(ReadError::Malformed("the request has more than one message")),
            None => Ok(message),
        }
    }

    /// Returns the next message, or None at the end of the stream.
    pub async fn next(&mut self) -> Result<Option<Message>, ReadError> {
        loop {
            if let Some((compressed, length)) =
                parse_prefix(&self.buffer, self.compression, self.max_bytes)?
            {
                if self.buffer.len() >= PREFIX + length {
                    self.buffer.advance(PREFIX);
                    let mut bytes = self.buffer.split_to(length).freeze();
                    if compressed {
                        bytes = decompress(&bytes, self.compression, self.max_bytes)?.into();
                        self.hold(bytes.len())?;
                    }
                    return self.hand_over(bytes).map(Some);
                }
            }
            if !self.fill().await? {
                let complete = self.buffer.is_empty();
                let cut_off = ReadError::Malformed("the request is cut off");
                return if complete { Ok(None) } else { Err(cut_off) };
            }
        }
    }

    /// Buffers the next data frame; false at the end of the stream.
    async fn fill(&mut self) -> Result<bool, ReadError> {
        let data = match self.body.data().await {
            None => return Ok(false),
            Some(data) => data.map_err(|_| ReadError::Disconnected)?,
        };
        self.hold(data.len())?;
        self.buffer.extend_from_slice(&data);
        let released = self.body.flow_control().release_capacity(data.len());
        released.map_err(|_| ReadError::Disconnected)?;
        Ok(true)
    }

    fn hold(&mut self, bytes: usize) -> Result<(), ReadError> {
        let held = if let Some(held) = &mut self.held {
            held.grow(bytes)
        } else {
            self.held = self.memory.hold(bytes);
            self.held.is_some()
        };
        if held { Ok(()) } else { Err(ReadError::OutOfMemory) }
    }

    /// Gives a message its part of the memory; the rest stays with the buffered bytes.
    fn hand_over(&mut self, bytes: Bytes) -> Result<Message, ReadError> {
        if self.held.is_none() {
            self.hold(0)?;
        }
        let held = self.held.take().ok_or(ReadError::OutOfMemory)?;
        if !self.buffer.is_empty() {
            self.hold(self.buffer.len())?;
        }
        Ok(Message { bytes, memory: held })
    }
}

/// Reads and drops the body of a request that was refused for its headers. A reset would cross with
/// it: h2 counts the late frames as the caller's fault, and ends the connection after many of them.
pub async fn discard(mut body: RecvStream) {
    let dropped = async {
        let mut discarded = 0;
        while let (true, Some(Ok(data))) = (discarded < DISCARD_BYTES, body.data().await) {
            discarded += data.len();
            let _ = body.flow_control().release_capacity(data.len());
        }
    };
    let _ = timeout(DISCARD_TIME, dropped).await;
}

#[cfg(test)]
mod tests;
