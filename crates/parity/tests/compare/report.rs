//! Each kind of damage to a record is found, and named at the right place.

use parity::compare::{Options, Report, Verdict, What, compare};
use parity_record::{Array, Key, Model, Trace};
use safetensors::Dtype;

use super::*;

/// Holds a record to a copy that `damage` was done to.
fn damaged(damage: impl FnOnce(&mut Trace)) -> Report {
    damaged_within(&epochs(), damage)
}

fn damaged_within(options: &Options, damage: impl FnOnce(&mut Trace)) -> Report {
    let a = small_trace();
    let mut b = a.clone();
    damage(&mut b);
    held(&a, &b, options)
}

/// A record of one tensor under a key of other origin.
fn lone(dtype: Dtype, bytes: &[u8], shape: usize) -> Trace {
    let array = Array::new(dtype, vec![shape], bytes.to_vec()).unwrap();
    Trace { tensors: [("n".into(), array)].into(), ..Trace::default() }
}

/// The row of the report's table that begins with `name`.
fn row(report: &Report, name: &str) -> String {
    let text = report.to_string();
    let row = text.lines().find(|line| line.starts_with(name));
    row.unwrap_or_else(|| panic!("no {name} in\n{text}")).to_owned()
}

/// Where nobody sets a seed, two runs of one script part at once.
#[test]
fn other_seeds_are_told_beside_the_first_divergence_alone() {
    let seeded = |seed: Option<i64>, moved: bool| {
        let mut trace = small_trace();
        trace.about.models = vec![Model { series: "tanh".into(), seed, ..Model::default() }];
        if moved {
            trace.tensors.retain(|key, _| !key.as_str().starts_with("tanh/000002"));
        }
        trace
    };
    let said = |[x, y]: [i64; 2]| {
        let report = held(&seeded(Some(x), false), &seeded(Some(y), true), &epochs());
        let text = report.to_string();
        let from = text.find("A and B have different seeds, ").unwrap_or(text.len());
        text[from..]
            .split("verdict: ")
            .next()
            .unwrap()
            .replace("A and B have different seeds, ", "")
    };
    let unset = [6_733_229_031_532_861_i64, -4_234_567_890_123_456_789];
    for (seeds, words) in [
        ([0, 7], "0 and 7: set the same in both\n".to_owned()),
        (
            [unset[0], -3],
            format!("{} and -3:\n  A sets none, it seems: set the other's\n", unset[0]),
        ),
        ([1, unset[1]], format!("1 and {}:\n  B sets none, it seems: set the other's\n", unset[1])),
        (
            unset,
            format!(
                "{} and {}:\n  nobody set them, it seems: set one in both\n",
                unset[0], unset[1]
            ),
        ),
        ([7, 7], String::new()),
    ] {
        assert_eq!(said(seeds), words);
    }
    let exact = held(&seeded(Some(0), false), &seeded(Some(7), false), &epochs());
    let unknown = held(&seeded(None, false), &seeded(Some(7), true), &epochs());
    assert!([exact, unknown].iter().all(|it| !it.to_string().contains("seeds")));
}

#[track_caller]
fn assert_found(report: &Report, words: &[&str]) {
    assert_eq!(report.verdict(), Verdict::Diverged, "{report}");
    assert_says(report, words);
}

#[test]
fn an_undamaged_copy_is_exact_with_and_without_a_tolerance() {
    for options in [epochs(), within(1e-3, 1e-3)] {
        let report = damaged_within(&options, |_| {});
        assert_eq!(report.verdict(), Verdict::Exact);
        assert_says(&report, &["verdict: exact: 82 tensors, 568 values, the same bits\n"]);
        assert!(!report.to_string().contains("not a number"), "{report}");
        let total = report.total();
        assert_eq!((total.tensors, total.tensors_equal), (82, 82));
        assert_eq!((total.values, total.values_equal), (568, 568));
        assert_eq!((report.first(), report.outcome(9).listing()), (None, String::new()));
        assert_eq!((report.steps_equal("tanh"), report.steps_wrong()), ((2, 2), (0, 4)));
    }
}

