//! Reads on, and drops what it reads, between the end of writing and the close of a connection.
//!
//! If a socket is closed with bytes unread, or gets some later, TCP resets the connection, and the
//! peer may lose what was sent last: GOAWAY with the reason of the end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Time that the peer has to close the connection.
const LINGER_TIME: Duration = Duration::from_secs(1);
/// Pause between two reads, so that dropping takes no time from others.
const PAUSE: Duration = Duration::from_millis(2);
const READ_BYTES: usize = 16 * 1024;

#[derive(Default)]
pub struct Linger(Option<Started>);

struct Started {
    end: Instant,
    /// Runs until the next read, or until the end while nothing has arrived.
    timer: Pin<Box<Sleep>>,
    pausing: bool,
}

impl Linger {
    pub fn is_started(&self) -> bool {
        self.0.is_some()
    }

    /// Drops what is read: what has arrived, or all until the peer closes the connection.
    pub fn poll<T: AsyncRead + Unpin>(
        &mut self,
        io: &mut T,
        until_closed: bool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let Started { end, timer, pausing } = self.0.get_or_insert_with(|| {
            let end = Instant::now() + LINGER_TIME;
            Started { end, timer: Box::pin(sleep_until(end)), pausing: false }
        });
        loop {
            if timer.as_mut().poll(context).is_ready() {
                if Instant::now() >= *end {
                    return Poll::Ready(());
                }
                *pausing = false;
                timer.as_mut().reset(*end);
            } else if *pausing {
                return Poll::Pending;
            } else {
                match read(io, context) {
                    Poll::Ready(0) => return Poll::Ready(()),
                    Poll::Ready(_) => {
                        *pausing = true;
                        timer.as_mut().reset(Instant::now() + PAUSE);
                    }
                    Poll::Pending if until_closed => return Poll::Pending,
                    Poll::Pending => return Poll::Ready(()),
                }
            }
        }
    }
}

/// Reads once, and returns the number of bytes: 0 at the end.
fn read<T: AsyncRead + Unpin>(io: &mut T, context: &mut Context<'_>) -> Poll<usize> {
    let mut bytes = [0; READ_BYTES];
    let mut buffer = ReadBuf::new(&mut bytes);
    match ready!(Pin::new(io).poll_read(context, &mut buffer)) {
        Ok(()) => Poll::Ready(buffer.filled().len()),
        Err(_) => Poll::Ready(0),
    }
}
