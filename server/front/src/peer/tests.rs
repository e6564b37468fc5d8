use std::net::Ipv4Addr;

use super::*;
use crate::ended_calls::Wanted;

fn peer() -> Arc<Peer> {
    let memories = Memories {
        requests: Memory::new(100),
        unlimited: Memory::new(100),
        responses: Memory::new(100),
    };
    let limits = PeerLimits { calls: 2, streams: 1, unlimited: 1 };
    let observation = Arc::new(Observation::new(&[], Wanted::None, false));
    Arc::new(Peer::new((Ipv4Addr::LOCALHOST, 1).into(), limits, &memories, &observation))
}

#[test]
fn each_kind_of_call_has_slots_of_its_own() {
    let peer = peer();
    let first = peer.slot(SlotKind::Call);
    let second = peer.slot(SlotKind::Call);
    assert!(first.is_some() && second.is_some());
    assert!(peer.slot(SlotKind::Call).is_none());
    assert!(peer.slot(SlotKind::Stream).is_some());
    assert!(peer.slot(SlotKind::Unlimited).is_some());
    drop(first);
    assert!(peer.slot(SlotKind::Call).is_some());
}

#[test]
fn a_response_keeps_its_slot_until_its_last_part_is_dropped() {
    let peer = peer();
    let unread = |peer: &Arc<Peer>| peer.slot(SlotKind::Stream)?.unread(Bytes::from("answer"));
    let mut response = unread(&peer).expect("a slot and memory");
    let part = response.split_to(3);
    drop(response);
    assert!(unread(&peer).is_none());
    assert_eq!(part, "ans");
    drop(part);
    assert!(unread(&peer).is_some());
    assert_eq!(peer.ending.cause(), None);
}

#[test]
fn too_many_unread_bytes_end_the_connection() {
    let peer = peer();
    let unread = || peer.slot(SlotKind::Call)?.unread(Bytes::from(vec![0; 40]));
    let first = unread();
    assert!(first.is_some());
    assert!(unread().is_none());
    assert_eq!(peer.ending.cause(), Some(Cause::Unread));
}

#[test]
fn a_connection_is_idle_while_no_stream_is_open() {
    let peer = peer();
    let at_first = peer.idle_since().expect("idle");
    let (one, two) = (OpenStream::new(&peer), OpenStream::new(&peer));
    drop(one);
    assert!(peer.idle_since().is_none());
    drop(two);
    assert!(peer.idle_since().expect("idle") >= at_first);
}

#[test]
fn a_reset_shows_for_a_while_that_callers_give_up() {
    let peer = peer();
    assert!(!peer.gives_up());
    peer.on_given_up();
    assert!(peer.gives_up());
}
