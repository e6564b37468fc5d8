use super::*;

const PING: u8 = 6;
const NONE: [u8; 0] = [];

fn frame(kind: u8, length: usize) -> Vec<u8> {
    let [.., a, b, c] = length.to_be_bytes();
    let mut frame = vec![a, b, c, kind, 0, 0, 0, 0, 0];
    frame.resize(FRAME_HEADER + length, 0xFF);
    frame
}

fn kinds(frames: &mut Frames, pieces: &[&[u8]]) -> Vec<u8> {
    let mut kinds = Vec::new();
    for piece in pieces {
        frames.feed(piece, |kind| kinds.push(kind));
    }
    kinds
}

#[test]
fn frames_are_found_in_pieces_of_any_size() {
    let bytes = [frame(HEADERS, 3), frame(DATA, 0), frame(PING, 8), frame(DATA, 300)].concat();
    let expected = vec![HEADERS, DATA, PING, DATA];
    assert_eq!(kinds(&mut Frames::after(0), &[&bytes]), expected);
    for size in 1..bytes.len() {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(kinds(&mut Frames::after(0), &pieces), expected, "pieces of {size}");
    }
}

#[test]
fn a_frame_counts_once_its_header_is_complete() {
    let ping = frame(PING, 8);
    let mut frames = Frames::after(0);
    assert_eq!(kinds(&mut frames, &[&ping[..FRAME_HEADER - 1]]), NONE);
    assert_eq!(kinds(&mut frames, &[&ping[FRAME_HEADER - 1..FRAME_HEADER]]), [PING]);
    assert_eq!(kinds(&mut frames, &[&ping[FRAME_HEADER..], &[]]), NONE);
}

#[test]
fn the_preface_is_skipped() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_eq!(preface.len(), PREFACE);
    assert_eq!(kinds(&mut Frames::after(PREFACE), &[preface, &frame(PING, 8)]), [PING]);
}

#[test]
fn the_largest_length_is_skipped() {
    let length = 0x00FF_FFFF;
    let bytes = [frame(DATA, length), frame(PING, 8)].concat();
    assert_eq!(kinds(&mut Frames::after(0), &[&bytes]), [DATA, PING]);
}

fn metered() -> Metered<()> {
    let mut metered = Metered::new((), Arc::default(), Arc::default());
    metered.received = Frames::after(0);
    metered
}

#[test]
fn control_frames_over_the_burst_are_a_flood() {
    let mut metered = metered();
    let pings = frame(PING, 8).repeat(1_000);
    let bursts = (0..1_000).take_while(|_| metered.count(&pings)).count();
    assert!((25..100).contains(&bursts), "{bursts}");
}

#[test]
fn data_and_headers_are_no_control_frames() {
    let mut metered = metered();
    let frames = [frame(HEADERS, 1), frame(CONTINUATION, 1), frame(DATA, 1)].concat();
    assert!((0..100).all(|_| metered.count(&frames.repeat(1_000))));
}

#[test]
fn sent_frames_earn_control_frames() {
    let mut metered = metered();
    let pings = frame(PING, 8).repeat(1_000);
    let data = frame(DATA, 1).repeat(250);
    for _ in 0..100 {
        metered.count_sent(&[IoSlice::new(&data[..100]), IoSlice::new(&data[100..])], data.len());
        assert!(metered.count(&pings));
    }
}
