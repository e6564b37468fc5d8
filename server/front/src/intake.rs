//! Starts or refuses the calls of one connection in the order of their arrival.
//!
//! A call that is over a limit waits a moment for a free slot, in turn with other connections, and
//! then for its refusal. While calls wait, the connection reads little, so they stay few.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::{Duration, Instant, Sleep, sleep};

use crate::admission::{Admission, Admissions, PLACE_TIME, Turn};
use crate::core::{Core, FOREVER, Kind, Method, limit};
use crate::new_call::NewCall;
use crate::peer::Peer;
use crate::serve::{refuse, serve};
use crate::status::{DEADLINE_EXCEEDED, Status};

/// Time after which a call is refused, however many refusals are due before.
const REFUSAL_TIME: Duration = Duration::from_secs(2);
/// The resolution of the runtime's timers.
const TICK: Duration = Duration::from_millis(1);
/// Waiting calls, and bytes of their requests, with which a connection is read no further.
const MAX_WAITING: usize = 32;
const MAX_WAITING_BYTES: usize = 64 * 1024;
/// Calls of a connection that are started or refused before it is the turn of others.
const CALLS_PER_TURN: usize = 64;

/// The reason why a call is not started now.
enum Obstacle {
    /// A limit under which a slot may be free soon.
    Full(&'static str),
    /// A limit of what stays open for long.
    Over(&'static str),
    /// Its deadline has passed.
    Late,
    /// The headers are refused.
    Invalid,
}

/// The calls of a connection that wait.
pub struct Intake {
    core: Arc<Core>,
    peer: Arc<Peer>,
    waiting: VecDeque<NewCall>,
    max_streams: usize,
    /// The wait of this connection in the queue for calls in flight.
    turn: Option<Turn>,
    /// The time from which this connection may refuse a call.
    refusal_due: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Intake {
    pub fn new(core: &Arc<Core>, peer: &Arc<Peer>, max_streams: u32) -> Self {
        Self {
            core: Arc::clone(core),
            peer: Arc::clone(peer),
            waiting: VecDeque::new(),
            max_streams: max_streams as usize,
            turn: None,
            refusal_due: None,
            timer: Box::pin(sleep(FOREVER)),
        }
    }

    /// Adds a call. One of an unlimited method is started at once if its connection has a slot.
    pub async fn add(&mut self, call: NewCall) {
        if let Some(admission) = self.admit_unlimited(&call) {
            return self.start(call, admission);
        }
        self.waiting.push_back(call);
        if self.waiting.len() > self.max_streams {
            // HTTP/2 counts the streams that it holds for reset calls against the connection.
            poll_fn(|context| {
                self.waiting.retain_mut(|call| !call.is_reset(context));
                Poll::Ready(())
            })
            .await;
        }
    }

    /// Admits a call of an unlimited method, which need not wait for others, if there is a slot.
    fn admit_unlimited(&self, call: &NewCall) -> Option<Admission> {
        let head = call.head.as_ref().ok().filter(|head| head.method.unlimited)?;
        self.core.admissions.admit(&self.peer, head.method).ok()
    }

    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Returns whether the connection may be read: few calls wait, or their callers give up, which
    /// only reading can show. Calls that nobody waits for any more would take the slots of others.
    pub fn may_read(&mut self) -> bool {
        let few = self.waiting.len() < MAX_WAITING || self.peer.gives_up();
        let mut bytes = 0;
        few && self.waiting.iter_mut().all(|call| {
            bytes += call.body.flow_control().used_capacity();
            bytes < MAX_WAITING_BYTES
        })
    }

    /// Waits until the first call can be started or refused, and does so with it and those behind it.
    /// Returns whether it is the turn of other connections.
    pub async fn advance(&mut self) -> bool {
        let mut count = 0;
        poll_fn(|context| {
            while count < CALLS_PER_TURN {
                if self.poll_first(context).is_pending() {
                    return if count == 0 { Poll::Pending } else { Poll::Ready(false) };
                }
                count += 1;
            }
            Poll::Ready(true)
        })
        .await
    }

    /// Starts, refuses or drops the first call.
    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(call) = self.waiting.front_mut() else {
            self.turn = None;
            return Poll::Pending;
        };
        if call.is_reset(context) {
            self.peer.on_given_up();
            self.waiting.pop_front();
            return Poll::Ready(());
        }
        let arrived = call.writer.call.arrived;
        let admitted = self.poll_slot(context);
        if let Err(obstacle) = &admitted {
            ready!(self.poll_refusal(arrived, obstacle, context));
        }
        if let Some(call) = self.waiting.pop_front() {
            match admitted {
                Ok(admission) => self.start(call, admission),
                Err(obstacle) => self.refuse(call, &obstacle),
            }
        }
        Poll::Ready(())
    }

    /// Admits the first call, or returns what is in its way.
    fn poll_slot(&mut self, context: &mut Context<'_>) -> Result<Admission, Obstacle> {
        let method = self.first_method();
        if !method.as_ref().is_ok_and(|it| it.kind == Kind::Unary && !it.unlimited) {
            self.turn = None; // others get the slot that this call can't take
            return self.core.admissions.admit(&self.peer, method?).map_err(Obstacle::Over);
        }
        let method = method?;
        let admitted = match &mut self.turn {
            None => self.core.admissions.admit(&self.peer, method),
            Some(_) => Err(limit::CALLS),
        };
        let admitted = match admitted {
            Err(limit::CALLS) => self.poll_turn(context),
            other => other,
        };
        if let Err(limit::CONNECTION) = admitted {
            self.peer.wake_on_free(context);
        }
        admitted.map_err(Obstacle::Full)
    }

    /// Returns the method of the first call, or the reason why that is not to be started.
    fn first_method(&self) -> Result<Method, Obstacle> {
        let Some(NewCall { head: Ok(head), writer, .. }) = self.waiting.front() else {
            return Err(Obstacle::Invalid);
        };
        let late = head.time_limit.is_some_and(|limit| writer.call.arrived.elapsed() >= limit);
        if late { Err(Obstacle::Late) } else { Ok(head.method) }
    }

    fn poll_turn(&mut self, context: &mut Context<'_>) -> Result<Admission, &'static str> {
        let turn = self.turn.get_or_insert_with(|| self.core.admissions.turn());
        let Poll::Ready(permit) = turn.as_mut().poll(context) else {
            return Err(limit::CALLS);
        };
        self.turn = None;
        Admissions::admit_in_turn(permit, &self.peer)
    }

    /// Waits until the first call may be refused.
    fn poll_refusal(
        &mut self,
        arrived: Instant,
        obstacle: &Obstacle,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let may_pass = matches!(obstacle, Obstacle::Full(_));
        let ripe = arrived + if may_pass { PLACE_TIME } else { Duration::ZERO };
        loop {
            // The timer would round a shorter time up.
            let soon = Instant::now() + TICK;
            let at = if soon < ripe {
                ripe
            } else {
                let due =
                    self.refusal_due.get_or_insert_with(|| self.core.admissions.next_refusal());
                (arrived + REFUSAL_TIME).min(*due)
            };
            if at <= soon {
                self.refusal_due = None;
                return Poll::Ready(());
            }
            if self.timer.deadline() != at {
                self.timer.as_mut().reset(at);
            }
            ready!(self.timer.as_mut().poll(context));
        }
    }

    fn start(&self, call: NewCall, admission: Admission) {
        tokio::spawn(serve(Arc::clone(&self.core), Arc::clone(&self.peer), call, admission));
    }

    fn refuse(&self, call: NewCall, obstacle: &Obstacle) {
        let refusal = match obstacle {
            Obstacle::Full(limit) | Obstacle::Over(limit) => self.core.refusal(limit).into(),
            Obstacle::Late => Status::new(DEADLINE_EXCEEDED, "deadline exceeded").into(),
            Obstacle::Invalid => match call.head {
                Err(ref refusal) => refusal.clone(),
                Ok(_) => return,
            },
        };
        refuse(call, &refusal);
    }
}
