//! A tolerance means what it means for live PyTorch, to the bit.

use fastrand::Rng;
use parity::compare::{Options, Tolerance, Value, Verdict};
use parity_record::Trace;
use serde_json::{Value as Json, json};

use super::live::{draws, run_python};
use super::*;

const KINDS: [&str; 13] = [
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "complex64",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "uint64",
    "uint32",
    "uint16",
];

/// Tolerances of every size, also round ones, and none.
fn sizes(rng: &mut Rng) -> [f64; 2] {
    let round = [0.0, 1e-3, 1.3e-6, 1e-5, 0.1, 0.25, 1e-8];
    std::array::from_fn(|_| match rng.usize(..3) {
        0 => rng.f64(),
        _ => round[rng.usize(..round.len())],
    })
}

#[test]
fn every_dtype_passes_what_live_pytorch_passes() {
    let mut rng = draws();
    let mut cases: Vec<Json> = Vec::new();
    for kind in KINDS.into_iter().chain(["bool"]) {
        for i in 0..12 {
            let [rtol, atol] = if i == 0 { [0.0, 0.0] } else { sizes(&mut rng) };
            cases.push(json!({
                "dtype": kind, "rtol": rtol, "atol": atol, "equal_nan": i % 3 == 0,
                "small": i % 2 == 0, "count": 1000, "seed": rng.u32(..),
            }));
        }
    }
    let mut count = 0;
    for (case, answer) in cases.iter().zip(run_python("tolerance.py", &cases)) {
        let tolerance = Tolerance {
            rtol: case["rtol"].as_f64().unwrap(),
            atol: case["atol"].as_f64().unwrap(),
        };
        let equal_nan = case["equal_nan"].as_bool().unwrap();
        let [actual, expected, close] =
            ["actual", "expected", "close"].map(|name| &answer.tensors[name]);
        let dtype = actual.dtype();
        let width = Value::width(dtype);
        let pairs = actual.bytes().chunks(width).zip(expected.bytes().chunks(width));
        for ((a, e), close) in pairs.zip(close.bytes()) {
            let [a, e] = [a, e].map(|bytes| Value::new(dtype, bytes));
            let passes = tolerance.passes(a, e, equal_nan);
            assert_eq!(passes, *close == 1, "{case} {} {}", a.text(), e.text());
            count += 1;
        }
        let of = |name: &str| Trace {
            tensors: [("x".into(), answer.tensors[name].clone())].into(),
            ..Trace::default()
        };
        let options = Options { equal_nan, ..Options::within(Some(tolerance)) };
        let report = held(&of("actual"), &of("expected"), &options);
        let all = close.bytes().iter().all(|close| *close == 1);
        assert_eq!(report.verdict() != Verdict::Diverged, all, "{case}\n{report}");
        let failing = close.bytes().iter().map(|close| usize::from(*close == 0)).sum::<usize>();
        let total = report.total();
        assert_eq!(total.values - total.values_equal, failing, "{case}");
    }
    assert!(count > 150_000, "{count}");
}

#[test]
fn the_defaults_are_those_of_live_pytorch_for_float32() {
    let answer = &run_python("tolerance.py", &[json!({ "dtype": "defaults" })])[0];
    let Tolerance { rtol, atol } = Tolerance::default();
    let expected = [rtol, atol].map(f64::to_ne_bytes).concat();
    assert_eq!(answer.tensors["rtol and atol"].bytes(), expected);
}

#[test]
fn every_float_of_one_byte_is_the_number_that_live_pytorch_says() {
    let kinds = ["e4m3fn", "e5m2", "e8m0fnu"];
    let cases = kinds.map(|kind| json!({ "dtype": format!("float8_{kind}") }));
    for (kind, answer) in kinds.into_iter().zip(run_python("tolerance.py", &cases)) {
        let [of, numbers] = ["values", "numbers"].map(|name| &answer.tensors[name]);
        for (byte, expected) in of.bytes().iter().zip(values(numbers)) {
            let number = Value::new(of.dtype(), &[*byte]).number().unwrap() as f32;
            let same =
                number.to_bits() == expected.to_bits() || number.is_nan() && expected.is_nan();
            assert!(same, "{kind} 0x{byte:02x}: {number}, not {expected}");
        }
    }
}

/// A value of each float dtype near `x`.
fn near(dtype: Dtype, x: f64) -> Vec<u8> {
    match dtype {
        Dtype::F64 => x.to_ne_bytes().to_vec(),
        Dtype::F32 => (x as f32).to_ne_bytes().to_vec(),
        Dtype::F16 => half::f16::from_f64(x).to_ne_bytes().to_vec(),
        Dtype::BF16 => half::bf16::from_f64(x).to_ne_bytes().to_vec(),
        Dtype::C64 => [x as f32, -x as f32].map(f32::to_ne_bytes).concat(),
        _ => (x as i64).to_ne_bytes().to_vec(),
    }
}

#[test]
fn what_is_named_as_needed_passes() {
    let mut rng = draws();
    let dtypes = [Dtype::F64, Dtype::F32, Dtype::F16, Dtype::BF16, Dtype::C64, Dtype::I64];
    for _ in 0..3000 {
        let [mut a, mut b] = [Trace::default(), Trace::default()];
        for key in ["x", "y", "z"] {
            let dtype = dtypes[rng.usize(..dtypes.len())];
            for trace in [&mut a, &mut b] {
                let draw = |_| near(dtype, (rng.f64() - 0.5) * 10_f64.powi(rng.i32(-4..5)));
                let bytes = (0..3).flat_map(draw).collect::<Vec<_>>();
                trace.tensors.insert(key.into(), Array::new(dtype, vec![3], bytes).unwrap());
            }
        }
        let report = held(&a, &b, &Options::default());
        for (i, needed) in report.needed().into_iter().enumerate() {
            let Some(needed) = needed else { continue };
            let with = |tolerance| held(&a, &b, &Options::within(Some(tolerance))).verdict();
            assert_eq!(with(needed), Verdict::WithinTolerance, "{needed:?}\n{report}");
            // Two parts in a hundred less do not: bfloat16 has 8 bits.
            let less = Tolerance { rtol: needed.rtol * 0.98, atol: needed.atol * 0.98 };
            assert_eq!(with(less), Verdict::Diverged, "{i} {needed:?}\n{report}");
        }
        // An rtol does nothing where 0 is expected and is not there.
        let zero = b.tensors.iter().any(|(key, of)| {
            let width = Value::width(of.dtype());
            let value = |bytes: &[u8]| Value::new(of.dtype(), bytes).number();
            let both = a.tensors[key].bytes().chunks(width).zip(of.bytes().chunks(width));
            both.into_iter().any(|(a, e)| a != e && value(e) == Some(0.0))
        });
        let other = a.tensors.iter().any(|(key, of)| of.dtype() != b.tensors[key].dtype());
        let named = report.needed().map(|needed| needed.is_some());
        assert_eq!(named, [!other, !other && !zero], "{report}");
    }
}