/// Of 24 phases all are shown; of more, those that differ, be it within the
/// tolerance.
#[test]
fn of_many_phases_those_that_differ_are_shown() {
    let of = |phases: usize, moved: &[(usize, f32)]| {
        let mut trace = Trace::default();
        for i in 0..phases {
            let by = moved.iter().find(|(at, _)| *at == i).map_or(0.0, |(_, by)| *by);
            let key = Key::new("net", 1, &format!("phase{i:02}"), "x");
            trace.insert(key, f32s(&[1], &[1.0 + by])).unwrap();
        }
        trace
    };
    for (phases, moved, shown) in [
        (24, &[(3, 1.0)][..], (0..24).collect::<Vec<_>>()),
        (25, &[(3, 1.0), (9, 1e-6)], vec![3, 9]),
        (25, &[], vec![]),
    ] {
        let (a, b) = (of(phases, moved), of(phases, &[]));
        let report = held(&a, &b, &within(0.0, 1e-3));
        let text = report.to_string();
        let outcome = report.outcome(0);
        let (rows, left_out) = outcome.shown_phases();
        let names: Vec<_> = shown.iter().map(|i| format!("phase{i:02}")).collect();
        assert_eq!(left_out, phases - names.len());
        assert!(
            rows.iter().map(|(name, _)| *name).eq(names.iter().map(String::as_str).chain(["all"]))
        );
        for i in 0..phases {
            let name = format!("phase{i:02} ");
            let has = text.lines().any(|line| line.starts_with(&name));
            assert_eq!(has, shown.contains(&i), "{name}\n{text}");
        }
    }
    let a = of(25, &[]);
    let mut b = a.clone();
    b.tensors.remove(&Key::new("net", 1, "phase07", "x"));
    let lacking = held(&a, &b, &Options::default()).outcome(0);
    assert_eq!(lacking.shown_phases().0.first().unwrap().0, "phase07");
}

#[test]
fn a_long_name_is_cut_in_its_middle() {
    let phase = "abcdefghijklmnopqrstuvwxyz";
    let mut trace = Trace::default();
    trace.insert(Key::new("net", 1, phase, "x"), f32s(&[1], &[1.0])).unwrap();
    assert_says(&held(&trace, &trace, &Options::default()), &["\nabcdefgh...rstuvwxyz  "]);
    trace.insert(Key::new("net", 1, &phase[..20], "x"), f32s(&[1], &[1.0])).unwrap();
    assert_says(&held(&trace, &trace, &Options::default()), &["\nabcdefghijklmnopqrst  "]);
}

#[test]
fn one_ulp_in_one_value_is_found_and_named() {
    let key = "tanh/000002/grad/fc1.weight";
    let report = damaged(|trace| {
        let up = values(&trace.tensors[key])[7].next_up();
        set(trace, key, 7, up);
    });
    assert_found(
        &report,
        &[
            "verdict: diverged: 1 of 82 tensors differ",
            "first divergence: tanh, epoch 2, grad, fc1.weight at [2, 1]",
            "1 ULP apart",
        ],
    );
    let first = report.first().unwrap();
    assert_eq!((first.key.as_str(), first.ulps), (key, Some(1)));
    let three = damaged(|trace| {
        let up = values(&trace.tensors[key])[7].next_up().next_up().next_up();
        set(trace, key, 7, up);
    });
    assert_found(&three, &["3 ULPs apart"]);
    assert_eq!(three.first().unwrap().ulps, Some(3));
    let What::Values(found) = &report.differences()[0].what else { panic!() };
    assert_eq!((found.index.clone(), found.count, found.differing), (vec![2, 1], 12, 1));
    assert_eq!((found.failing, found.max_ulps, found.nans), (1, 1, 0));
    assert!(found.max_abs > 0.0 && found.max_abs < 1e-6);
    assert_eq!((report.steps_equal("tanh"), report.steps_wrong()), ((1, 2), (1, 4)));
    assert_eq!(report.steps_equal("relu"), (2, 2));
}

#[test]
fn the_word_for_a_step_is_the_callers() {
    let report = damaged_within(&Options::default(), |trace| {
        set(trace, "tanh/000002/loss/loss", 0, 9.0);
    });
    assert_found(&report, &["first divergence: tanh, step 2, loss, loss\n"]);
}

#[test]
fn the_first_of_several_divergences_is_the_earliest_event() {
    // relu comes after tanh, though not in the alphabet; bias after weight.
    let report = damaged(|trace| {
        for key in [
            "relu/000001/forward/logits",
            "tanh/000002/param/fc1.bias",
            "tanh/000002/state/fc2.bias.exp_avg",
            "tanh/000002/state/fc1.weight.exp_avg_sq",
        ] {
            set(trace, key, 0, 9.0);
        }
    });
    assert_found(
        &report,
        &[
            "4 of 82",
            "tanh, epoch 2, state, fc1.weight.exp_avg_sq at [0, 0]\n  A  ",
            "\n  B  9.0 (0x41100000)",
        ],
    );
    let listing = report.outcome(3).listing();
    let keys: Vec<_> = listing.lines().skip(1).map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "tanh/000002/state/fc1.weight.exp_avg_sq",
            "tanh/000002/state/fc2.bias.exp_avg",
            "tanh/000002/param/fc1.bias",
            "and"
        ]
    );
    assert!(listing.ends_with("and 1 more\n"), "{listing}");
}

