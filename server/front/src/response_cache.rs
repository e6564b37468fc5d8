//! Ready-made answers: served for exactly the same request until they are withdrawn.
//!
//! Looking up, putting and withdrawing exclude each other, so a request that is looked up after a
//! withdrawal returned never finds what was withdrawn.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;

/// The number of a method and the bytes of a request.
type Question = (usize, Bytes);

pub struct ReadyAnswers {
    held: Mutex<Held>,
    max_bytes: usize,
}

#[derive(Default)]
struct Held {
    answers: HashMap<Question, (String, Bytes)>,
    /// The questions by the key that withdraws their answers.
    by_key: HashMap<String, Vec<Question>>,
    bytes: usize,
}

impl ReadyAnswers {
    pub fn new(max_bytes: usize) -> Self {
        Self { held: Mutex::default(), max_bytes }
    }

    pub fn get(&self, method: usize, request: &Bytes) -> Option<Bytes> {
        let held = self.held.lock();
        if held.answers.is_empty() {
            return None;
        }
        let (_, answer) = held.answers.get(&(method, request.clone()))?;
        Some(answer.clone())
    }

    /// Keeps a framed answer in place of the one before; false if there is no memory for it.
    pub fn put(&self, method: usize, request: Bytes, key: String, answer: Bytes) -> bool {
        let mut held = self.held.lock();
        let question = (method, request);
        if let Some((old_key, _)) = held.remove(&question) {
            held.forget(&old_key, &question);
        }
        let size = question.1.len() + answer.len();
        if held.bytes + size > self.max_bytes {
            return false;
        }
        held.bytes += size;
        let questions = held.by_key.entry(key.clone()).or_default();
        questions.push(question.clone());
        held.answers.insert(question, (key, answer));
        true
    }

    /// Drops the answers of a key and returns how many there were.
    pub fn withdraw(&self, key: &str) -> usize {
        let mut held = self.held.lock();
        let questions = held.by_key.remove(key).unwrap_or_default();
        for question in &questions {
            held.remove(question);
        }
        questions.len()
    }
}

impl Held {
    fn remove(&mut self, question: &Question) -> Option<(String, Bytes)> {
        let removed = self.answers.remove(question)?;
        self.bytes -= question.1.len() + removed.1.len();
        Some(removed)
    }

    fn forget(&mut self, key: &str, question: &Question) {
        if let Some(questions) = self.by_key.get_mut(key) {
            questions.retain(|other| other != question);
            if questions.is_empty() {
                self.by_key.remove(key);
            }
        }
    }
}
