use std::net::Ipv4Addr;

use super::*;
use crate::ended_calls::Wanted;
use crate::memory::Memory;
use crate::observation::Observation;
use crate::peer::{Memories, PeerLimits};
use crate::status::OK;

fn peer(wanted: Wanted) -> Arc<Peer> {
    let memory = || Memory::new(0);
    let memories = Memories { requests: memory(), unlimited: memory(), responses: memory() };
    let observation = Arc::new(Observation::new(&[], wanted, false));
    observation.counts.set_methods(1);
    let limits = PeerLimits { calls: 0, streams: 0, unlimited: 0 };
    Arc::new(Peer::new((Ipv4Addr::LOCALHOST, 1).into(), limits, &memories, &observation))
}

fn call(peer: &Arc<Peer>) -> CountedCall {
    CountedCall::new(peer, 0, peer.observation.details(&http::HeaderMap::new()))
}

#[test]
fn a_call_that_is_dropped_counts_as_cancelled() {
    let peer = peer(Wanted::None);
    drop(call(&peer));
    let counts = peer.observation.counts.methods();
    assert_eq!((counts[0].ended(CANCELLED), counts[0].ended(OK)), (1, 0));
}

#[test]
fn a_call_counts_with_its_code_once_it_is_over() {
    let peer = peer(Wanted::None);
    let mut call = call(&peer);
    call.code = OK;
    assert_eq!(peer.observation.counts.methods()[0].ended(OK), 0);
    drop(call);
    let counts = peer.observation.counts.methods();
    assert_eq!((counts[0].ended(CANCELLED), counts[0].ended(OK)), (0, 1));
}

#[test]
fn a_record_has_the_request_and_the_size_of_the_responses() {
    let peer = peer(Wanted::All);
    let mut call = call(&peer);
    call.on_request(&Bytes::from("request"));
    call.on_sent(PREFIX + 3);
    call.add_sent_bytes(4);
    drop(call);
    let records = peer.observation.ended_calls.take();
    let details = &records[0].details;
    assert_eq!((details.request.as_ref(), details.response_bytes), (&b"request"[..], 7));
    assert_eq!((records[0].code, records[0].peer), (CANCELLED, peer.address));
}
