//! State that all parts of a listener share: methods, open calls, limits.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use pyo3::IntoPyObject;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::admission::Admissions;
use crate::broadcast::Command;
use crate::call_counts::MethodNumbers;
use crate::calls::Calls;
use crate::inbox::Inbox;
use crate::memory::{Memory, Share};
use crate::notices::{Connections, Notices};
use crate::observation::Observation;
use crate::peer::{Memories, Peer, PeerLimits};
use crate::response_cache::ResponseCache;
use crate::settings::Settings;
use crate::status::{RESOURCE_EXHAUSTED, Status};

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Unary,
    Stream,
    Bidi,
}

#[derive(Clone, Copy)]
pub struct Method {
    pub number: usize,
    pub kind: Kind,
    /// Python takes all its calls that are queued as one list.
    pub batched: bool,
    /// Exempt from the limits of calls, streams and queue, such as health.
    pub unlimited: bool,
}

/// The largest request of an unlimited method, and the memory for all such requests.
const UNLIMITED_REQUEST_BYTES: usize = 16 * 1024;
const UNLIMITED_MEMORY_BYTES: usize = 64 * 1024 * 1024;
/// Open calls of unlimited methods of one connection.
const MAX_UNLIMITED: usize = 100;
/// The least limit of streams of one connection; with many streams it is a quarter of all.
const MIN_STREAMS: usize = 1_000;

/// The limits that refuse calls: the names in `Settings.refusals`.
pub mod limit {
    pub const MESSAGE: &str = "message";
    pub const METADATA: &str = "metadata";
    pub const CALLS: &str = "calls";
    pub const CONNECTION: &str = "connection";
    pub const STREAMS: &str = "streams";
    pub const QUEUE: &str = "queue";
    pub const MEMORY: &str = "memory";
    pub const STOPPING: &str = "stopping";

    pub const ALL: [&str; 8] =
        [MESSAGE, METADATA, CALLS, CONNECTION, STREAMS, QUEUE, MEMORY, STOPPING];
}

/// The status of calls over one limit, and how many got it.
struct LimitRefusals {
    status: Status,
    count: AtomicU64,
}

/// What was counted since the start, and what is open now, for Python.
#[derive(IntoPyObject)]
pub struct Counts {
    methods: Vec<MethodNumbers>,
    refusals: HashMap<&'static str, u64>,
    calls: usize,
    streams: usize,
    connections: usize,
    ended_connections: (u64, u64, u64, u64),
    cache_hits: u64,
    ended_calls_dropped: u64,
}

/// No time limit: some 30 years.
pub const FOREVER: Duration = Duration::from_secs(1_000_000_000);

pub struct Core {
    pub settings: Settings,
    /// The methods by path, once the listener is started.
    methods: OnceLock<HashMap<String, Method>>,
    pub inbox: Inbox,
    pub calls: Calls,
    pub responses: ResponseCache,
    pub commands: UnboundedSender<Command>,
    /// The end of the grace for open calls, set once no new connections and streams are accepted.
    pub drain: watch::Sender<Option<Instant>>,
    pub tls: RwLock<Option<TlsAcceptor>>,
    pub admissions: Admissions,
    memories: Memories,
    pub notices: Notices,
    pub observation: Arc<Observation>,
    refusals: HashMap<&'static str, LimitRefusals>,
}

impl Core {
    pub fn new(settings: Settings, commands: UnboundedSender<Command>) -> io::Result<Self> {
        Ok(Self {
            methods: OnceLock::new(),
            inbox: Inbox::new(settings.max_queue)?,
            calls: Calls::default(),
            responses: ResponseCache::default(),
            commands,
            drain: watch::channel(None).0,
            tls: RwLock::new(None),
            admissions: Admissions::new(&settings),
            memories: Memories {
                requests: Memory::new(settings.max_buffered_bytes),
                unlimited: Memory::new(UNLIMITED_MEMORY_BYTES),
                responses: Memory::new(settings.max_unread_bytes),
            },
            notices: Notices::default(),
            observation: Arc::new(Observation::new(
                &settings.latency_bounds_s,
                settings.ended_calls,
                settings.trace_contexts,
            )),
            refusals: limit::ALL.map(|limit| (limit, LimitRefusals::new(&settings, limit))).into(),
            settings,
        })
    }

