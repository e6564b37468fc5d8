use super::*;

const METHOD: usize = 1;

fn put(cache: &ResponseCache, request: &'static [u8], tag: &str, response: Vec<u8>) {
    cache.put(METHOD, Bytes::from_static(request), tag.to_owned(), response.into());
}

fn get(cache: &ResponseCache, request: &'static [u8]) -> Option<usize> {
    cache.get(METHOD, &Bytes::from_static(request)).map(|response| response.len())
}

#[test]
fn a_response_is_found_by_method_and_request() {
    let cache = ResponseCache::default();
    assert_eq!(get(&cache, b"q"), None);
    put(&cache, b"q", "tag", vec![0; 3]);
    assert_eq!(get(&cache, b"q"), Some(3));
    assert_eq!(get(&cache, b"q "), None);
    assert!(cache.get(METHOD + 1, &Bytes::from_static(b"q")).is_none());
}

#[test]
fn a_new_response_replaces_the_old_under_its_own_tag() {
    let cache = ResponseCache::default();
    put(&cache, b"q", "old", vec![0; 1]);
    put(&cache, b"q", "new", vec![0; 2]);
    cache.invalidate("old");
    assert_eq!(get(&cache, b"q"), Some(2));
    cache.invalidate("new");
    assert_eq!(get(&cache, b"q"), None);
}

#[test]
fn removed_responses_free_their_memory() {
    let cache = ResponseCache::default();
    for number in 0..5 {
        put(&cache, b"q", &number.to_string(), vec![0; MAX_BYTES - 1]);
        assert_eq!(get(&cache, b"q"), Some(MAX_BYTES - 1), "replaced {number} times");
    }
    cache.invalidate("4");
    put(&cache, b"r", "tag", vec![0; MAX_BYTES - 1]);
    assert_eq!(get(&cache, b"r"), Some(MAX_BYTES - 1));
}

#[test]
fn a_response_that_does_not_fit_is_not_stored() {
    let cache = ResponseCache::default();
    put(&cache, b"q", "tag", vec![0; 10]);
    put(&cache, b"r", "tag", vec![0; MAX_BYTES - 11]);
    assert_eq!(get(&cache, b"r"), None);
    put(&cache, b"q", "tag", vec![0; MAX_BYTES]);
    assert_eq!(get(&cache, b"q"), None, "the replaced response is gone");
    put(&cache, b"r", "tag", vec![0; MAX_BYTES - 1]);
    assert_eq!(get(&cache, b"r"), Some(MAX_BYTES - 1));
}