#[test]
fn the_table_has_phases_in_the_order_of_events_and_the_largest_differences() {
    let report = damaged(|trace| {
        set(trace, "tanh/000002/param/fc1.bias", 0, 9.0);
        set(trace, "tanh/000001/grad/fc1.bias", 0, 1.0);
        set(trace, "tanh/000001/grad/fc1.bias", 1, 1e9);
    });
    let phases = report.phases();
    let names: Vec<_> = phases.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["data", "init", "forward", "loss", "grad", "state", "param"]);
    let grad = &phases[4].1;
    assert_eq!(
        (grad.tensors, grad.tensors_equal, grad.values, grad.values_equal),
        (16, 15, 104, 102)
    );
    assert!(grad.max_abs > 9e8 && grad.max_ulps > 1 << 26, "{grad:?}");
    let growth = report.growth();
    assert_eq!(growth.len(), 2);
    assert_eq!((growth[0].phase.as_str(), growth[0].step), ("grad", 1));
    assert_eq!((growth[0].max_abs, growth[0].max_ulps), (grad.max_abs, grad.max_ulps));
    assert_eq!((growth[1].phase.as_str(), growth[1].step), ("param", 2));
    assert_eq!(report.last_step(), 2);
}

#[test]
fn a_row_tells_the_largest_distances_briefly() {
    let told = |a: &Trace, b: &Trace| {
        let row = row(&held(a, b, &Options::default()), "all ");
        row.split_whitespace().rev().take(2).collect::<Vec<_>>().join(" ")
    };
    let double = |x: f64| lone(Dtype::F64, &x.to_ne_bytes(), 1);
    let whole = |x: i64| lone(Dtype::I64, &x.to_ne_bytes(), 1);
    for (distance, ulps, error) in [
        (99_999_999, "99,999,999", "1.00e8"),
        (100_000_000, "1.0e8", "1.00e8"),
        (999_999, "999,999", "999999.00"),
        (1_000_000, "1,000,000", "1.00e6"),
    ] {
        assert_eq!(told(&whole(distance), &whole(0)), format!("{error} {ulps}"));
    }
    for (distance, error) in [(0.5, "0.50"), (0.01, "0.01"), (0.0025, "2.50e-3")] {
        assert!(told(&double(distance), &double(0.0)).starts_with(&format!("{error} ")));
    }
    assert_eq!(told(&double(0.0), &double(-0.0)), "0 1");
    assert_eq!(told(&double(1.0), &double(1.0)), "0 0");
}

#[test]
fn a_nan_is_found_and_no_tolerance_passes_it() {
    let nan = |trace: &mut Trace| set(trace, "tanh/000001/loss/loss", 0, f32::NAN);
    let words = [
        "tanh, epoch 1, loss, loss\n",
        "B  nan (0x7fc00000)",
        "no distance: not a number\n",
        "passes: none",
        "not a number on one side or both: 1 value\n",
    ];
    let report = damaged(nan);
    assert_found(&report, &words);
    let losses = row(&report, "loss");
    assert!(losses.ends_with("nan        nan"), "{losses}");
    // What else differs is measured beside it.
    let both = |trace: &mut Trace| {
        nan(trace);
        set(trace, "tanh/000002/loss/loss", 0, 100.0);
    };
    let report = damaged(both);
    let (losses, total) = (row(&report, "loss"), report.total());
    let error = format!("{:.2}", total.max_abs);
    assert!(total.max_ulps > 0 && losses.ends_with(&error), "{losses}");
    assert_found(&damaged_within(&within(1e9, 1e9), nan), &["verdict: diverged"]);
    let options = Options { equal_nan: true, ..within(1e9, 1e9) };
    assert_found(&damaged_within(&options, nan), &["verdict: diverged"]);
}

