//! Cached responses: sent for exactly the same request until they are invalidated.
//!
//! One lock orders `get`, `put` and `invalidate`: a request that is looked up after `invalidate`
//! returned never gets an invalidated response.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;

/// The number of a method and the bytes of a request.
type Key = (usize, Bytes);

pub struct ResponseCache {
    entries: Mutex<Entries>,
    max_bytes: usize,
}

#[derive(Default)]
struct Entries {
    /// Tag and framed response by key.
    responses: HashMap<Key, (String, Bytes)>,
    keys_by_tag: HashMap<String, Vec<Key>>,
    bytes: usize,
}

impl ResponseCache {
    pub fn new(max_bytes: usize) -> Self {
        Self { entries: Mutex::default(), max_bytes }
    }

    pub fn get(&self, method: usize, request: &Bytes) -> Option<Bytes> {
        let entries = self.entries.lock();
        if entries.responses.is_empty() {
            return None;
        }
        let (_, response) = entries.responses.get(&(method, request.clone()))?;
        Some(response.clone())
    }

    /// Stores a framed response, in place of an earlier one; false if there is no memory for it.
    pub fn put(&self, method: usize, request: Bytes, tag: String, response: Bytes) -> bool {
        let mut entries = self.entries.lock();
        let key = (method, request);
        if let Some((old_tag, _)) = entries.remove(&key) {
            entries.untag(&old_tag, &key);
        }
        let size = key.1.len() + response.len();
        if entries.bytes + size > self.max_bytes {
            return false;
        }
        entries.bytes += size;
        let keys = entries.keys_by_tag.entry(tag.clone()).or_default();
        keys.push(key.clone());
        entries.responses.insert(key, (tag, response));
        true
    }

    /// Removes the responses of a tag and returns how many there were.
    pub fn invalidate(&self, tag: &str) -> usize {
        let mut entries = self.entries.lock();
        let keys = entries.keys_by_tag.remove(tag).unwrap_or_default();
        for key in &keys {
            entries.remove(key);
        }
        keys.len()
    }
}

impl Entries {
    fn remove(&mut self, key: &Key) -> Option<(String, Bytes)> {
        let removed = self.responses.remove(key)?;
        self.bytes -= key.1.len() + removed.1.len();
        Some(removed)
    }

    fn untag(&mut self, tag: &str, key: &Key) {
        if let Some(keys) = self.keys_by_tag.get_mut(tag) {
            keys.retain(|other| other != key);
            if keys.is_empty() {
                self.keys_by_tag.remove(tag);
            }
        }
    }
}
