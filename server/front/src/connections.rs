//! Open connections up to a limit. Over it, the longest idle one makes room for a new one.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{AbortHandle, Id, JoinSet};

use crate::ending::Cause;
use crate::peer::Peer;

/// Connections over the limit that have time to send GOAWAY: each takes a file. Of more, the first are
/// closed at once.
const MAX_CLOSING: usize = 16;
/// Idle connections that are found in one search.
const MAX_FOUND: usize = 256;
/// The least time between two searches, for each connection that there is: a search takes a tenth.
const SEARCH_INTERVAL: Duration = Duration::from_micros(1);

pub struct Connections {
    max: usize,
    tasks: JoinSet<()>,
    open: HashMap<Id, (Arc<Peer>, AbortHandle)>,
    /// Those that make room, first the one that is closed longest.
    closing: VecDeque<Id>,
    /// Idle connections that the last search found, the longest idle first.
    idle: VecDeque<(Instant, Id)>,
    searched_at: Option<Instant>,
}

impl Connections {
    pub fn new(max: usize) -> Self {
        Self {
            max,
            tasks: JoinSet::new(),
            open: HashMap::new(),
            closing: VecDeque::new(),
            idle: VecDeque::new(),
            searched_at: None,
        }
    }

    /// Returns whether the limit is reached.
    pub fn is_full(&self) -> bool {
        self.open.len() - self.closing.len() >= self.max
    }

    pub fn spawn(&mut self, peer: Arc<Peer>, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.tasks.spawn(task);
        self.open.insert(handle.id(), (peer, handle));
    }

    /// Ends the longest idle connection; false if none is idle.
    pub fn end_longest_idle(&mut self) -> bool {
        let Some(id) = self.next_idle().or_else(|| self.search().then(|| self.next_idle())?) else {
            return false;
        };
        self.open[&id].0.ending.end(Cause::Idle);
        self.closing.push_back(id);
        if self.closing.len() > MAX_CLOSING {
            let first = self.closing.pop_front();
            if let Some((_, task)) = first.and_then(|first| self.open.remove(&first)) {
                task.abort();
            }
        }
        true
    }

    /// Takes the longest idle connection that the last search found, if it was idle ever since:
    /// then it is the longest idle one of all.
    fn next_idle(&mut self) -> Option<Id> {
        while let Some((since, id)) = self.idle.pop_front() {
            if self.idle_since(id) == Some(since) {
                return Some(id);
            }
        }
        None
    }

    /// Searches idle connections; false if the last search is too recent.
    fn search(&mut self) -> bool {
        let now = Instant::now();
        let interval = SEARCH_INTERVAL * u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        if self.searched_at.is_some_and(|at| now.duration_since(at) < interval) {
            return false;
        }
        self.searched_at = Some(now);
        let idle = self.open.keys().filter_map(|id| Some((self.idle_since(*id)?, *id)));
        let mut idle: Vec<_> = idle.collect();
        idle.sort_unstable_by_key(|(since, _)| *since);
        idle.truncate(MAX_FOUND);
        self.idle = idle.into();
        true
    }

    fn idle_since(&self, id: Id) -> Option<Instant> {
        let (peer, _) = self.open.get(&id)?;
        if peer.ending.cause().is_some() { None } else { peer.idle_since() }
    }

    /// Has all connections accept no more streams.
    pub fn drain(&self) {
        for (peer, _) in self.open.values() {
            peer.ending.drain();
        }
    }

    /// Waits until a connection has ended; false if none is open.
    pub async fn ended(&mut self) -> bool {
        let id = match self.tasks.join_next_with_id().await {
            None => return false,
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
        };
        if self.open.remove(&id).is_some() {
            self.closing.retain(|closing| *closing != id);
        }
        true
    }
}