#[test]
fn nan_passes_nan_where_it_counts_as_equal() {
    let [mut a, mut b] = [small_trace(), small_trace()];
    for trace in [&mut a, &mut b] {
        set(trace, "tanh/000001/forward/logits", 3, f32::NAN);
    }
    assert_eq!(held(&a, &b, &epochs()).verdict(), Verdict::Exact);
    let strict = held(&a, &b, &within(1.0, 1.0));
    assert_found(&strict, &["forward, logits at [1, 1]", "passes: none"]);
    let equal_nan = Options { equal_nan: true, ..within(1.0, 1.0) };
    assert_eq!(held(&a, &b, &equal_nan).verdict(), Verdict::Exact);
    // Of every dtype that has one.
    let one = 1_f32.to_ne_bytes();
    for (dtype, nan) in [
        (Dtype::F64, &f64::NAN.to_ne_bytes()[..]),
        (Dtype::F16, &0x7e00_u16.to_ne_bytes()),
        (Dtype::BF16, &0xffc0_u16.to_ne_bytes()),
        (Dtype::F8_E4M3, &[0x7f]),
        (Dtype::C64, &[one, f32::NAN.to_ne_bytes()].concat()),
        (Dtype::C64, &[f32::NAN.to_ne_bytes(), one].concat()),
    ] {
        let trace = lone(dtype, nan, 1);
        assert_found(&held(&trace, &trace, &within(1.0, 1.0)), &["n at [0]", "passes: none"]);
        assert_eq!(held(&trace, &trace, &equal_nan).verdict(), Verdict::Exact, "{dtype:?}");
    }
    // Of other bits they are equal as numbers, but not exact.
    set(&mut b, "tanh/000001/forward/logits", 3, f32::from_bits(0x7fc0_0001));
    assert_eq!(held(&a, &b, &equal_nan).verdict(), Verdict::WithinTolerance);
    assert_found(&held(&a, &b, &epochs()), &["not a number", "passes: none"]);
    // What is told to pass does.
    set(&mut b, "tanh/000002/loss/loss", 0, 100.0);
    let report = held(&a, &b, &Options { equal_nan: true, ..within(0.0, 1.0) });
    let [atol, rtol] = report.needed().map(Option::unwrap);
    for tolerance in [atol, rtol] {
        let options = Options { equal_nan: true, ..Options::within(Some(tolerance)) };
        assert_eq!(held(&a, &b, &options).verdict(), Verdict::WithinTolerance);
        assert_eq!(
            held(&a, &b, &Options { equal_nan: false, ..options }).verdict(),
            Verdict::Diverged
        );
    }
}

#[test]
fn the_tolerance_named_is_none_where_an_equal_nan_would_not_pass() {
    let [mut a, mut b] = [Trace::default(), Trace::default()];
    a.tensors.insert("x".into(), f32s(&[2], &[f32::NAN, 1.0]));
    b.tensors.insert("x".into(), f32s(&[2], &[f32::NAN, 1.25]));
    assert_found(&held(&a, &b, &Options::default()), &["x at [1]", "passes: none"]);
    // Also where it is in a tensor of which nothing differs.
    for trace in [&mut a, &mut b] {
        trace.tensors.insert("y".into(), f32s(&[1], &[f32::NAN]));
    }
    a.tensors.insert("x".into(), f32s(&[1], &[1.0]));
    b.tensors.insert("x".into(), f32s(&[1], &[1.25]));
    assert_found(&held(&a, &b, &Options::default()), &["x at [0]", "passes: none"]);
}

#[test]
fn two_swapped_values_are_found() {
    let key = "relu/000000/init/fc2.weight";
    let report = damaged(|trace| {
        let all = values(&trace.tensors[key]);
        set(trace, key, 1, all[2]);
        set(trace, key, 2, all[1]);
    });
    assert_found(&report, &["relu, at the start, init, fc2.weight at [0, 1]"]);
}

#[test]
fn minus_zero_is_not_plus_zero() {
    let key = "data/000000/data/x";
    let [mut a, mut b] = [small_trace(), small_trace()];
    set(&mut a, key, 0, 0.0);
    set(&mut b, key, 0, -0.0);
    let words = ["data, x at [0, 0]", "0.0 (0x00000000)", "-0.0 (0x80000000)", "1 ULP apart"];
    assert_found(&held(&a, &b, &epochs()), &words);
    let report = held(&a, &b, &within(0.0, 0.0));
    assert_eq!(report.verdict(), Verdict::WithinTolerance, "as numbers they are equal");
    assert_says(
        &report,
        &["verdict: within tolerance (rtol 0.0, atol 0.0): 82 tensors, 568 values\n"],
    );
}

#[test]
fn a_missing_and_an_extra_tensor_are_found() {
    let report = damaged(|trace| drop(trace.tensors.remove("tanh/000001/grad/fc2.bias")));
    assert_found(
        &report,
        &[
            "tanh, epoch 1, grad, fc2.bias: only A has it\ngrad of epoch 1: 1 of 4 tensors differs\nsm",
            "passes: none",
        ],
    );
    let report = damaged(|trace| {
        let extra = trace.tensors["data/000000/data/y"].clone();
        trace.tensors.insert("elu/000001/grad/fc9.bias".into(), extra);
    });
    assert_found(&report, &["elu, epoch 1, grad, fc9.bias: only B has it"]);
}

