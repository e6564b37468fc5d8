use super::*;

#[test]
fn one_connection_holds_as_much_as_it_leaves_free() {
    let share = Memory::new(1_000).share();
    let held = share.hold(500).expect("half of the memory");
    assert!(share.hold(1).is_none());
    drop(held);
    assert!(share.hold(501).is_none());
    assert!(share.hold(500).is_some());
}

#[test]
fn connections_that_hold_all_they_can_leave_an_equal_part_for_another() {
    let memory = Memory::new(1_000);
    let greedy: Vec<_> = (0..9).map(|_| memory.share()).collect();
    let mut held = Vec::new();
    for share in greedy.iter().cycle().take(9_000) {
        held.extend(share.hold(1));
    }
    assert!(memory.share().hold(50).is_some());
}

#[test]
fn connections_that_hold_all_they_can_in_turn_leave_another_its_own_part() {
    let memory = Memory::new(100 * OWN_PART);
    let greedy: Vec<_> = (0..40).map(|_| memory.share()).collect();
    let mut held = Vec::new();
    for share in &greedy {
        while let Some(byte) = share.hold(10) {
            held.push(byte);
        }
    }
    let share = memory.share();
    let own = share.hold(100).expect("its own part");
    assert!(share.hold(1).is_none());
    drop(own);
    assert!(share.hold(100).is_some());
}

#[test]
fn held_bytes_grow_and_are_freed_together() {
    let share = Memory::new(100).share();
    let mut held = share.hold(20).expect("free");
    assert!(held.grow(30));
    assert!(!held.grow(1));
    drop(held);
    assert!(share.hold(50).is_some());
}

#[test]
fn nothing_overflows() {
    let share = Memory::new(usize::MAX).share();
    let _held = share.hold(10).expect("free");
    assert!(share.hold(usize::MAX).is_none());
}
