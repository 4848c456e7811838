//! What is left out, renamed or turned is counted and said.

use parity::compare::{Verdict, What, compare};

use super::*;

fn record(tensors: &[(&str, f32)]) -> Trace {
    let named = tensors.iter().map(|(key, x)| (Key::from(*key), f32s(&[2], &[*x, 1.0])));
    Trace { tensors: named.collect(), ..Trace::default() }
}

fn regexes(texts: &[&str]) -> Vec<regex::Regex> {
    texts.iter().map(|text| Options::regex(text).unwrap()).collect()
}

#[test]
fn what_is_ignored_or_not_asked_for_is_not_compared_but_counted() {
    let a = record(&[("fc1.weight", 1.0), ("fc1.bias", 1.0), ("step", 1.0)]);
    let b = record(&[("fc1.weight", 1.0), ("fc1.bias", 2.0), ("time", 1.0)]);
    let options = Options { ignore: regexes(&["bias$", "time|step"]), ..Options::default() };
    let report = held(&a, &b, &options);
    assert_eq!(report.verdict(), Verdict::Exact);
    assert_says(&report, &["\nignored: 3 tensors\n", "exact: 1 tensor, 2 values"]);
    let options =
        Options { only: regexes(&["^fc1"]), ignore: regexes(&["bias"]), ..Options::default() };
    assert_says(
        &held(&a, &b, &options),
        &["ignored: 1 tensor\nnot asked for: 2 tensors\n", "verdict: exact"],
    );
    let options = Options { only: regexes(&["fc2"]), ..Options::default() };
    let error = compare(["A", "B"], &a, &b, &options).unwrap_err();
    assert_eq!(error.to_string(), "nothing left to compare (not asked for: 4 tensors)");
}

#[test]
fn in_common_is_compared_and_the_rest_counted() {
    let a = record(&[("x", 1.0), ("y", 1.0), ("z", 1.0)]);
    let b = record(&[("x", 1.0), ("w", 2.0)]);
    assert_eq!(held(&a, &b, &Options::default()).total().tensors, 4);
    let report = held(&a, &b, &Options { common: true, ..Options::default() });
    assert_says(
        &report,
        &["only in A, left out: 2 tensors\nonly in B, left out: 1 tensor\n", "exact: 1 tensor,"],
    );
}

#[test]
fn the_actual_sides_keys_are_renamed_one_after_the_other() {
    let a = record(&[("module.0.weight", 1.0), ("module.0.bias", 2.0), ("loss", 3.0)]);
    let b = record(&[("fc1.weight", 1.0), ("fc1.bias", 2.0), ("loss", 3.0)]);
    let rename =
        ["^module\\.=", "^(\\d+)=fc${1}", "fc0=fc1"].map(|text| Options::rename(text).unwrap());
    let options = Options { rename: rename.to_vec(), ..Options::default() };
    let report = held(&a, &b, &options);
    assert_eq!(report.verdict(), Verdict::Exact, "{report}");
    assert_says(&report, &["renamed: 2 tensors of A\n"]);
    assert_eq!(held(&b, &a, &options).verdict(), Verdict::Diverged);
    let options =
        Options { rename: vec![Options::rename("weight|bias=x").unwrap()], ..Options::default() };
    let error = compare(["A", "B"], &a, &b, &options).unwrap_err().to_string();
    assert_eq!(
        error,
        "module.0.bias and module.0.weight are both renamed to module.0.x: rename fewer"
    );
    // A key renamed into one that stays as it is.
    let options =
        Options { rename: vec![Options::rename("fc1.bias=loss").unwrap()], ..Options::default() };
    assert!(compare(["A", "B"], &b, &a, &options).is_err());
}

#[test]
fn matrices_are_transposed_where_that_is_asked_for() {
    let with = |shape: &[usize], values: &[f32]| Trace {
        tensors: [("w".into(), f32s(shape, values)), ("b".into(), f32s(&[2], &[1.0, 2.0]))].into(),
        ..Trace::default()
    };
    let a = with(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let b = with(&[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let options = Options { transpose: regexes(&["."]), ..Options::default() };
    let report = held(&a, &b, &options);
    assert_eq!(report.verdict(), Verdict::Exact);
    assert_says(&report, &["transposed: 1 tensor of A\n"]);
    let report = held(&a, &a, &options);
    assert_eq!(report.verdict(), Verdict::Diverged);
    let What::Shape { shapes } = &report.differences()[0].what else { panic!("{report}") };
    assert_eq!(shapes, &[vec![3, 2], vec![2, 3]], "what is compared, not what was there");
}

#[test]
fn a_key_may_have_a_tolerance_of_its_own_and_the_last_that_matches_counts() {
    let a = record(&[("loss", 1.25), ("weight", 1.0)]);
    let b = record(&[("loss", 1.0), ("weight", 1.0)]);
    let with = |atol: &[&str]| {
        let atol = atol.iter().map(|text| Options::per_key(text).unwrap()).collect();
        held(&a, &b, &Options { atol, ..Options::default() })
    };
    let report = with(&["loss=0.25"]);
    assert_eq!(report.verdict(), Verdict::WithinTolerance);
    assert_eq!(report.outcome(0).equal_word(), "close");
    assert_says(&report, &["within tolerance (some keys' own): 2 tensors"]);
    assert_eq!(with(&["loss=0.2"]).verdict(), Verdict::Diverged);
    assert_eq!(with(&["weight=0.5"]).verdict(), Verdict::Diverged);
    assert_eq!(with(&[".=9", "loss=0.2"]).verdict(), Verdict::Diverged);
    let rtol = vec![Options::per_key("lo=0.25").unwrap()];
    let options = Options { rtol, ..within(0.0, 0.0) };
    assert_eq!(held(&a, &b, &options).verdict(), Verdict::WithinTolerance);
    // Elsewhere the general one holds.
    let b = record(&[("loss", 1.0), ("weight", 1.5)]);
    assert_eq!(held(&a, &b, &options).verdict(), Verdict::Diverged);
}

#[test]
fn options_that_cannot_be_read_say_in_a_line_how_to_write_them() {
    let errors = [
        (Options::regex("(").unwrap_err(), "( is no regular expression: unclosed group"),
        (
            Options::rename("a\u{1b}").unwrap_err(),
            "a\\u{1b} has no =: write REGEX=REPLACEMENT, such as ^module\\.=",
        ),
        (Options::per_key("1e-5").unwrap_err(), "1e-5 has no =: write REGEX=NUMBER"),
        (Options::per_key("x=-1").unwrap_err(), "-1: must be a number from 0 on, such as 1e-5"),
        (Options::size("nan").unwrap_err(), "nan: must be a number from 0 on, such as 1e-5"),
        (Options::size("inf").unwrap_err(), "inf: must be a number from 0 on, such as 1e-5"),
    ];
    for (error, expected) in errors {
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(Options::per_key("a=b=1e-3").unwrap().1, 1e-3);
    let x = record(&[("x", 1.0)]);
    for (rtol, atol) in [(f64::NAN, 0.0), (0.0, -1.0)] {
        assert!(compare(["A", "B"], &x, &x, &within(rtol, atol)).is_err());
    }
}
