//! What the parts of a listener share: methods, open calls, limits and counters.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::broadcast::Command;
use crate::call::{Call, CallId, Slot};
use crate::inbox::Inbox;
use crate::response_cache::ReadyAnswers;
use crate::settings::Settings;
use crate::status::{RESOURCE_EXHAUSTED, Status};

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Unary,
    Streaming,
    Bidirectional,
}

pub struct Method {
    pub path: String,
    pub kind: Kind,
    /// Not subject to the limits of calls, streams and queue: health is always answered.
    pub unlimited: bool,
}

/// The largest request of a method that is not limited otherwise, and of all such together.
const UNLIMITED_BYTES: usize = 16 * 1024;
const SPARE_BYTES: usize = 64 * 1024 * 1024;

/// What a call or connection can be refused for: the names in `Settings.refusals`.
pub mod limit {
    pub const MESSAGE: &str = "message";
    pub const METADATA: &str = "metadata";
    pub const CALLS: &str = "calls";
    pub const STREAMS: &str = "streams";
    pub const QUEUE: &str = "queue";
    pub const MEMORY: &str = "memory";
    pub const STOPPING: &str = "stopping";
    pub const CONNECTIONS: &str = "connections";
    pub const CONTROL_FRAMES: &str = "control_frames";
}

/// How often calls are refused for want of room. To refuse one takes about 10 µs, so this leaves four
/// fifths of a core to the calls that are served; what comes faster waits in its connection.
const REFUSAL_EVERY: Duration = Duration::from_micros(50);
const TICK: Duration = Duration::from_millis(1);

/// Where there is no limit: some 30 years.
pub const FOREVER: Duration = Duration::from_secs(1_000_000_000);

/// Calls that are not over, by id.
#[derive(Default)]
pub struct Calls {
    open: Mutex<HashMap<CallId, Arc<Call>>>,
    last_id: AtomicU64,
}

impl Calls {
    pub fn open(&self, slot: Slot) -> Arc<Call> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Arc::new(Call::new(id, slot));
        self.open.lock().insert(id, Arc::clone(&call));
        call
    }

    pub fn close(&self, id: CallId) {
        self.open.lock().remove(&id);
    }

    pub fn get(&self, id: CallId) -> Option<Arc<Call>> {
        self.open.lock().get(&id).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Call>> {
        self.open.lock().values().cloned().collect()
    }
}

pub struct Core {
    pub settings: Settings,
    pub methods: Vec<Method>,
    numbers: HashMap<String, usize>,
    pub inbox: Inbox,
    pub calls: Calls,
    pub ready: ReadyAnswers,
    pub commands: UnboundedSender<Command>,
    /// When what is under way is to end, once no new connections and streams are taken.
    pub leaving: watch::Sender<Option<Instant>>,
    pub tls: RwLock<Option<TlsAcceptor>>,
    pub connections: Arc<Semaphore>,
    unary: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    /// What is kept for the requests of unlimited methods.
    spare: Arc<Semaphore>,
    /// How many calls were begun that have no place yet and were not refused.
    arriving: AtomicUsize,
    /// When the next call may be refused for want of room.
    next_refusal: Mutex<Instant>,
    /// How often each limit has refused.
    refused: Mutex<BTreeMap<&'static str, u64>>,
    pub ready_served: AtomicU64,
}

/// A call that was begun, until it has its place or is refused.
pub struct Arrival(Arc<Core>);