#[test]
fn a_tensor_that_lacks_in_the_last_step_is_no_end_of_the_run() {
    let report = damaged(|trace| drop(trace.tensors.remove("tanh/000002/param/fc2.bias")));
    assert_found(
        &report,
        &["tanh, epoch 2, param, fc2.bias: only A has it\nparam of epoch 2: 1 of"],
    );
}

#[test]
fn the_first_value_told_is_one_that_does_not_pass() {
    let report = damaged_within(&within(0.0, 0.5), |trace| {
        let all = values(&trace.tensors["tanh/000001/grad/fc1.bias"]);
        set(trace, "tanh/000001/grad/fc1.bias", 0, all[0] + 0.25);
        set(trace, "tanh/000001/grad/fc1.bias", 2, 9.0);
    });
    assert_found(&report, &["grad, fc1.bias at [2]\n", "B  9.0 (0x41100000)"]);
}

#[test]
fn what_passes_is_no_origin_of_an_error() {
    let report = damaged_within(&within(0.0, 0.5), |trace| {
        let x = values(&trace.tensors["tanh/000001/loss/loss"])[0];
        set(trace, "tanh/000001/loss/loss", 0, x + 0.25);
        set(trace, "tanh/000001/grad/fc1.bias", 0, 9.0);
    });
    let local: Vec<_> = report.phases().into_iter().map(|(_, tally)| tally.local).collect();
    assert_eq!(local, [0, 0, 0, 0, 1, 0, 0]);
    let listing = report.outcome(9).listing();
    assert!(listing.lines().nth(1).unwrap().ends_with(" ok"), "{listing}");
}

#[test]
fn what_is_found_in_the_blocks_of_a_large_tensor_is_told_together() {
    // Of 1 MiB each, to be compared on any number of threads.
    let right = vec![0.0; 1 << 20];
    let mut wrong = right.clone();
    (wrong[3], wrong[1 << 18], wrong[(1 << 20) - 1]) = (f32::NAN, 1.0, f32::NAN);
    let [wrong, right] = [wrong, right].map(|all| Trace {
        tensors: [("n".into(), f32s(&[1 << 20], &all))].into(),
        ..Trace::default()
    });
    let report = held(&wrong, &right, &Options::default());
    let What::Values(found) = &report.differences()[0].what else { panic!() };
    assert_eq!((found.differing, found.failing, found.nans), (3, 3, 2));
    assert_eq!((found.index.as_slice(), found.max_abs), (&[3][..], 1.0));
    // Of numbers that cannot be read, one in the last block.
    let bits = |last| {
        let mut bytes = vec![0; 3 << 20];
        *bytes.last_mut().unwrap() = last;
        lone(Dtype::F4, &bytes, 6 << 20)
    };
    assert_found(
        &held(&bits(1), &bits(2), &Options::default()),
        &["n at byte [3145727]", "compared by bits: dtype F4"],
    );
}

#[test]
fn nan_alone_is_listed_as_nan() {
    let report = damaged(|trace| set(trace, "tanh/000001/loss/loss", 0, f32::NAN));
    let listing = report.outcome(9).listing();
    assert!(listing.ends_with("        1 of 1       nan       nan\n"), "{listing}");
}

#[test]
fn a_run_that_ends_earlier_is_told_as_that() {
    let report =
        damaged(|trace| trace.tensors.retain(|key, _| !key.as_str().starts_with("tanh/000002/")));
    assert_found(
        &report,
        &[
            "diverged: 18 of 82 tensors differ",
            "tanh, epoch 2, forward, logits: only A has it\n  B ends at epoch 1 of tanh\n",
        ],
    );
    let listing = report.outcome(9).listing();
    assert_eq!(listing.lines().nth(1), Some("tanh: B ends at epoch 1, 18 tensors missing"));
    assert_eq!(listing.lines().count(), 2);
}

#[test]
fn another_shape_and_another_dtype_are_found() {
    let reshape = |trace: &mut Trace, key: &str, dtype, shape: &[usize]| {
        let array = trace.tensors.get_mut(key).unwrap();
        *array = Array::new(dtype, shape.to_vec(), array.bytes().to_vec()).unwrap();
    };
    let report = damaged(|trace| reshape(trace, "data/000000/data/x", Dtype::F32, &[3, 8]));
    assert_found(&report, &["data, x: shape [8, 3] for A, [3, 8] for B", "passes: none"]);
    let report = damaged(|trace| reshape(trace, "data/000000/data/y", Dtype::I32, &[8]));
    assert_found(&report, &["data, y: dtype F32 for A, I32 for B", "passes: none"]);
}

