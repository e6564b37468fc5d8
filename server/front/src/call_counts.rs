//! Counts the calls of each method by status code and duration, and their messages.
//!
//! Counting takes a few atomic additions and no lock. No count ever falls.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pyo3::IntoPyObject;

use crate::status::UNKNOWN;

/// The status codes of gRPC: 0 to 16.
const CODES: usize = 17;

pub struct CallCounts {
    /// The upper bounds of the latency buckets; there is one more bucket for all above.
    bounds: Vec<Duration>,
    /// The methods by their numbers, and then the calls of no method.
    methods: OnceLock<Vec<MethodCounts>>,
    cache_hits: AtomicU64,
}

struct MethodCounts {
    ended: [AtomicU64; CODES],
    buckets: Vec<AtomicU64>,
    /// The bits of a floating-point number: integers of nanoseconds overflow with streams of days.
    seconds: AtomicU64,
    messages: AtomicU64,
}

/// The counts of one method for Python: ended calls by code and by bucket, the sum of their
/// seconds, messages sent.
#[derive(IntoPyObject)]
pub struct MethodNumbers(Vec<u64>, Vec<u64>, f64, u64);

impl CallCounts {
    pub fn new(bounds: &[Duration]) -> Self {
        Self { bounds: bounds.to_vec(), methods: OnceLock::new(), cache_hits: AtomicU64::new(0) }
    }

    /// Sets the number of methods, once.
    pub fn set_methods(&self, count: usize) {
        let method = || MethodCounts::new(self.bounds.len() + 1);
        self.methods.get_or_init(|| (0..=count).map(|_| method()).collect());
    }

    /// Returns the number under which calls of no method are counted.
    pub fn unknown_method(&self) -> usize {
        self.methods.get().map_or(0, |methods| methods.len() - 1)
    }

    pub fn on_end(&self, method: usize, code: u8, duration: Duration) {
        if let Some(method) = self.method(method) {
            let bucket = self.bounds.partition_point(|bound| *bound < duration);
            method.on_end(code, bucket, duration);
        }
    }

    pub fn on_message(&self, method: usize) {
        if let Some(method) = self.method(method) {
            method.messages.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn on_cache_hit(&self) {
        self.cache_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub fn cache_hits(&self) -> u64 {
        self.cache_hits.load(Ordering::Relaxed)
    }

    /// Returns the counts of all methods by their numbers, and those of no method.
    pub fn methods(&self) -> Vec<MethodNumbers> {
        self.methods.get().into_iter().flatten().map(MethodCounts::read).collect()
    }

    fn method(&self, number: usize) -> Option<&MethodCounts> {
        self.methods.get()?.get(number)
    }
}

#[cfg(test)]
impl MethodNumbers {
    pub fn ended(&self, code: u8) -> u64 {
        self.0[usize::from(code)]
    }
}

impl MethodCounts {
    fn new(buckets: usize) -> Self {
        Self {
            ended: Default::default(),
            buckets: (0..buckets).map(|_| AtomicU64::new(0)).collect(),
            seconds: AtomicU64::new(0),
            messages: AtomicU64::new(0),
        }
    }

    fn on_end(&self, code: u8, bucket: usize, duration: Duration) {
        let ended = self.ended.get(usize::from(code)).unwrap_or(&self.ended[usize::from(UNKNOWN)]);
        ended.fetch_add(1, Ordering::Relaxed);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        let add = |bits| Some((f64::from_bits(bits) + duration.as_secs_f64()).to_bits());
        // The function never returns None, so this is no error.
        let _ = self.seconds.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    fn read(&self) -> MethodNumbers {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        MethodNumbers(
            self.ended.iter().map(load).collect(),
            self.buckets.iter().map(load).collect(),
            f64::from_bits(load(&self.seconds)),
            load(&self.messages),
        )
    }
}

#[cfg(test)]
mod tests;
