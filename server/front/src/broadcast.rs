//! Commands from Python, executed in order on the runtime: responses, messages, broadcast groups.
//!
//! A published message goes to every watcher of its group. Nothing waits for a watcher: one whose
//! send buffer is full is evicted from the group, and Python gets an event.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::call::{Call, CallId, Finish};
use crate::calls::{CallMap, Calls};
use crate::inbox::{Event, Inbox};

pub enum Command {
    Finish(Vec<(CallId, Finish)>),
    /// A message whose bytes are reserved.
    Send(Arc<Call>, Bytes),
    /// Group, cursor of the stream, and the number of this subscription.
    Follow(Arc<Call>, String, u64, u64),
    /// The call is over.
    Leave(CallId),
    /// Group, framed message, and the cursor of the streams that got it.
    Publish(String, Bytes, u64),
    /// The end of a group: all its watchers are evicted.
    CloseGroup(String),
}

/// Executes commands. Lives as long as the runtime.
pub struct Dispatcher<'a> {
    calls: &'a Calls,
    inbox: &'a Inbox,
    groups: HashMap<String, CallMap<Watcher>>,
    group_of: CallMap<String>,
}

struct Watcher {
    call: Arc<Call>,
    cursor: u64,
    subscription: u64,
}

impl<'a> Dispatcher<'a> {
    pub fn new(calls: &'a Calls, inbox: &'a Inbox) -> Self {
        Self { calls, inbox, groups: HashMap::new(), group_of: CallMap::default() }
    }

    pub async fn run(mut self, mut commands: UnboundedReceiver<Command>) {
        while let Some(command) = commands.recv().await {
            self.execute(command);
        }
    }

    fn execute(&mut self, command: Command) {
        match command {
            Command::Finish(responses) => {
                for (id, finish) in responses {
                    if let Some(call) = self.calls.get(id) {
                        call.finish(finish);
                    }
                }
            }
            Command::Send(call, message) => call.push_reserved(message),
            Command::Follow(call, group, cursor, subscription) => {
                self.follow(call, group, cursor, subscription);
            }
            Command::Leave(id) => self.leave(id),
            Command::Publish(group, message, cursor) => self.publish(&group, &message, cursor),
            Command::CloseGroup(group) => self.close(&group),
        }
    }

    fn follow(&mut self, call: Arc<Call>, group: String, cursor: u64, subscription: u64) {
        self.leave(call.id);
        if call.is_closed() {
            return; // its `Leave` was executed already: nothing would take it out again
        }
        let id = call.id;
        let watchers = self.groups.entry(group.clone()).or_default();
        watchers.insert(id, Watcher { call, cursor, subscription });
        self.group_of.insert(id, group);
    }

    fn leave(&mut self, id: CallId) {
        let Some(group) = self.group_of.remove(&id) else {
            return;
        };
        if let Some(watchers) = self.groups.get_mut(&group) {
            watchers.remove(&id);
            if watchers.is_empty() {
                self.groups.remove(&group);
            }
        }
    }

    fn close(&mut self, group: &str) {
        for (id, watcher) in self.groups.remove(group).unwrap_or_default() {
            self.group_of.remove(&id);
            self.inbox.push(Event::Evicted(id, watcher.cursor, watcher.subscription));
        }
    }

    fn publish(&mut self, group: &str, message: &Bytes, cursor: u64) {
        let Some(watchers) = self.groups.get_mut(group) else {
            return;
        };
        watchers.retain(|id, watcher| {
            let accepted = watcher.call.offer(message);
            if accepted {
                watcher.cursor = cursor;
            } else {
                self.group_of.remove(id);
                self.inbox.push(Event::Evicted(*id, watcher.cursor, watcher.subscription));
            }
            accepted
        });
        if watchers.is_empty() {
            self.groups.remove(group);
        }
    }
}