    /// Sets the methods, once; their numbers are in the order of the paths. The first ones are batched.
    pub fn set_methods(&self, paths: [(Vec<String>, Kind); 4], unlimited: &HashSet<String>) {
        let batch_methods = paths[0].0.len();
        let of_kind =
            |(paths, kind): (Vec<String>, Kind)| paths.into_iter().map(move |path| (path, kind));
        let numbered = paths.into_iter().flat_map(of_kind).enumerate();
        let methods = numbered.map(|(number, (path, kind))| {
            let unlimited = unlimited.contains(&path);
            (path, Method { number, kind, batched: number < batch_methods, unlimited })
        });
        let methods = self.methods.get_or_init(|| methods.collect());
        self.observation.counts.set_methods(methods.len());
    }

    pub fn method(&self, path: &str) -> Option<Method> {
        self.methods.get()?.get(path).copied()
    }

    /// Returns the state of a new connection.
    pub fn peer(&self, address: SocketAddr) -> Arc<Peer> {
        let limits = self.peer_limits();
        Arc::new(Peer::new(address, limits, &self.memories, &self.observation))
    }

    /// Returns what one connection may have open.
    fn peer_limits(&self) -> PeerLimits {
        PeerLimits {
            calls: self.settings.max_calls_per_connection,
            streams: MIN_STREAMS.max(self.settings.max_streams / 4),
            unlimited: MAX_UNLIMITED,
        }
    }

    /// Returns how many HTTP/2 streams one connection may have open: as many as it may have calls of
    /// every kind, so that none keeps another waiting, and as many calls again that are over the limit.
    pub fn max_http2_streams(&self) -> u32 {
        let limits = self.peer_limits();
        let sum = 2usize.saturating_mul(limits.calls).saturating_add(limits.streams);
        u32::try_from(sum.saturating_add(limits.unlimited)).unwrap_or(u32::MAX)
    }

    /// Returns the largest request of a method, and the memory that its requests are counted against.
    pub fn request_limits(&self, peer: &Peer, method: Method) -> (usize, Arc<Share>) {
        let max_bytes = self.settings.max_message_bytes;
        if method.unlimited {
            return (max_bytes.min(UNLIMITED_REQUEST_BYTES), Arc::clone(&peer.unlimited_requests));
        }
        (max_bytes, Arc::clone(&peer.requests))
    }

    /// Returns the status of a call that is over a limit, and counts it.
    pub fn refusal(&self, limit: &str) -> Status {
        match self.refusals.get(limit) {
            Some(LimitRefusals { status, count }) => {
                count.fetch_add(1, Ordering::Relaxed);
                status.clone()
            }
            None => Status::new(RESOURCE_EXHAUSTED, limit),
        }
    }

    pub fn counts(&self) -> Counts {
        let Connections { refused, idle, flood, unread } = self.notices.counts();
        let (calls, streams) = self.admissions.in_flight();
        let observation = &self.observation;
        let count = |refusals: &LimitRefusals| refusals.count.load(Ordering::Relaxed);
        Counts {
            methods: observation.counts.methods(),
            refusals: self.refusals.iter().map(|(limit, it)| (*limit, count(it))).collect(),
            calls,
            streams,
            connections: observation.open_connections(),
            ended_connections: (refused, idle, flood, unread),
            cache_hits: observation.counts.cache_hits(),
            ended_calls_dropped: observation.ended_calls.dropped(),
        }
    }

    /// Accepts no new connections and streams, and gives open calls a grace, which later calls of
    /// this function can only shorten.
    pub fn drain(&self, grace: Duration) {
        let end = Instant::now() + grace.min(FOREVER);
        self.drain.send_modify(|drain| *drain = Some(drain.map_or(end, |old| old.min(end))));
    }
}

impl LimitRefusals {
    fn new(settings: &Settings, limit: &str) -> Self {
        let status = settings.refusals.get(limit).cloned();
        let status = status.unwrap_or_else(|| Status::new(RESOURCE_EXHAUSTED, limit));
        Self { status, count: AtomicU64::new(0) }
    }
}
