use std::io::Write;

use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;

const MAX: usize = 1_000;

fn prefix(flag: u8, length: u32) -> Vec<u8> {
    [&[flag][..], &length.to_be_bytes()].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("compressed")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("compressed")
}

#[test]
fn a_framed_message_has_its_length_in_front() {
    assert_eq!(frame(b"")[..], [0, 0, 0, 0, 0]);
    assert_eq!(frame(b"abc")[..], *b"\0\0\0\0\x03abc");
    assert_eq!(frame(&[7; 300])[..PREFIX], [0, 0, 0, 1, 44]);
}

#[test]
fn a_prefix_announces_flag_and_length() {
    for (flag, length) in [(0, 0), (0, 3), (1, 3), (0, 1_000), (1, 1_000)] {
        let parsed = parse_prefix(&prefix(flag, length), Compression::Gzip, MAX);
        assert_eq!(parsed, Ok(Some((flag == 1, length as usize))));
    }
}

#[test]
fn a_prefix_ends_before_its_message() {
    let framed = frame(b"abc");
    assert_eq!(parse_prefix(&framed, Compression::None, MAX), Ok(Some((false, 3))));
    let two = [&framed[..], &frame(&[0; 500])].concat();
    assert_eq!(parse_prefix(&two, Compression::None, MAX), Ok(Some((false, 3))));
}

#[test]
fn an_incomplete_prefix_is_no_error() {
    let complete = prefix(9, u32::MAX);
    for length in 0..PREFIX {
        assert_eq!(parse_prefix(&complete[..length], Compression::None, MAX), Ok(None));
    }
}

#[test]
fn a_length_over_the_limit_is_too_large() {
    for length in [1_001, 0x00FF_FFFF, u32::MAX] {
        for flag in [0, 1] {
            let parsed = parse_prefix(&prefix(flag, length), Compression::Gzip, MAX);
            assert_eq!(parsed, Err(ReadError::TooLarge));
        }
    }
    assert_eq!(parse_prefix(&prefix(0, 1), Compression::None, 0), Err(ReadError::TooLarge));
    assert_eq!(parse_prefix(&prefix(0, 0), Compression::None, 0), Ok(Some((false, 0))));
}

#[test]
fn an_unknown_flag_is_malformed() {
    for flag in [2, 3, 128, 255] {
        let parsed = parse_prefix(&prefix(flag, 1), Compression::Gzip, MAX);
        assert!(matches!(parsed, Err(ReadError::Malformed(_))), "{flag}");
    }
}

#[test]
fn a_compressed_message_needs_an_encoding() {
    let parsed = parse_prefix(&prefix(1, 3), Compression::None, MAX);
    assert!(matches!(parsed, Err(ReadError::Malformed(_))));
}

#[test]
fn messages_are_decompressed_up_to_the_limit() {
    for size in [0, 1, 999, 1_000] {
        let message = vec![b'x'; size];
        assert_eq!(decompress(&gzip(&message), Compression::Gzip, MAX), Ok(message.clone()));
        assert_eq!(decompress(&zlib(&message), Compression::Deflate, MAX), Ok(message));
    }
}

#[test]
fn a_decompressed_message_over_the_limit_is_too_large() {
    for size in [1_001, 10_000_000] {
        let message = vec![0; size];
        let too_large = Err(ReadError::TooLarge);
        assert_eq!(decompress(&gzip(&message), Compression::Gzip, MAX), too_large);
        assert_eq!(decompress(&zlib(&message), Compression::Deflate, MAX), too_large);
    }
}

#[test]
fn damaged_data_is_malformed() {
    let valid = gzip(b"some message");
    let mut wrong_checksum = valid.clone();
    wrong_checksum[valid.len() - 8] ^= 1;
    let cut_off = &valid[..valid.len() - 1];
    let damaged = [&b""[..], b"abc", &zlib(b"some message"), cut_off, &wrong_checksum];
    for bytes in damaged {
        let decompressed = decompress(bytes, Compression::Gzip, MAX);
        assert!(matches!(decompressed, Err(ReadError::Malformed(_))), "{bytes:?}");
    }
    let decompressed = decompress(&valid, Compression::Deflate, MAX);
    assert!(matches!(decompressed, Err(ReadError::Malformed(_))));
}
