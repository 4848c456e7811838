//! The check can fail: each kind of damage to a trace is found, named at the
//! right place, and told by the exit status.

use std::fs;

use crate::common::{outcome, small_trace, tanh_parity};
use safetensors::Dtype;
use torch_parity::trace::{Array, Trace};

/// Compares a run's trace with a copy that `damage` was done to.
fn compare_with(damage: impl FnOnce(&mut Trace)) -> (i32, String, String) {
    compare_flagged("", damage)
}

fn compare_flagged(flags: &str, damage: impl FnOnce(&mut Trace)) -> (i32, String, String) {
    let (folder, a, mut trace) = small_trace();
    damage(&mut trace);
    let b = folder.path().join("b.safetensors");
    fs::write(&b, trace.to_bytes().unwrap()).unwrap();
    outcome(tanh_parity(&format!("compare {} {} {flags}", a.display(), b.display())))
}

/// Sets the value at place `i` of a float32 tensor.
fn set(trace: &mut Trace, key: &str, i: usize, value: f32) {
    let array = &trace.tensors[key];
    let mut bytes = array.bytes().to_vec();
    bytes[4 * i..4 * i + 4].copy_from_slice(&value.to_ne_bytes());
    let array = Array::new(array.dtype(), array.shape().to_vec(), bytes).unwrap();
    trace.tensors.insert(key.into(), array);
}

fn get(trace: &Trace, key: &str, i: usize) -> f32 {
    let bytes = &trace.tensors[key].bytes()[4 * i..4 * i + 4];
    f32::from_ne_bytes(bytes.try_into().unwrap())
}

/// Exit status 1, and the report says each of `words`.
fn assert_found((code, stdout, stderr): (i32, String, String), words: &[&str]) {
    assert_eq!(code, 1, "{stdout}{stderr}");
    for word in words {
        assert!(stdout.contains(word), "no {word:?} in\n{stdout}");
    }
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "too wide:\n{stdout}");
}

#[test]
fn an_undamaged_copy_is_exact() {
    let (code, stdout, stderr) = compare_with(|_| {});
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("verdict: exact: 82 tensors"), "{stdout}");
}

#[test]
fn one_ulp_in_one_value_is_found_and_named() {
    let key = "tanh/000002/grad/fc1.weight";
    let found = compare_with(|trace| {
        let up = get(trace, key, 7).next_up();
        set(trace, key, 7, up);
    });
    assert_found(
        found,
        &[
            "verdict: diverged: 1 of 82 tensors differ",
            "first divergence: tanh, epoch 2, grad, fc1.weight at [2, 1]",
            "1 ULP apart",
        ],
    );
}

