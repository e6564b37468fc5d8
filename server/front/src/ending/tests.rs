use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use super::*;

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_first_cause_and_the_drain_each_wake_the_task() {
    let (ending, wakes) = (Ending::default(), Arc::new(Wakes::default()));
    let task = Waker::from(Arc::clone(&wakes));
    let mut context = Context::from_waker(&task);
    let (mut cause, mut draining) = (pin!(ending.wait()), pin!(ending.draining()));
    assert!(cause.as_mut().poll(&mut context).is_pending());
    assert!(draining.as_mut().poll(&mut context).is_pending());
    ending.drain();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert!(draining.as_mut().poll(&mut context).is_ready());
    assert!(cause.as_mut().poll(&mut context).is_pending());
    ending.end(Cause::Idle);
    ending.end(Cause::Flood);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 2);
    assert_eq!(cause.as_mut().poll(&mut context), Poll::Ready(Cause::Idle));
}
