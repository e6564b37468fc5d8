use super::*;

#[test]
fn an_id_finds_its_call_until_that_is_closed() {
    let calls = Calls::default();
    let opened: Vec<_> = (0..1_000).map(|_| calls.open(None)).collect();
    for call in &opened {
        assert!(calls.get(call.id).is_some_and(|found| Arc::ptr_eq(&found, call)));
    }
    calls.close(opened[0].id);
    assert!(calls.get(opened[0].id).is_none());
    assert_eq!(calls.all().len(), 999);
}
