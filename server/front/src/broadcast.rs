//! What Python says, carried out in order on the runtime: answers, messages, and topics.
//!
//! One message that is published goes to every watcher of its topic. Nothing waits for a watcher:
//! one whose slot is full is taken out of the topic and reported.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::call::{Call, CallId, Finish};
use crate::core::Core;
use crate::inbox::Event;

pub enum Command {
    Finish(Vec<(CallId, Finish)>),
    /// A message with a promised place.
    Send(Arc<Call>, Bytes),
    /// Topic, the mark where the stream stands, and a number that tells this joining from others.
    Join(Arc<Call>, String, u64, u64),
    Leave(CallId),
    /// Topic, framed message, and the mark that tells how far it leads.
    Publish(String, Bytes, u64),
    /// The end of a topic: all its streams are taken out of it.
    Close(String),
}

/// Carries out commands. Lives as long as the runtime.
pub struct Dispatcher {
    core: Arc<Core>,
    topics: HashMap<String, HashMap<CallId, Watcher>>,
    joined: HashMap<CallId, String>,
}

struct Watcher {
    call: Arc<Call>,
    mark: u64,
    number: u64,
}

impl Dispatcher {
    pub fn new(core: Arc<Core>) -> Self {
        Self { core, topics: HashMap::new(), joined: HashMap::new() }
    }

    pub async fn run(mut self, mut commands: UnboundedReceiver<Command>) {
        while let Some(command) = commands.recv().await {
            self.carry_out(command);
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Finish(answers) => {
                for (id, finish) in answers {
                    if let Some(call) = self.core.calls.get(id) {
                        call.finish(finish);
                    }
                }
            }
            Command::Send(call, message) => call.push_reserved(message),
            Command::Join(call, topic, mark, number) => self.join(call, topic, mark, number),
            Command::Leave(id) => self.leave(id),
            Command::Publish(topic, message, mark) => self.publish(&topic, &message, mark),
            Command::Close(topic) => self.close(&topic),
        }
    }

    fn join(&mut self, call: Arc<Call>, topic: String, mark: u64, number: u64) {
        self.leave(call.id);
        if call.is_over() {
            return; // it has left already, and nobody would take it out
        }
        let id = call.id;
        let watchers = self.topics.entry(topic.clone()).or_default();
        watchers.insert(id, Watcher { call, mark, number });
        self.joined.insert(id, topic);
    }

    fn leave(&mut self, id: CallId) {
        let Some(topic) = self.joined.remove(&id) else {
            return;
        };
        if let Some(watchers) = self.topics.get_mut(&topic) {
            watchers.remove(&id);
            if watchers.is_empty() {
                self.topics.remove(&topic);
            }
        }
    }

    fn close(&mut self, topic: &str) {
        for (id, watcher) in self.topics.remove(topic).unwrap_or_default() {
            self.joined.remove(&id);
            self.core.inbox.push(Event::Lagged(id, watcher.mark, watcher.number));
        }
    }

    fn publish(&mut self, topic: &str, message: &Bytes, mark: u64) {
        let Some(watchers) = self.topics.get_mut(topic) else {
            return;
        };
        watchers.retain(|id, watcher| {
            let taken = watcher.call.offer(message.clone());
            if taken {
                watcher.mark = mark;
            } else {
                self.joined.remove(id);
                self.core.inbox.push(Event::Lagged(*id, watcher.mark, watcher.number));
            }
            taken
        });
        if watchers.is_empty() {
            self.topics.remove(topic);
        }
    }
}
