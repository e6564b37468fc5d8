use super::*;

const BOUNDS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(10)];

fn counts(methods: usize) -> CallCounts {
    let counts = CallCounts::new(&BOUNDS);
    counts.set_methods(methods);
    counts
}

#[test]
fn a_duration_counts_in_the_first_bucket_whose_bound_it_does_not_exceed() {
    let cases = [
        (Duration::ZERO, [1, 0, 0]),
        (BOUNDS[0], [1, 0, 0]),
        (BOUNDS[0] + Duration::from_nanos(1), [0, 1, 0]),
        (BOUNDS[1], [0, 1, 0]),
        (BOUNDS[1] + Duration::from_nanos(1), [0, 0, 1]),
        (Duration::MAX, [0, 0, 1]),
    ];
    for (duration, expected) in cases {
        let counts = counts(1);
        counts.on_end(0, 0, duration);
        assert_eq!(counts.methods()[0].1, expected, "{duration:?}");
    }
}

#[test]
fn calls_count_for_their_method_and_code() {
    let counts = counts(2);
    counts.on_end(0, 5, Duration::from_secs(1));
    counts.on_end(1, 0, Duration::from_millis(500));
    counts.on_end(1, 16, Duration::from_millis(250));
    counts.on_message(1);
    counts.on_end(counts.unknown_method(), 12, Duration::ZERO);
    let methods = counts.methods();
    let codes = |method: &MethodNumbers| -> Vec<(usize, u64)> {
        method.0.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect()
    };
    assert_eq!(methods.len(), 3);
    assert_eq!(codes(&methods[0]), [(5, 1)]);
    assert_eq!(codes(&methods[1]), [(0, 1), (16, 1)]);
    assert_eq!(codes(&methods[2]), [(12, 1)]);
    assert_eq!(methods.iter().map(|method| method.3).collect::<Vec<_>>(), [0, 1, 0]);
    let seconds: Vec<_> = methods.iter().map(|method| method.2.to_string()).collect();
    assert_eq!(seconds, ["1", "0.75", "0"]);
}

#[test]
fn a_code_that_grpc_does_not_have_counts_as_unknown() {
    let counts = counts(0);
    counts.on_end(0, 17, Duration::ZERO);
    counts.on_end(0, u8::MAX, Duration::ZERO);
    assert_eq!(counts.methods()[0].0[usize::from(UNKNOWN)], 2);
}
