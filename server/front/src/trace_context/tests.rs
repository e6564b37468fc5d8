use http::{HeaderName, HeaderValue};

use super::*;

const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn headers(values: &[&str]) -> HeaderMap {
    let name = HeaderName::from_static("traceparent");
    let value = |text: &&str| HeaderValue::from_bytes(text.as_bytes()).expect("a header value");
    values.iter().map(|text| (name.clone(), value(text))).collect()
}

#[test]
fn a_valid_header_is_kept() {
    let later = format!("cc{}-what-is-to-come", &VALID[2..]);
    for text in [VALID, &VALID.replace("-01", "-00"), &VALID.replace("00-", "cc-"), &later] {
        assert_eq!(trace_context(&headers(&[text])).as_deref(), Some(text));
    }
}

#[test]
fn an_invalid_header_is_ignored() {
    let cases = [
        String::new(),
        VALID.to_uppercase(),
        format!("{VALID}-more"),
        format!("{VALID}0"),
        VALID[..54].to_owned(),
        format!("ff{}", &VALID[2..]),
        format!("cc{}0", &VALID[2..]),
        format!("cc{}-{}", &VALID[2..], "x".repeat(MAX_LENGTH)),
        VALID.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
        VALID.replace("b7ad6b7169203331", &"0".repeat(16)),
        VALID.replace("b7ad6b7169203331", "b7ad6b716920333"),
        VALID.replace("0af", "0éf"),
        VALID.replace('-', "_"),
    ];
    for text in cases {
        assert_eq!(trace_context(&headers(&[&text])), None, "{text:?}");
    }
}

#[test]
fn several_headers_are_ignored() {
    assert_eq!(trace_context(&headers(&[])), None);
    assert_eq!(trace_context(&headers(&[VALID, VALID])), None);
}
