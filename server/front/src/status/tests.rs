use super::*;

fn fields(status: &Status) -> Vec<(String, String)> {
    let mut fields = HeaderMap::new();
    status.write_to(&mut fields);
    let text = |value: &HeaderValue| value.to_str().expect("ASCII").to_owned();
    fields.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn an_ok_status_is_its_code() {
    assert_eq!(fields(&Status::ok()), [field("grpc-status", "0")]);
}

#[test]
fn a_message_is_escaped() {
    let status = Status::new(8, "100 % für dich\r\n");
    let message = field("grpc-message", "100 %25 f%C3%BCr dich%0D%0A");
    assert_eq!(fields(&status), [field("grpc-status", "8"), message]);
}

#[test]
fn details_are_base64_without_padding() {
    let status = Status::with_details(3, "", b"\x08\x03d");
    let details = field("grpc-status-details-bin", "CANk");
    assert_eq!(fields(&status), [field("grpc-status", "3"), details]);
    let status = Status::with_details(3, "", b"\xff");
    assert_eq!(fields(&status)[1], field("grpc-status-details-bin", "/w"));
}
