//! The comparison can fail, and says where: records, tables, files, tolerances.

mod files;
mod forms;
#[path = "../live/mod.rs"]
mod live;
mod lone;
mod options;
mod oracle;
mod report;
mod tables;
mod tolerance;

use parity::compare::{Options, Report, Tolerance, compare};
use parity_record::{About, Array, Key, Trace};
use safetensors::Dtype;

/// An array of float32.
pub fn f32s(shape: &[usize], values: &[f32]) -> Array {
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_ne_bytes()).collect();
    Array::new(Dtype::F32, shape.to_vec(), bytes).unwrap()
}

/// The values of an array of float32.
pub fn values(array: &Array) -> Vec<f32> {
    array.bytes().chunks(4).map(|x| f32::from_ne_bytes(x.try_into().unwrap())).collect()
}

/// A record of two series of two steps, as the lesson leaves one: 82 tensors.
pub fn small_trace() -> Trace {
    let environment = [("by", "tch 0.26.0"), ("torch", "2.13.0"), ("threads", "1")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut trace =
        Trace::new(About::new("train", [("seed".into(), "0".into())].into(), environment));
    let mut next = 0.0;
    let mut add = |series: &str, step, phase: &str, name: &str, shape: &[usize]| {
        next += 0.01;
        let count = shape.iter().product();
        let numbers: Vec<_> = (0..count).map(|i| next + 0.001 * i as f32).collect();
        trace.insert(Key::new(series, step, phase, name), f32s(shape, &numbers)).unwrap();
    };
    let parameters: [(&str, &[usize]); 4] =
        [("fc1.weight", &[4, 3]), ("fc1.bias", &[4]), ("fc2.weight", &[2, 4]), ("fc2.bias", &[2])];
    add("data", 0, "data", "x", &[8, 3]);
    add("data", 0, "data", "y", &[8]);
    for series in ["tanh", "relu"] {
        for (name, shape) in parameters {
            add(series, 0, "init", name, shape);
        }
        for step in 1..=2 {
            add(series, step, "forward", "logits", &[8, 2]);
            add(series, step, "loss", "loss", &[]);
            for (name, shape) in parameters {
                add(series, step, "grad", name, shape);
            }
            for (name, shape) in parameters {
                add(series, step, "state", &format!("{name}.exp_avg"), shape);
                add(series, step, "state", &format!("{name}.exp_avg_sq"), shape);
            }
            for (name, shape) in parameters {
                add(series, step, "param", name, shape);
            }
        }
    }
    trace
}

/// Sets the value at place `i` of a float32 tensor.
pub fn set(trace: &mut Trace, key: &str, i: usize, value: f32) {
    let array = trace.tensors.get_mut(key).unwrap();
    let mut all = values(array);
    all[i] = value;
    *array = f32s(array.shape(), &all);
}

/// Holds A to B.
pub fn held(a: &Trace, b: &Trace, options: &Options) -> Report {
    let report = compare(["A", "B"], a, b, options).unwrap();
    let text = format!("{report}{}", report.outcome(usize::MAX).listing());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "too wide:\n{text}");
    report
}

/// The lesson's own options.
pub fn epochs() -> Options {
    Options { step_word: "epoch".to_owned(), ..Options::default() }
}

/// Within a tolerance.
pub fn within(rtol: f64, atol: f64) -> Options {
    Options::within(Some(Tolerance { rtol, atol }))
}

/// The report says each of `words`.
#[track_caller]
pub fn assert_says(report: &impl ToString, words: &[&str]) {
    let text = report.to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in\n{text}");
    }
}