#[test]
fn runs_of_other_settings_are_told_apart_at_once() {
    let report = damaged(|trace| drop(trace.about.settings.insert("seed".into(), "7".into())));
    assert_found(&report, &["the settings of the runs differ", "seed: 0 for A, 7 for B"]);
    // One that says nothing of its settings may have the same.
    let report = damaged(|trace| trace.about.settings.clear());
    assert_eq!(report.verdict(), Verdict::Exact);
    assert!(!report.to_string().contains("settings"), "{report}");
    let report = damaged(|trace| trace.about.experiment = "curve\n".into());
    assert_found(&report, &["experiment: train for A, curve\\n for B"]);
}

#[test]
fn the_tolerance_that_the_report_names_passes_and_a_smaller_one_does_not() {
    let [a, mut b] = [small_trace(), small_trace()];
    set(&mut b, "tanh/000001/forward/logits", 3, 0.75);
    set(&mut b, "relu/000002/param/fc1.bias", 1, -0.5);
    let [atol, rtol] = held(&a, &b, &epochs()).needed().map(Option::unwrap);
    let verdict = |rtol, atol| held(&a, &b, &within(rtol, atol)).verdict();
    assert_eq!(verdict(0.0, atol.atol), Verdict::WithinTolerance);
    // In float32, as PyTorch computes it.
    let below = f64::from((atol.atol as f32).next_down());
    assert_eq!(verdict(0.0, below), Verdict::Diverged);
    assert_eq!(verdict(rtol.rtol, 0.0), Verdict::WithinTolerance);
    assert_eq!(verdict(f64::from((rtol.rtol as f32).next_down()), 0.0), Verdict::Diverged);
}

/// An atol above every value that differs, and an rtol above 1, are larger than the
/// values themselves.
#[test]
fn a_tolerance_that_is_larger_than_the_values_is_not_named() {
    let none = "\nno tolerance is of use: the values differ by more than they are large\n";
    for (a, b, words) in [
        ([4.0, 1.0], [-0.5, 1.0], none),
        ([4.0, 1.0], [0.5, 1.0], "\nsmallest tolerance that passes: atol 3.5\n"),
        ([1.0, 0.5], [-1.0, 0.5], none),
        // Where most agree, what little differs is no other run.
        ([1.0, 1e-9], [1.0, -1e-9], "\nsmallest tolerance that passes: atol 1.999999"),
        ([3.0, 1.0], [2.0, 1.0], "atol 1.0 alone,\n  or rtol 0.5 alone\n"),
        ([f32::NAN, 1.0], [2.0, 1.0], "\nsmallest tolerance that passes: none\n"),
    ] {
        let of = |values| Trace {
            tensors: [(Key::from("x"), f32s(&[2], values))].into(),
            ..Trace::default()
        };
        let report = compare(["A", "B"], &of(&a), &of(&b), &Options::default()).unwrap();
        assert_says(&report, &[words]);
    }
}

#[test]
fn an_infinity_passes_itself_only() {
    let [mut a, mut b] = [Trace::default(), Trace::default()];
    for (at, [x, y]) in
        [[f32::INFINITY, 1.0], [1.0, f32::NEG_INFINITY], [f32::INFINITY, f32::NEG_INFINITY]]
            .into_iter()
            .enumerate()
    {
        a.tensors.insert(format!("{at}").into(), f32s(&[], &[x]));
        b.tensors.insert(format!("{at}").into(), f32s(&[], &[y]));
    }
    let report = held(&a, &b, &within(1e30, 1e30));
    assert_found(&report, &["3 of 3 tensors differ", "passes: none"]);
}

#[test]
fn local_and_inherited_errors_are_told_apart() {
    let report = damaged(|trace| {
        for key in [
            "tanh/000001/grad/fc1.bias",
            "tanh/000001/param/fc1.bias",
            "relu/000002/param/fc2.bias",
        ] {
            set(trace, key, 0, 9.0);
        }
    })
    .resynced();
    assert_found(
        &report,
        &[
            "resynced: after each step A goes on from B's values",
            "first divergence (local): tanh, epoch 1, grad, fc1.bias at [0]",
            "steps with an error of their own: 2 of 4",
        ],
    );
    let local: Vec<_> =
        report.phases().into_iter().map(|(name, tally)| (name, tally.local)).collect();
    assert!(local.contains(&("grad".to_owned(), 1)) && local.contains(&("param".to_owned(), 1)));
    assert_eq!(report.total().local, 2);
}