#[test]
fn the_first_of_several_divergences_is_the_earliest_event() {
    // relu comes after tanh, though not in the alphabet; bias after weight.
    let found = compare_with(|trace| {
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
        found,
        &[
            "4 of 82",
            "tanh, epoch 2, state, fc1.weight.exp_avg_sq at [0, 0]\n  A  ",
            "\n  B  9.0 (0x41100000)",
        ],
    );
}

#[test]
fn a_nan_is_found_and_no_tolerance_passes_it() {
    let nan = |trace: &mut Trace| set(trace, "tanh/000001/loss/loss", 0, f32::NAN);
    let words =
        ["tanh, epoch 1, loss, loss\n", "B  nan (0x7fc00000)", "not a number", "passes: none"];
    assert_found(compare_with(nan), &words);
    assert_found(compare_flagged("--rtol 1e9 --atol 1e9", nan), &["verdict: diverged"]);
}

#[test]
fn two_swapped_values_are_found() {
    let key = "relu/000000/init/fc2.weight";
    let found = compare_with(|trace| {
        let (x, y) = (get(trace, key, 1), get(trace, key, 2));
        set(trace, key, 1, y);
        set(trace, key, 2, x);
    });
    assert_found(found, &["relu, at the start, init, fc2.weight at [0, 1]"]);
}

#[test]
fn minus_zero_is_not_plus_zero() {
    let key = "data/000000/data/x";
    let (folder, a, mut trace) = small_trace();
    set(&mut trace, key, 0, 0.0);
    fs::write(&a, trace.to_bytes().unwrap()).unwrap();
    set(&mut trace, key, 0, -0.0);
    let b = folder.path().join("b.safetensors");
    fs::write(&b, trace.to_bytes().unwrap()).unwrap();
    let run = |flags: &str| {
        outcome(tanh_parity(&format!("compare {} {} {flags}", a.display(), b.display())))
    };
    assert_found(
        run(""),
        &["data, x at [0, 0]", "0.0 (0x00000000)", "-0.0 (0x80000000)", "1 ULP apart"],
    );
    assert_eq!(run("--rtol 0 --atol 0").0, 0, "as numbers they are equal");
}

#[test]
fn a_missing_and_an_extra_tensor_are_found() {
    let found = compare_with(|trace| {
        trace.tensors.remove("tanh/000001/grad/fc2.bias");
    });
    assert_found(found, &["tanh, epoch 1, grad, fc2.bias: only A has it", "passes: none"]);
    let found = compare_with(|trace| {
        let extra = trace.tensors["data/000000/data/y"].clone();
        trace.tensors.insert("elu/000001/grad/fc9.bias".into(), extra);
    });
    assert_found(found, &["elu, epoch 1, grad, fc9.bias: only B has it"]);
}

#[test]
fn another_shape_and_another_dtype_are_found() {
    let found = compare_with(|trace| {
        let x = trace.tensors.get_mut("data/000000/data/x").unwrap();
        *x = Array::new(x.dtype(), vec![3, 8], x.bytes().to_vec()).unwrap();
    });
    assert_found(found, &["data, x: shape [8, 3] for A, [3, 8] for B"]);
    let found = compare_with(|trace| {
        let y = trace.tensors.get_mut("data/000000/data/y").unwrap();
        *y = Array::new(Dtype::F64, y.shape().to_vec(), y.bytes().to_vec()).unwrap();
    });
    assert_found(found, &["data, y: dtype I64 for A, F64 for B"]);
}

#[test]
fn a_dropped_epoch_is_found() {
    let found = compare_with(|trace| {
        trace.tensors.retain(|key, _| !key.as_str().starts_with("tanh/000002/"));
    });
    assert_found(found, &["tanh, epoch 2, forward, logits: only A has it"]);
}

#[test]
fn runs_of_other_settings_are_told_apart_at_once() {
    let found = compare_with(|trace| {
        trace.about.settings.insert("seed".to_owned(), "7".to_owned());
    });
    assert_found(found, &["the settings of the runs differ", "seed: 0 for A, 7 for B"]);
}

#[test]
fn the_tolerance_that_the_report_names_passes_and_a_smaller_one_does_not() {
    let spoil = |trace: &mut Trace| {
        for (key, i) in [("tanh/000001/forward/logits", 3), ("relu/000002/param/fc1.bias", 1)] {
            set(trace, key, i, 1.5 * get(trace, key, i));
        }
    };
    let (_, stdout, _) = compare_with(spoil);
    let after = |word: &str| {
        let (_, rest) = stdout.split_once(word).unwrap();
        rest.split_whitespace().next().unwrap().parse::<f64>().unwrap()
    };
    let (atol, rtol) = (after("passes: atol "), after("or rtol "));
    let code = |flags: &str| compare_flagged(flags, spoil).0;
    assert_eq!(code(&format!("--rtol 0 --atol {atol:e}")), 0);
    assert_eq!(code(&format!("--rtol 0 --atol {:e}", atol * (1.0 - 1e-6))), 1);
    assert_eq!(code(&format!("--atol 0 --rtol {rtol:e}")), 0);
    assert_eq!(code(&format!("--atol 0 --rtol {:e}", rtol * (1.0 - 1e-6))), 1);
}

#[test]
fn what_is_not_a_trace_is_trouble_not_a_divergence() {
    let (folder, a, trace) = small_trace();
    let whole = trace.to_bytes().unwrap();
    let huge_header = u64::MAX.to_le_bytes().to_vec();
    let header = br#"{"x":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,4]}}"#;
    let huge_shape = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
    let cases = [
        ("empty", Vec::new()),
        ("truncated", whole[..whole.len() - 1].to_vec()),
        ("truncated in the header", whole[..100].to_vec()),
        ("no .safetensors", b"activation,final_loss\ntanh,0.5\n".to_vec()),
        ("a header of 2^64 bytes", huge_header),
        ("a tensor of 2^65 values", huge_shape),
    ];
    for (what, bytes) in cases {
        let b = folder.path().join("b.safetensors");
        fs::write(&b, bytes).unwrap();
        let (code, stdout, stderr) =
            outcome(tanh_parity(&format!("compare {} {}", a.display(), b.display())));
        assert_eq!((code, stdout.as_str()), (2, ""), "{what}");
        assert!(
            stderr.contains("b.safetensors is not a readable .safetensors file"),
            "{what}: {stderr}"
        );
        assert_eq!(stderr.lines().count(), 1, "{what}: {stderr}");
    }
}

#[test]
fn traces_of_any_origin_are_compared_by_name() {
    let (folder, ..) = small_trace();
    let write = |name: &str, value: f32| {
        let bytes = [value.to_ne_bytes(), 1_f32.to_ne_bytes()].concat();
        let array = Array::new(Dtype::F32, vec![2], bytes).unwrap();
        let path = folder.path().join(name);
        fs::write(&path, safetensors::serialize([("layer.0.weight", &array)], None).unwrap())
            .unwrap();
        path
    };
    let [a, b] = [write("x.safetensors", 0.5), write("y.safetensors", 0.25)];
    let found = outcome(tanh_parity(&format!("compare {} {}", a.display(), b.display())));
    assert_found(found, &["layer.0.weight at [0]", "atol 0.25 alone"]);
}

#[test]
fn whole_numbers_and_bytes_without_numbers_are_compared_exactly() {
    let (folder, ..) = small_trace();
    let write = |name: &str, dtype, bytes: &[u8]| {
        let array = Array::new(dtype, vec![1], bytes.to_vec()).unwrap();
        let path = folder.path().join(name);
        fs::write(&path, safetensors::serialize([("n", &array)], None).unwrap()).unwrap();
        path
    };
    // f64 does not tell these two apart; the tolerance must.
    let a = write("a.safetensors", Dtype::I64, &(1_i64 << 60).to_ne_bytes());
    let b = write("b.safetensors", Dtype::I64, &((1_i64 << 60) + 1).to_ne_bytes());
    let run = |flags: &str| {
        outcome(tanh_parity(&format!("compare {} {} {flags}", a.display(), b.display())))
    };
    assert_found(run(""), &["1 ULP apart", "passes: atol 1.0 alone"]);
    assert_found(run("--rtol 0 --atol 0.5"), &["verdict: diverged"]);
    assert_eq!(run("--rtol 0 --atol 1").0, 0);

    let a = write("a.safetensors", Dtype::F8_E4M3, &[1]);
    let b = write("b.safetensors", Dtype::F8_E4M3, &[2]);
    let run = |flags: &str| {
        outcome(tanh_parity(&format!("compare {} {} {flags}", a.display(), b.display())))
    };
    assert_found(run(""), &["0x01", "0x02"]);
    assert_found(run("--rtol 0 --atol 1e-3"), &["verdict: diverged"]);
    assert_eq!(run("--rtol 0 --atol 9").0, 0, "these have numbers too");
}

#[test]
fn files_that_hold_nothing_to_compare_are_trouble() {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let none: [(&str, &Array); 0] = [];
    let empty = write("a.safetensors", &safetensors::serialize(none, None).unwrap());
    let words = write("a.csv", b"name\nx\n");
    let twice = write("b.csv", b"a,a\n1,2\n");
    for (file, said) in
        [(empty, "holds no tensors"), (words, "holds no numbers"), (twice, "has two columns a")]
    {
        let (code, _, stderr) = outcome(tanh_parity(&format!("compare {file} {file}")));
        assert_eq!(code, 2, "{file}");
        assert!(stderr.contains(said) && stderr.lines().count() == 1, "{stderr}");
    }
}

#[test]
fn csvs_are_compared_number_by_number() {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let a = write("a.csv", "activation,final_loss\ntanh,0.34498170018196106\n");
    let run = |b: &str| outcome(tanh_parity(&format!("compare {a} {b}")));
    assert_eq!(run(&a).0, 0);
    let b = write("b.csv", "activation,final_loss\ntanh,0.34498172998428345\n");
    assert_found(run(&b), &["line 2, final_loss", "1 ULP apart"]);
    let b = write("c.csv", "activation,final_loss\nrelu,0.34498170018196106\n");
    assert_found(run(&b), &["line 2, activation", "A  \"tanh\"", "B  \"relu\""]);
    // A line without a number is not skipped.
    let b = write("e.csv", "activation,final_loss\ntanh,0.34498170018196106\ngelu,missing\n");
    assert_found(
        run(&b),
        &["first divergence: line 3: only B has it", "A ends after line 2, B has 1 line more"],
    );
    // Two seeds that are the same as floats.
    let [a, b] = [("f.csv", 3), ("g.csv", 2)].map(|(name, last)| {
        write(name, &format!("seed,final_loss\n900719925474099{last},0.34498170018196106\n"))
    });
    assert_found(outcome(tanh_parity(&format!("compare {a} {b}"))), &["line 2, seed"]);
    let (code, _, stderr) = run(&write("d.csv", "activation,final_loss\ntanh\n"));
    assert_eq!(code, 2);
    assert!(stderr.contains("d.csv is not a readable CSV"), "{stderr}");
}

#[test]
fn flags_say_what_is_compared_and_the_report_counts_it() {
    let key = "tanh/000002/grad/fc1.weight";
    let spoil = |trace: &mut Trace| set(trace, key, 7, 9.0);
    for (flags, code, words) in [
        ("--ignore grad/fc1", 0, "verdict: exact: 74 tensors"),
        ("--only /init/", 0, "verdict: exact: 8 tensors"),
        ("--rtol grad=9e9", 0, "verdict: within tolerance"),
        ("--rtol init=9e9", 1, "first divergence: tanh, epoch 2, grad, fc1.weight at [2, 1]"),
        ("--all", 1, "tanh/000002/grad/fc1.weight"),
        ("--rename ^tanh=sigmoid", 1, "renamed: 40 tensors of A"),
        ("--rename ^tanh=sigmoid --common", 0, "verdict: exact: 42 tensors"),
        ("--transpose fc1.weight", 1, "shape [3, 4] for A, [4, 3] for B"),
    ] {
        let (found, stdout, stderr) = compare_flagged(flags, spoil);
        assert_eq!(found, code, "{flags}\n{stdout}{stderr}");
        assert!(stdout.contains(words), "{flags}: no {words:?} in\n{stdout}");
    }
    let (code, _, stderr) = compare_flagged("--only (", spoil);
    assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
    let (_, svg, _) = compare_flagged("--plot -", spoil);
    assert!(svg.starts_with("<svg") && svg.contains("grad"), "{svg}");
}
