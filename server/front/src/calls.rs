//! The open calls of a listener by id.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::call::{Call, CallId};
use crate::trace_context::TraceContext;

/// Hashes ids, which the listener counts itself: multiplication spreads them enough.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A map with the ids of calls as keys.
pub type CallMap<V> = HashMap<CallId, V, BuildHasherDefault<IdHasher>>;

/// Open calls by id.
#[derive(Default)]
pub struct Calls {
    open: Mutex<CallMap<Arc<Call>>>,
    last_id: AtomicU64,
}

impl Calls {
    pub fn open(&self, trace_context: Option<TraceContext>) -> Arc<Call> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let call = Arc::new(Call::new(id, trace_context));
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

#[cfg(test)]
mod tests;
