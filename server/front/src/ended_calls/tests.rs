use std::net::Ipv4Addr;

use super::*;

fn call(code: u8, request: usize) -> EndedCall {
    EndedCall {
        method: 0,
        code,
        duration: Duration::ZERO,
        peer: (Ipv4Addr::LOCALHOST, 1).into(),
        details: CallDetails { request: vec![0; request].into(), ..CallDetails::default() },
    }
}

fn codes(calls: &EndedCalls) -> Vec<u8> {
    calls.take().iter().map(|call| call.code).collect()
}

#[test]
fn wanted_records_are_taken_once_in_their_order() {
    for (wanted, expected) in
        [(Wanted::None, &[][..]), (Wanted::Errors, &[5, 1]), (Wanted::All, &[5, 0, 1])]
    {
        let calls = EndedCalls::new(wanted);
        for code in [5, OK, 1] {
            calls.push(call(code, 0));
        }
        assert_eq!(codes(&calls), expected);
        assert!(codes(&calls).is_empty());
        assert_eq!(calls.dropped(), 0);
    }
}

#[test]
fn records_over_the_limit_are_dropped_and_counted() {
    let calls = EndedCalls::new(Wanted::All);
    for _ in 0..MAX_CALLS + 3 {
        calls.push(call(OK, 0));
    }
    assert_eq!(calls.dropped(), 3);
    let batches = calls.batches();
    let taken: usize = (0..batches).map(|_| calls.take().len()).sum();
    assert_eq!(taken, MAX_CALLS);
    calls.push(call(5, 0));
    assert_eq!(codes(&calls), [5]);
    assert_eq!(calls.dropped(), 3);
}

#[test]
fn few_records_are_taken_at_once() {
    let calls = EndedCalls::new(Wanted::All);
    for _ in 0..MAX_TAKEN_CALLS {
        calls.push(call(OK, 0));
    }
    calls.push(call(5, 0));
    assert_eq!(codes(&calls), [OK; MAX_TAKEN_CALLS]);
    assert_eq!(codes(&calls), [5]);
    for code in 0..3 {
        calls.push(call(code, MAX_TAKEN_BYTES));
    }
    assert!(calls.batches() >= 3);
    for code in 0..3 {
        assert_eq!(codes(&calls), [code]);
    }
}

#[tokio::test]
async fn records_that_are_left_are_reported_again() {
    let calls = EndedCalls::new(Wanted::All);
    for _ in 0..=MAX_TAKEN_CALLS {
        calls.push(call(OK, 0));
    }
    calls.filled().await;
    calls.take();
    calls.filled().await;
    assert_eq!(calls.take().len(), 1);
}

#[test]
fn requests_are_kept_up_to_a_number_of_bytes() {
    let calls = EndedCalls::new(Wanted::All);
    for code in 0..3 {
        calls.push(call(code, MAX_BYTES / 2));
    }
    assert_eq!(calls.dropped(), 1);
    assert_eq!((codes(&calls), codes(&calls)), (vec![0], vec![1]));
    calls.push(call(2, MAX_BYTES));
    assert_eq!(codes(&calls), [2]);
}
