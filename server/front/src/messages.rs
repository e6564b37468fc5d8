//! Request messages out of the frames of a stream: the limit is checked on the length that a
//! message announces, before any of it is kept, and again on every step of unpacking it.

use std::io::Read;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::read::{GzDecoder, ZlibDecoder};
use h2::RecvStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::inbox::Message;
use crate::status::{INTERNAL, Status};

/// A flag and the length, before every message.
const PREFIX: usize = 5;

/// How those messages of a call are packed that say that they are.
#[derive(PartialEq)]
pub enum Packing {
    None,
    Gzip,
    /// What gRPC calls so; it is zlib.
    Deflate,
}

/// Why no message could be read.
pub enum Unreadable {
    TooLarge,
    /// The memory for requests is used up.
    NoMemory,
    Malformed(Status),
    /// The caller reset the stream, or the connection is lost.
    Gone,
}

/// Puts the prefix before a message that is to be sent.
pub fn frame(message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    // A Python process has no message of 4 GiB to send: the lossy cast can't lose anything.
    framed.put_u32(message.len() as u32);
    framed.put_slice(message);
    framed.freeze()
}

/// Reads the messages of one call.
pub struct Messages {
    body: RecvStream,
    packing: Packing,
    max_bytes: usize,
    memory: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    buffer: BytesMut,
}

impl Messages {
    pub fn new(
        body: RecvStream,
        packing: Packing,
        max_bytes: usize,
        memory: Arc<Semaphore>,
    ) -> Self {
        Self { body, packing, max_bytes, memory, held: None, buffer: BytesMut::new() }
    }

    /// Returns the one message of a call that has to have exactly one.
    pub async fn only(&mut self) -> Result<Message, Unreadable> {
        let none = || malformed("the request has no message");
        let message = self.next().await?.ok_or_else(none)?;
        match self.next().await? {
            Some(_) => Err(malformed("the request has more than one message")),
            None => Ok(message),
        }
    }

    /// Returns the next message, or None at the end of the stream.
    pub async fn next(&mut self) -> Result<Option<Message>, Unreadable> {
        loop {
            if let Some((packed, length)) = self.announced()? {
                if self.buffer.len() >= PREFIX + length {
                    self.buffer.advance(PREFIX);
                    let bytes = self.buffer.split_to(length).freeze();
                    let bytes = if packed { self.unpack(&bytes)? } else { bytes };
                    return self.hand_over(bytes).map(Some);
                }
            }
            if !self.fill().await? {
                let complete = self.buffer.is_empty();
                return if complete { Ok(None) } else { Err(malformed("the request is cut off")) };
            }
        }
    }

    /// Returns whether the message that begins in the buffer is packed, and how long it is.
    fn announced(&self) -> Result<Option<(bool, usize)>, Unreadable> {
        let mut prefix = match self.buffer.get(..PREFIX) {
            Some(prefix) => prefix,
            None => return Ok(None),
        };
        let flag = prefix.get_u8();
        let length = prefix.get_u32() as usize;
        if flag > 1 {
            return Err(malformed("the request has an unknown flag"));
        }
        if flag == 1 && self.packing == Packing::None {
            return Err(malformed("the request is packed without an encoding"));
        }
        if length > self.max_bytes {
            return Err(Unreadable::TooLarge);
        }
        Ok(Some((flag == 1, length)))
    }

    /// Takes in what arrives next; false at the end of the stream.
    async fn fill(&mut self) -> Result<bool, Unreadable> {
        let data = match self.body.data().await {
            None => return Ok(false),
            Some(data) => data.map_err(|_| Unreadable::Gone)?,
        };
        self.hold(data.len())?;
        self.buffer.extend_from_slice(&data);
        let released = self.body.flow_control().release_capacity(data.len());
        released.map_err(|_| Unreadable::Gone)?;
        Ok(true)
    }

    fn unpack(&mut self, packed: &[u8]) -> Result<Bytes, Unreadable> {
        let mut bytes = Vec::new();
        // One byte more than allowed tells that there is more; the rest is never unpacked.
        let most = self.max_bytes as u64 + 1;
        let read = match self.packing {
            Packing::Deflate => ZlibDecoder::new(packed).take(most).read_to_end(&mut bytes),
            _ => GzDecoder::new(packed).take(most).read_to_end(&mut bytes),
        };
        read.map_err(|_| malformed("the request can't be unpacked"))?;
        if bytes.len() > self.max_bytes {
            return Err(Unreadable::TooLarge);
        }
        self.hold(bytes.len())?;
        Ok(bytes.into())
    }

    fn hold(&mut self, bytes: usize) -> Result<(), Unreadable> {
        let count = u32::try_from(bytes).map_err(|_| Unreadable::TooLarge)?;
        let permit = Arc::clone(&self.memory).try_acquire_many_owned(count);
        let permit = permit.map_err(|_| Unreadable::NoMemory)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }

    /// Gives a message its share of the memory; the rest stays with what is buffered.
    fn hand_over(&mut self, bytes: Bytes) -> Result<Message, Unreadable> {
        if self.held.is_none() {
            self.hold(0)?;
        }
        let held = self.held.take().ok_or(Unreadable::NoMemory)?;
        if !self.buffer.is_empty() {
            self.hold(self.buffer.len())?;
        }
        Ok(Message { bytes, memory: held })
    }
}

fn malformed(message: &str) -> Unreadable {
    Unreadable::Malformed(Status::new(INTERNAL, message))
}
