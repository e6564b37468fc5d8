//! Counts the frames of a connection, and stops reading when its peer floods.
//!
//! Pings, resets and settings cost their sender nothing. A peer may send a number of them a second,
//! and some more for each frame of headers or data that it receives: clients ping to measure their
//! bandwidth.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::ending::{Cause, Ending};
use crate::linger::Linger;
use crate::read_budget::ReadBudget;

const PREFACE: usize = 24;
const FRAME_HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
/// Control frames that a peer may send a second.
const PER_SECOND: f64 = 5_000.0;
/// Control frames allowed for each frame of headers or data.
const PER_FRAME: f64 = 4.0;
/// The most unused allowance that a peer may accumulate: that of 5 seconds.
const BURST: f64 = 5.0 * PER_SECOND;

/// Finds the frame headers in a byte stream that arrives in pieces of any size.
struct Frames {
    header: [u8; FRAME_HEADER],
    filled: usize,
    skip: usize,
}

impl Frames {
    fn after(skip: usize) -> Self {
        Self { header: [0; FRAME_HEADER], filled: 0, skip }
    }

    /// Calls back with the type of each frame whose header ends within these bytes.
    fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(u8)) {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let wanted = (FRAME_HEADER - self.filled).min(bytes.len());
            self.header[self.filled..self.filled + wanted].copy_from_slice(&bytes[..wanted]);
            self.filled += wanted;
            bytes = &bytes[wanted..];
            if self.filled == FRAME_HEADER {
                let [a, b, c, kind, ..] = self.header;
                self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                self.filled = 0;
                found(kind);
            }
        }
    }
}

/// A connection whose frames are counted.
pub struct Metered<T> {
    io: T,
    received: Frames,
    sent: Frames,
    allowance: f64,
    counted_at: Instant,
    ending: Arc<Ending>,
    budget: Arc<ReadBudget>,
    going_away: bool,
    linger: Linger,
}

impl<T> Metered<T> {
    /// Wraps a connection, which reads within a budget and is ended when the peer floods.
    pub fn new(io: T, ending: Arc<Ending>, budget: Arc<ReadBudget>) -> Self {
        Self {
            io,
            received: Frames::after(PREFACE),
            sent: Frames::after(0),
            allowance: BURST,
            counted_at: Instant::now(),
            ending,
            budget,
            going_away: false,
            linger: Linger::default(),
        }
    }

    /// Counts the control frames in received bytes; false when they exceed the allowance.
    fn count(&mut self, bytes: &[u8]) -> bool {
        let mut control = 0;
        let uncounted = [DATA, HEADERS, CONTINUATION];
        self.received.feed(bytes, |kind| control += u32::from(!uncounted.contains(&kind)));
        self.allowance -= f64::from(control);
        if self.allowance < 0.0 {
            let now = Instant::now();
            let elapsed = now.duration_since(self.counted_at).as_secs_f64();
            self.counted_at = now;
            self.earn(elapsed * PER_SECOND);
        }
        self.allowance >= 0.0
    }

    /// Counts the frames of headers and data in sent bytes: the first bytes of these slices.
    fn count_sent(&mut self, slices: &[IoSlice<'_>], mut bytes: usize) {
        let mut frames = 0;
        for slice in slices {
            let sent = bytes.min(slice.len());
            bytes -= sent;
            self.sent.feed(&slice[..sent], |kind| {
                frames += u32::from(kind <= HEADERS);
                self.going_away |= kind == GOAWAY;
            });
        }
        self.earn(f64::from(frames) * PER_FRAME);
    }

    fn earn(&mut self, frames: f64) {
        self.allowance = (self.allowance + frames).min(BURST);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.allowance < 0.0 {
            return Poll::Pending; // the connection is being closed
        }
        if self.budget.is_spent() {
            return Poll::Pending; // the task of the connection renews it
        }
        let before = buffer.filled().len();
        let limit = self.budget.left();
        let read = if buffer.remaining() <= limit {
            Pin::new(&mut self.io).poll_read(context, buffer)
        } else {
            let mut limited = ReadBuf::new(buffer.initialize_unfilled_to(limit));
            let read = Pin::new(&mut self.io).poll_read(context, &mut limited);
            let count = limited.filled().len();
            buffer.advance(count);
            read
        };
        let bytes = &buffer.filled()[before..];
        self.budget.spend(bytes.len());
        if !self.count(bytes) {
            self.ending.end(Cause::Flood);
        }
        read
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = match slices {
            // A single part: send(2) takes less time than writev(2).
            [slice] => Pin::new(&mut self.io).poll_write(context, slice),
            _ => Pin::new(&mut self.io).poll_write_vectored(context, slices),
        };
        if let Poll::Ready(Ok(count)) = &written {
            self.count_sent(slices, *count);
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let metered = self.get_mut();
        if !metered.linger.is_started() {
            ready!(Pin::new(&mut metered.io).poll_shutdown(context))?;
        }
        let until_closed = metered.going_away;
        metered.linger.poll(&mut metered.io, until_closed, context).map(Ok)
    }
}

#[cfg(test)]
mod tests;
