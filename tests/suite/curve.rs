//! `curve`, held to the live Python twin, and to what is known of tanh.

use crate::common::{activations, assert_same_bits, draws, outcome, several, stdout, tanh_parity};

#[test]
fn every_curve_has_the_bits_of_python() {
    let all = activations().join(",");
    let mut rng = draws();
    let mut runs = vec![
        String::new(),
        format!("--activations {all}"),
        format!("--activations {all} --points 2"),
        format!("--activations {all} --saturation 1 --from=-1000000 --to 1000000"),
        format!("--activations {all} --saturation 0 --from=-3 --to=-1 --threads 2"),
    ];
    runs.extend((0..20).map(|_| {
        let from = rng.f64() * 40.0 - 30.0;
        format!(
            "--points={} --from={from} --to={} --saturation={} --activations={} --threads={}",
            rng.u32(2..5_000),
            from + rng.f64() * 40.0 + 1e-9,
            rng.f64(),
            several(&mut rng, activations(), 4),
            rng.u32(1..=2),
        )
    }));
    assert_same_bits("curve", &runs);
}

/// The number that follows `words` in the line that holds them.
fn number_after(lines: &str, words: &str) -> f64 {
    let (_, after) = lines.split_once(words).unwrap_or_else(|| panic!("no {words} in {lines}"));
    after.split([' ', ',', '\n']).next().unwrap().parse().unwrap()
}

#[test]
fn tanh_is_odd_steepest_at_0_and_saturated_where_its_closed_form_says() {
    let lines = stdout(tanh_parity("curve --points 20001"));
    assert_eq!(number_after(&lines, "where it is odd: at most "), 0.0);
    assert_eq!(number_after(&lines, "steepest: derivative "), 1.0);
    assert!(number_after(&lines, "at x = ").abs() < 1e-12);
    // 1 - tanh(x)^2 = 0.01 at the x whose tanh is the root of 0.99.
    let edge = 0.99_f64.sqrt().atanh();
    assert!((number_after(&lines, "above x = ") - edge).abs() < 0.001, "{lines}");
    assert!((number_after(&lines, "below x = ") + edge).abs() < 0.001, "{lines}");
    assert!(number_after(&lines, "1 - tanh(x)^2: at most ") <= f64::EPSILON);
}

#[test]
fn what_is_not_odd_or_not_saturated_is_not_said_to_be() {
    let sigmoid = stdout(tanh_parity("curve --activations sigmoid"));
    assert!(number_after(&sigmoid, "where it is odd: at most ") > 0.999);
    let relu = stdout(tanh_parity("curve --activations relu --from 1"));
    assert!(relu.contains("saturated: nowhere here"), "{relu}");
}

#[test]
fn bad_flags_are_one_line_and_exit_status_2() {
    for (args, words) in [
        ("curve --points 1", "a whole number from 2 to 1000000"),
        ("curve --from 10", "--from must be less than --to"),
        ("curve --to nan", "must be a number from -1e6 to 1e6"),
        ("curve --saturation 1.5", "must be a number from 0 to 1"),
        ("curve --activations tanh,tanh", "names tanh twice"),
        ("check curve --points 1", "a whole number from 2 to 1000000"),
        ("check curve --from 10", "--from must be less than --to"),
    ] {
        let (code, stdout, stderr) = outcome(tanh_parity(args));
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{args}: {stderr}");
        assert!(stderr.contains(words), "{args}: {stderr}");
    }
}