impl Arrival {
    pub fn new(core: &Arc<Core>) -> Self {
        core.arriving.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(core))
    }

    pub fn core(&self) -> &Arc<Core> {
        &self.0
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.0.arriving.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Core {
    pub fn new(settings: Settings, commands: UnboundedSender<Command>) -> io::Result<Self> {
        let mut methods = Vec::new();
        for (paths, kind) in [
            (&settings.unary, Kind::Unary),
            (&settings.streaming, Kind::Streaming),
            (&settings.bidirectional, Kind::Bidirectional),
        ] {
            methods.extend(paths.iter().map(|path| Method {
                path: path.clone(),
                kind,
                unlimited: settings.unlimited.contains(path),
            }));
        }
        let number = |(number, method): (usize, &Method)| (method.path.clone(), number);
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Ok(Self {
            numbers: methods.iter().enumerate().map(number).collect(),
            methods,
            inbox: Inbox::new(settings.max_queue)?,
            calls: Calls::default(),
            ready: ReadyAnswers::new(settings.max_ready_bytes),
            commands,
            leaving: watch::channel(None).0,
            tls: RwLock::new(None),
            connections: semaphore(settings.max_connections),
            unary: semaphore(settings.max_calls),
            streams: semaphore(settings.max_streams),
            memory: semaphore(settings.max_buffered_bytes),
            spare: semaphore(SPARE_BYTES),
            arriving: AtomicUsize::new(0),
            next_refusal: Mutex::new(Instant::now()),
            refused: Mutex::default(),
            ready_served: AtomicU64::new(0),
            settings,
        })
    }

    pub fn method(&self, path: &str) -> Option<usize> {
        self.numbers.get(path).copied()
    }

    /// Returns how large a request of a method may be, and the memory that it takes from.
    pub fn room_for(&self, method: &Method) -> (usize, Arc<Semaphore>) {
        let most = self.settings.max_message_bytes;
        if method.unlimited {
            return (most.min(UNLIMITED_BYTES), Arc::clone(&self.spare));
        }
        (most, Arc::clone(&self.memory))
    }

    /// Admits a call of a method for as long as the permit is held; unlimited ones need none.
    pub fn admit(&self, method: &Method) -> Result<Option<OwnedSemaphorePermit>, Status> {
        if method.unlimited {
            return Ok(None);
        }
        let (permits, limit) = match method.kind {
            Kind::Unary => (&self.unary, limit::CALLS),
            Kind::Streaming | Kind::Bidirectional => (&self.streams, limit::STREAMS),
        };
        let permit = Arc::clone(permits).try_acquire_owned();
        permit.map(Some).map_err(|_| self.refuse(limit))
    }

    /// Tells whether a path is answered whatever is under way.
    pub fn is_unlimited(&self, path: &str) -> bool {
        self.method(path).is_some_and(|number| self.methods[number].unlimited)
    }

    /// Tells whether it has to be looked at closely how many more calls there is room for.
    pub fn is_nearly_full(&self) -> bool {
        let arriving = self.arriving.load(Ordering::Relaxed);
        self.unary.available_permits() <= arriving + self.settings.max_calls / 4
    }

    /// Returns how long a connection has to leave its next call waiting, unless there is room.
    pub fn pause(&self) -> Duration {
        if self.unary.available_permits() > 0 {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let mut next = self.next_refusal.lock();
        let pause = next.saturating_duration_since(now);
        *next = now.max(*next) + REFUSAL_EVERY;
        // A shorter pause would become as long as the timer's tick.
        if pause < TICK { Duration::ZERO } else { pause }
    }

    /// Counts a refusal, and returns the status that Python set for it.
    pub fn refuse(&self, limit: &'static str) -> Status {
        *self.refused.lock().entry(limit).or_default() += 1;
        let set = self.settings.refusals.get(limit).cloned();
        set.unwrap_or_else(|| Status::new(RESOURCE_EXHAUSTED, limit))
    }

    /// Returns what is used of each limit now, and what was counted since the start.
    pub fn stats(&self) -> HashMap<String, u64> {
        let settings = &self.settings;
        let mut stats = HashMap::new();
        for (name, limit, permits) in [
            ("connections", settings.max_connections, &self.connections),
            ("calls", settings.max_calls, &self.unary),
            ("streams", settings.max_streams, &self.streams),
            ("buffered_bytes", settings.max_buffered_bytes, &self.memory),
        ] {
            let used = limit.min(Semaphore::MAX_PERMITS) - permits.available_permits();
            stats.insert(name.to_owned(), used as u64);
        }
        stats.insert("ready_served".to_owned(), self.ready_served.load(Ordering::Relaxed));
        for (limit, count) in self.refused.lock().iter() {
            stats.insert(format!("refused_{limit}"), *count);
        }
        stats
    }

    /// Takes no new connections and streams, and gives those under way so much time; once it is
    /// said, it can only become less.
    pub fn leave(&self, grace: Duration) {
        let end = Instant::now() + grace.min(FOREVER);
        self.leaving
            .send_modify(|leaving| *leaving = Some(leaving.map_or(end, |old| old.min(end))));
    }
}
