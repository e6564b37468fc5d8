//! Reads request messages from the data frames of a stream. The size limit is checked on the
//! announced length, before any of the message is buffered, and again while decompressing.

use std::io::Read;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::read::{GzDecoder, ZlibDecoder};
use h2::RecvStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::inbox::Message;
use crate::status::{INTERNAL, Status};

/// The size of the prefix of every message: a flag and the length.
const PREFIX: usize = 5;

/// The `grpc-encoding` of a call: applies to the messages whose flag is set.
#[derive(PartialEq)]
pub enum Compression {
    None,
    Gzip,
    /// The zlib format, which gRPC calls deflate.
    Deflate,
}

/// The reason why no message could be read.
pub enum ReadError {
    TooLarge,
    /// The memory for requests is used up.
    OutOfMemory,
    Malformed(Status),
    /// The caller reset the stream, or the connection is lost.
    Disconnected,
}

/// Prefixes a message that is to be sent.
pub fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    // The cast is lossless: no message reaches 4 GiB.
    framed.put_u32(message.len() as u32);
    framed.put_slice(message);
    framed.freeze()
}

/// Reads the messages of one call.
pub struct Messages {
    body: RecvStream,
    compression: Compression,
    max_bytes: usize,
    memory: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    buffer: BytesMut,
}

impl Messages {
    pub fn new(
        body: RecvStream,
        compression: Compression,
        max_bytes: usize,
        memory: Arc<Semaphore>,
    ) -> Self {
        Self { body, compression, max_bytes, memory, held: None, buffer: BytesMut::new() }
    }

    /// Returns the only message of a call with a single request.
    pub async fn only(&mut self) -> Result<Message, ReadError> {
        let none = || malformed("the request has no message");
        let message = self.next().await?.ok_or_else(none)?;
        match self.next().await? {
            Some(_) => Err(malformed("the request has more than one message")),
            None => Ok(message),
        }
    }

    /// Returns the next message, or None at the end of the stream.
    pub async fn next(&mut self) -> Result<Option<Message>, ReadError> {
        loop {
            if let Some((compressed, length)) = self.prefix()? {
                if self.buffer.len() >= PREFIX + length {
                    self.buffer.advance(PREFIX);
                    let bytes = self.buffer.split_to(length).freeze();
                    let bytes = if compressed { self.decompress(&bytes)? } else { bytes };
                    return self.hand_over(bytes).map(Some);
                }
            }
            if !self.fill().await? {
                let complete = self.buffer.is_empty();
                return if complete { Ok(None) } else { Err(malformed("the request is cut off")) };
            }
        }
    }

    /// Reads the prefix at the start of the buffer: whether the message is compressed, and its length.
    fn prefix(&self) -> Result<Option<(bool, usize)>, ReadError> {
        let mut prefix = match self.buffer.get(..PREFIX) {
            Some(prefix) => prefix,
            None => return Ok(None),
        };
        let flag = prefix.get_u8();
        let length = prefix.get_u32() as usize;
        if flag > 1 {
            return Err(malformed("the request has an unknown flag"));
        }
        if flag == 1 && self.compression == Compression::None {
            return Err(malformed("the request is compressed without an encoding"));
        }
        if length > self.max_bytes {
            return Err(ReadError::TooLarge);
        }
        Ok(Some((flag == 1, length)))
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

    fn decompress(&mut self, compressed: &[u8]) -> Result<Bytes, ReadError> {
        let mut bytes = Vec::new();
        // One byte over the limit shows that there is more; the rest is never decompressed.
        let limit = self.max_bytes as u64 + 1;
        let read = match self.compression {
            Compression::Deflate => {
                ZlibDecoder::new(compressed).take(limit).read_to_end(&mut bytes)
            }
            _ => GzDecoder::new(compressed).take(limit).read_to_end(&mut bytes),
        };
        read.map_err(|_| malformed("the request can't be decompressed"))?;
        if bytes.len() > self.max_bytes {
            return Err(ReadError::TooLarge);
        }
        self.hold(bytes.len())?;
        Ok(bytes.into())
    }

    fn hold(&mut self, bytes: usize) -> Result<(), ReadError> {
        let count = u32::try_from(bytes).map_err(|_| ReadError::TooLarge)?;
        let permit = Arc::clone(&self.memory).try_acquire_many_owned(count);
        let permit = permit.map_err(|_| ReadError::OutOfMemory)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }

    /// Gives a message its share of the memory; the rest stays with the buffered bytes.
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

fn malformed(message: &str) -> ReadError {
    ReadError::Malformed(Status::new(INTERNAL, message))
}
