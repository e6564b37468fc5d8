//! Counts connections that were ended or refused, and reports new ones to Python, at most once a
//! second.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::ending::Cause;
use crate::inbox::{Event, Inbox};

const INTERVAL: Duration = Duration::from_secs(1);

/// Numbers of connections.
#[derive(Clone, Copy, Default)]
pub struct Connections {
    /// Refused, because all others are in use.
    pub refused: u64,
    /// Ended to make room for others.
    pub idle: u64,
    /// Ended because of too many control frames.
    pub flood: u64,
    /// Ended because of unread responses.
    pub unread: u64,
}

#[derive(Default)]
pub struct Notices {
    counts: Mutex<Connections>,
    changed: Notify,
}

impl Notices {
    pub fn on_refused(&self) {
        self.counts.lock().refused += 1;
        self.changed.notify_one();
    }

    pub fn on_ended(&self, cause: Cause) {
        let mut counts = self.counts.lock();
        match cause {
            Cause::Idle => counts.idle += 1,
            Cause::Flood => counts.flood += 1,
            Cause::Unread => counts.unread += 1,
        }
        self.changed.notify_one();
    }

    /// Returns the counts since the start.
    pub fn counts(&self) -> Connections {
        *self.counts.lock()
    }

    /// Reports what was added to the counts when they changed. Runs as long as the runtime.
    pub async fn report(&self, inbox: &Inbox) {
        let mut reported = Connections::default();
        loop {
            self.changed.notified().await;
            let counts = self.counts();
            inbox.push(Event::Connections(counts.since(reported)));
            reported = counts;
            sleep(INTERVAL).await;
        }
    }
}

impl Connections {
    fn since(self, earlier: Self) -> Self {
        Self {
            refused: self.refused - earlier.refused,
            idle: self.idle - earlier.idle,
            flood: self.flood - earlier.flood,
            unread: self.unread - earlier.unread,
        }
    }
}