#[test]
fn a_phase_of_ones_own_stands_where_it_was_recorded() {
    let [mut a, mut b] = [Trace::default(), Trace::default()];
    for (trace, x) in [(&mut a, 1.0), (&mut b, 2.0)] {
        for phase in ["init", "batch", "forward", "loss"] {
            let step = usize::from(phase != "init");
            trace.insert(Key::new("net", step, phase, "x"), f32s(&[], &[x])).unwrap();
        }
        // As it comes back from a file.
        let about = serde_json::to_string(&trace.about).unwrap();
        trace.about = serde_json::from_str(&about).unwrap();
        trace.tensors.remove("net/000000/init/x");
    }
    assert_found(&held(&a, &b, &Options::default()), &["first divergence: net, step 1, batch, x"]);
}

#[test]
fn keys_of_other_origin_are_told_as_they_are_and_cannot_forge_a_line() {
    let [mut a, mut b] = [Trace::default(), Trace::default()];
    for (trace, x) in [(&mut a, 0.5), (&mut b, 0.25)] {
        trace.tensors.insert("encoder/0/attn/kernel".into(), f32s(&[2], &[x, 1.0]));
    }
    let report = held(&a, &b, &Options::default());
    assert_found(
        &report,
        &["divergence: encoder/0/attn/kernel at [0]", "atol 0.25 alone", "or rtol 1.0 alone"],
    );
    assert!(!report.to_string().contains("other"), "{report}");
    let forged = "x\n\u{1b}[2Jverdict: exact: 1 tensor";
    a.tensors.insert(forged.into(), f32s(&[], &[1.0]));
    let report = held(
        &a,
        &b,
        &Options { ignore: vec![Options::regex("kernel").unwrap()], ..Options::default() },
    );
    assert_found(&report, &["x\\n\\u{1b}[2Jverdict: exact: 1 tensor: only A has it"]);
    assert!(!report.outcome(9).listing().contains('\u{1b}'));
}

#[test]
fn whole_numbers_are_compared_exactly() {
    let with = |number: i64| lone(Dtype::I64, &number.to_ne_bytes(), 1);
    // f64 does not tell these two apart; the tolerance must.
    for base in [1_i64 << 60, i64::MAX - 1, -(1 << 62)] {
        let [a, b] = [with(base), with(base + 1)];
        assert_found(
            &held(&a, &b, &Options::default()),
            &["1 ULP apart", "passes: atol 1.0 alone"],
        );
        assert_found(&held(&a, &b, &within(0.0, 0.5)), &["verdict: diverged"]);
        assert_eq!(held(&a, &b, &within(0.0, 1.0)).verdict(), Verdict::WithinTolerance);
    }
    assert_says(
        &held(&with(i64::MIN), &with(i64::MAX), &Options::default()),
        &["18,446,744,073,709,551,615 ULPs apart"],
    );
}

#[test]
fn every_dtype_has_its_numbers_or_says_that_it_has_none() {
    let report =
        held(&lone(Dtype::F8_E4M3, &[1], 1), &lone(Dtype::F8_E4M3, &[2], 1), &Options::default());
    assert_found(
        &report,
        &[
            "0.001953125 (0x01)",
            "0.00390625 (0x02)",
            "1 ULP apart",
            "passes: atol 0.001953125 alone",
        ],
    );
    let report =
        held(&lone(Dtype::F4, &[0x21, 7], 4), &lone(Dtype::F4, &[0x21, 5], 4), &within(9.0, 9.0));
    assert_found(
        &report,
        &[
            "verdict: diverged: 1 of 1 tensor differs",
            "n at byte [1]",
            "0x07",
            "compared by bits: dtype F4",
            "passes: none",
        ],
    );
    assert_eq!((report.total().values, report.total().values_equal), (2, 1), "two bytes");
    let same = lone(Dtype::F4, &[0x12, 0x34], 4);
    let report_of_same = held(&same, &same, &Options::default());
    assert_says(&report_of_same, &["verdict: exact: 1 tensor, 2 values, the same bits"]);
    assert!(report.outcome(1).listing().contains("by bits"));
    let complex =
        |re: f32, im: f32| lone(Dtype::C64, &[re.to_ne_bytes(), im.to_ne_bytes()].concat(), 1);
    let report = held(&complex(4.0, -2.0), &complex(7.0, 2.0), &Options::default());
    assert_found(&report, &["(4.0-2.0j) (0x", "atol 5.0 alone"]);
    assert_eq!(
        held(&complex(4.0, -2.0), &complex(7.0, 2.0), &within(0.0, 5.0)).verdict(),
        Verdict::WithinTolerance
    );
    assert_found(
        &held(&complex(1.0, f32::NAN), &complex(1.0, 2.0), &within(0.0, 5.0)),
        &["not a number"],
    );
    // bfloat16 and float16 of the same bits are other numbers.
    let half = |dtype| {
        held(&lone(dtype, &[0x80, 0x3f], 1), &lone(dtype, &[0x81, 0x3f], 1), &Options::default())
            .to_string()
    };
    assert!(
        half(Dtype::BF16).contains("1.0 (0x3f80)") && half(Dtype::F16).contains("1.875 (0x3f80)")
    );
    // A negative int32 is below zero.
    let number = |x: i32| lone(Dtype::I32, &x.to_ne_bytes(), 1);
    let report = held(&number(-3), &number(2), &Options::default());
    assert_found(&report, &["A  -3\n", "5 ULPs apart", "no tolerance is of use"]);
    assert_eq!(report.needed()[0].unwrap().atol, 5.0);
}

