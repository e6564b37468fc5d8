//! State that all parts of a listener share: methods, open calls, limits.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::broadcast::Command;
use crate::call::Calls;
use crate::inbox::Inbox;
use crate::response_cache::ResponseCache;
use crate::settings::Settings;
use crate::status::{RESOURCE_EXHAUSTED, Status};

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Unary,
    Stream,
    Bidi,
}

pub struct Method {
    pub number: usize,
    pub kind: Kind,
    /// Exempt from the limits of calls, streams and queue, such as health.
    pub unlimited: bool,
}

/// The largest request of an unlimited method, and the memory for all such requests.
const UNLIMITED_REQUEST_BYTES: usize = 16 * 1024;
const UNLIMITED_MEMORY_BYTES: usize = 64 * 1024 * 1024;

/// The limits that refuse calls: the names in `Settings.refusals`.
pub mod limit {
    pub const MESSAGE: &str = "message";
    pub const METADATA: &str = "metadata";
    pub const CALLS: &str = "calls";
    pub const STREAMS: &str = "streams";
    pub const QUEUE: &str = "queue";
    pub const MEMORY: &str = "memory";
    pub const STOPPING: &str = "stopping";
}

/// The least time between two refusals over the limit of calls. A refusal takes about 10 µs, so this
/// leaves four fifths of a core to admitted calls; the calls beyond wait in their connections.
const REFUSAL_INTERVAL: Duration = Duration::from_micros(50);
/// The resolution of the runtime's timers.
const TICK: Duration = Duration::from_millis(1);

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
    pub connections: Arc<Semaphore>,
    unary: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    /// Memory for the requests of unlimited methods.
    unlimited_memory: Arc<Semaphore>,
    /// Calls that are neither admitted nor refused yet.
    tickets: AtomicUsize,
    /// The earliest time for the next refusal over the limit of calls.
    next_refusal: Mutex<Instant>,
}

/// Counts a call until it is admitted or refused.
pub struct AdmissionTicket(Arc<Core>);

impl AdmissionTicket {
    pub fn new(core: &Arc<Core>) -> Self {
        core.tickets.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(core))
    }

    pub fn core(&self) -> &Arc<Core> {
        &self.0
    }
}

impl Drop for AdmissionTicket {
    fn drop(&mut self) {
        self.0.tickets.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Core {
    pub fn new(settings: Settings, commands: UnboundedSender<Command>) -> io::Result<Self> {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Ok(Self {
            methods: OnceLock::new(),
            inbox: Inbox::new(settings.max_queue)?,
            calls: Calls::default(),
            responses: ResponseCache::default(),
            commands,
            drain: watch::channel(None).0,
            tls: RwLock::new(None),
            connections: semaphore(settings.max_connections),
            unary: semaphore(settings.max_calls),
            streams: semaphore(settings.max_streams),
            memory: semaphore(settings.max_buffered_bytes),
            unlimited_memory: semaphore(UNLIMITED_MEMORY_BYTES),
            tickets: AtomicUsize::new(0),
            next_refusal: Mutex::new(Instant::now()),
            settings,
        })
    }

    /// Sets the methods, once; their numbers are in the order of the paths.
    pub fn set_methods(&self, paths: [(Vec<String>, Kind); 3], unlimited: &HashSet<String>) {
        let of_kind =
            |(paths, kind): (Vec<String>, Kind)| paths.into_iter().map(move |path| (path, kind));
        let numbered = paths.into_iter().flat_map(of_kind).enumerate();
        let methods = numbered.map(|(number, (path, kind))| {
            let unlimited = unlimited.contains(&path);
            (path, Method { number, kind, unlimited })
        });
        self.methods.get_or_init(|| methods.collect());
    }

    pub fn method(&self, path: &str) -> Option<&Method> {
        self.methods.get()?.get(path)
    }

    /// Returns whether the method of a path is unlimited.
    pub fn is_unlimited(&self, path: &str) -> bool {
        self.method(path).is_some_and(|method| method.unlimited)
    }

    /// Returns the largest request of a method, and the memory that its requests are counted against.
    pub fn request_limits(&self, method: &Method) -> (usize, Arc<Semaphore>) {
        let max_bytes = self.settings.max_message_bytes;
        if method.unlimited {
            return (max_bytes.min(UNLIMITED_REQUEST_BYTES), Arc::clone(&self.unlimited_memory));
        }
        (max_bytes, Arc::clone(&self.memory))
    }

    /// Admits a call of a method for as long as the permit is held; unlimited methods need none.
    pub fn admit(&self, method: &Method) -> Result<Option<OwnedSemaphorePermit>, Status> {
        if method.unlimited {
            return Ok(None);
        }
        let (permits, limit) = match method.kind {
            Kind::Unary => (&self.unary, limit::CALLS),
            Kind::Stream | Kind::Bidi => (&self.streams, limit::STREAMS),
        };
        let permit = Arc::clone(permits).try_acquire_owned();
        permit.map(Some).map_err(|_| self.refusal(limit))
    }

    /// Returns whether so few calls can be admitted that new ones must be started one by one.
    pub fn is_nearly_full(&self) -> bool {
        let tickets = self.tickets.load(Ordering::Relaxed);
        self.unary.available_permits() <= tickets + self.settings.max_calls / 4
    }

    /// Returns how long the next call of a connection has to wait for its refusal: 0 if it can be
    /// admitted.
    pub fn refusal_delay(&self) -> Duration {
        if self.unary.available_permits() > 0 {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let mut next = self.next_refusal.lock();
        let delay = next.saturating_duration_since(now);
        *next = now.max(*next) + REFUSAL_INTERVAL;
        // The timer would round a shorter delay up.
        if delay < TICK { Duration::ZERO } else { delay }
    }

    /// Returns the status of a limit from the settings.
    pub fn refusal(&self, limit: &str) -> Status {
        let status = self.settings.refusals.get(limit).cloned();
        status.unwrap_or_else(|| Status::new(RESOURCE_EXHAUSTED, limit))
    }

    /// Accepts no new connections and streams, and gives open calls a grace, which later calls of
    /// this function can only shorten.
    pub fn drain(&self, grace: Duration) {
        let end = Instant::now() + grace.min(FOREVER);
        self.drain.send_modify(|drain| *drain = Some(drain.map_or(end, |old| old.min(end))));
    }
}
