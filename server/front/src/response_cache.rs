//! Cached responses: sent for exactly the same request until they are invalidated.
//!
//! One lock orders `get`, `put` and `invalidate`: a request that is looked up after `invalidate`
//! returned never gets an invalidated response.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;

/// The number of a method and the bytes of a request.
type Key = (usize, Bytes);

/// Memory for cached responses and their requests.
const MAX_BYTES: usize = 64 * 1024 * 1024;

#[derive(Default)]
pub struct ResponseCache(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    /// Tag and framed response by key.
    responses: HashMap<Key, (String, Bytes)>,
    keys_by_tag: HashMap<String, Vec<Key>>,
    bytes: usize,
}

impl ResponseCache {
    pub fn get(&self, method: usize, request: &Bytes) -> Option<Bytes> {
        let entries = self.0.lock();
        if entries.responses.is_empty() {
            return None;
        }
        let (_, response) = entries.responses.get(&(method, request.clone()))?;
        Some(response.clone())
    }

    /// Stores a framed response in place of an earlier one, if there is memory for it.
    pub fn put(&self, method: usize, request: Bytes, tag: String, response: Bytes) {
        let mut entries = self.0.lock();
        let key = (method, request);
        if let Some((old_tag, _)) = entries.remove(&key) {
            entries.untag(&old_tag, &key);
        }
        let size = key.1.len() + response.len();
        if entries.bytes + size > MAX_BYTES {
            return;
        }
        entries.bytes += size;
        let keys = entries.keys_by_tag.entry(tag.clone()).or_default();
        keys.push(key.clone());
        entries.responses.insert(key, (tag, response));
    }

    /// Removes the responses of a tag.
    pub fn invalidate(&self, tag: &str) {
        let mut entries = self.0.lock();
        for key in entries.keys_by_tag.remove(tag).unwrap_or_default() {
            entries.remove(&key);
        }
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

#[cfg(test)]
mod tests;