#[test]
fn nothing_is_never_exact() {
    let empty = Trace::default();
    let error = compare(["A", "B"], &empty, &empty, &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), "nothing to compare: neither side holds a tensor");
}

#[test]
fn a_series_that_takes_no_step_is_not_told_by_its_steps() {
    let of = |step: usize| {
        let mut trace = Trace::default();
        let array = Array::new(Dtype::F32, vec![1], 1_f32.to_ne_bytes().to_vec()).unwrap();
        trace.insert(Key::new("net", 0, "init", "w"), array.clone()).unwrap();
        if step > 0 {
            trace.insert(Key::new("net", step, "loss", "loss"), array).unwrap();
        }
        let series = held(&trace, &trace, &Options::default()).outcome(0).series;
        series.iter().map(|series| series.steps).collect::<Vec<_>>()
    };
    assert_eq!(of(0), [0; 0]);
    assert_eq!(of(1), [1]);
}

#[test]
fn a_step_whose_end_stands_behind_other_series_counts_once() {
    let mut a = small_trace();
    for series in ["tanh", "relu"] {
        a.insert(Key::new(series, 2, "end", "fc1.bias"), f32s(&[1], &[1.0])).unwrap();
    }
    let mut b = a.clone();
    for series in ["tanh", "relu"] {
        for step in [1, 2] {
            set(&mut b, &format!("{series}/{step:06}/loss/loss"), 0, 9.0);
        }
        set(&mut b, &format!("{series}/000002/end/fc1.bias"), 0, 2.0);
    }
    let report = held(&a, &b, &epochs());
    assert_eq!([report.steps_equal("tanh"), report.steps_equal("relu")], [(0, 2); 2]);
    assert_eq!(report.steps_wrong(), (4, 4));
}

/// What every reader knows is not said again.
#[test]
fn a_record_tells_its_phases_only_where_some_are_its_own() {
    let text = |trace: &Trace| String::from_utf8_lossy(&trace.to_bytes().unwrap()).into_owned();
    let mut trace = small_trace();
    assert!(!text(&trace).contains("phases"));
    let loss = trace.tensors.values().next().unwrap().clone();
    trace.insert(Key::new("tanh", 1, "own", "x"), loss).unwrap();
    assert!(text(&trace).contains("phases"));
}

#[test]
fn a_hundred_thousand_series_phases_and_names_take_no_quadratic_time() {
    let start = std::time::Instant::now();
    let [mut a, mut b] = [Trace::default(), Trace::default()];
    let names = |i: usize| {
        [
            Key::new("s", 1, &format!("p{i}"), "n"),
            Key::new("s", 1, "loss", &format!("n{i}")),
            Key::new(&format!("s{i}"), 1, "loss", "n"),
        ]
    };
    for (trace, x) in [(&mut a, 1.0), (&mut b, 2.0)] {
        for i in 0..30_000 {
            for key in names(i) {
                trace.insert(key, f32s(&[], &[x])).unwrap();
            }
        }
    }
    let report = compare(["A", "B"], &a, &b, &Options::default()).unwrap();
    assert_eq!(report.differences().len(), 90_000);
    let text = format!("{report}{}", report.outcome(usize::MAX).listing());
    assert!(
        (0..30_000).all(|i| report.steps_equal(&format!("s{i}")) == (0, 1)) && text.len() > 1000
    );
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
