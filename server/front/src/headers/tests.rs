use http::{HeaderName, Method};

use super::*;

fn headers(name: &'static str, value: &[u8]) -> HeaderMap {
    let value = HeaderValue::from_bytes(value).expect("a header value");
    HeaderMap::from_iter([(HeaderName::from_static(name), value)])
}

#[test]
fn a_timeout_has_digits_and_a_unit() {
    let cases = [
        ("1H", Duration::from_secs(3_600)),
        ("2M", Duration::from_secs(120)),
        ("3S", Duration::from_secs(3)),
        ("4m", Duration::from_millis(4)),
        ("5u", Duration::from_micros(5)),
        ("6n", Duration::from_nanos(6)),
        ("0S", Duration::ZERO),
        ("00000001S", Duration::from_secs(1)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_timeout(text), Some(expected), "{text}");
    }
}

#[test]
fn the_longest_timeout_has_eight_digits() {
    let longest = Duration::from_secs(99_999_999 * 3_600);
    assert_eq!(parse_timeout("99999999H"), Some(longest));
    assert_eq!(parse_timeout("100000000n"), None);
}

#[test]
fn a_malformed_timeout_is_rejected() {
    for text in
        ["", "S", "1", "1s", "1h", "+1S", "-1S", "1.5S", " 1S", "1S ", "1 S", "soon", "1é", "١S"]
    {
        assert_eq!(parse_timeout(text), None, "{text:?}");
    }
}

#[test]
fn a_timeout_of_odd_bytes_has_a_status() {
    for value in [&b"1\xffS"[..], b"\xff", b""] {
        let status = time_limit(&headers("grpc-timeout", value)).expect_err("malformed");
        assert_eq!(status.code, INTERNAL);
    }
}

#[test]
fn without_a_timeout_there_is_no_limit() {
    assert!(matches!(time_limit(&HeaderMap::new()), Ok(None)));
    assert!(matches!(time_limit(&headers("grpc-timeout", b"1S")), Ok(Some(_))));
}

#[test]
fn known_encodings_are_accepted() {
    assert!(matches!(compression(&HeaderMap::new()), Ok(Compression::None)));
    let cases = [
        (&b"identity"[..], Compression::None),
        (b"gzip", Compression::Gzip),
        (b"deflate", Compression::Deflate),
    ];
    for (value, expected) in cases {
        let parsed = compression(&headers("grpc-encoding", value)).ok();
        assert_eq!(parsed, Some(expected), "{value:?}");
    }
}

#[test]
fn other_encodings_are_unimplemented() {
    for value in [&b""[..], b"br", b"GZIP", b"gzip ", b"gzip,deflate", b"\xff"] {
        let status = compression(&headers("grpc-encoding", value)).expect_err("unknown");
        assert_eq!(status.code, UNIMPLEMENTED, "{value:?}");
    }
}

#[test]
fn grpc_is_a_post_with_its_content_type() {
    let accepted = [
        &b"application/grpc"[..],
        b"application/grpc+proto",
        b"application/grpc+",
        b"application/grpc;charset=utf-8",
    ];
    for value in accepted {
        assert_eq!(check_protocol(&Method::POST, &headers("content-type", value)), Ok(()));
    }
}

#[test]
fn other_content_types_are_unsupported() {
    let unsupported = Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(check_protocol(&Method::POST, &HeaderMap::new()), unsupported);
    for value in
        [&b""[..], b"application/grp", b"application/grpc-web", b"APPLICATION/GRPC", b"\xff"]
    {
        let headers = headers("content-type", value);
        assert_eq!(check_protocol(&Method::POST, &headers), unsupported, "{value:?}");
    }
}

#[test]
fn other_http_methods_are_not_allowed() {
    for method in [Method::GET, Method::PUT, Method::CONNECT] {
        let checked = check_protocol(&method, &headers("content-type", b"application/grpc"));
        assert_eq!(checked, Err(StatusCode::METHOD_NOT_ALLOWED));
    }
}

#[test]
fn metadata_is_measured_as_http2_does() {
    assert_eq!(metadata_bytes(&HeaderMap::new()), 0);
    let mut fields = headers("x-a", b"12345");
    assert_eq!(metadata_bytes(&fields), 3 + 5 + 32);
    fields.append("x-a", HeaderValue::from_static(""));
    assert_eq!(metadata_bytes(&fields), 3 + 5 + 32 + 3 + 32);
}
