//! Digests: the same from Python and from here, of every dtype and layout; one
//! bit that differs is found; what needs values is refused.

use std::ops::Range;
use std::sync::LazyLock;

use crate::live;
use parity::compare::{Options, Tolerance, Verdict, compare};
use serde_json::json;
use tch::Tensor;
use torch_parity::trace::{About, Array, Kept, Key, Observer, OfTensor, Trace, Writer};

/// A record by values and one by digests, both from Python.
fn from_python() -> [Trace; 2] {
    static ONCE: LazyLock<[Trace; 2]> = LazyLock::new(|| {
        let traces = live::run_python("digest.py", &[json!(0), json!(1)]);
        traces.try_into().unwrap()
    });
    ONCE.clone()
}

/// The same record by digests, as ours are written and read.
fn digests_of(trace: &Trace, steps: Range<usize>) -> Trace {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept { digest: true, steps, ..Kept::default() };
    let path = folder.path().join("d.safetensors");
    let mut writer = Writer::keeping(&path, trace.about.clone(), kept).unwrap();
    for key in trace.keys() {
        let place = key.place().unwrap();
        let array = &trace.tensors[key];
        match array.to_tensor() {
            // As a port records it, through libtorch.
            Ok(tensor) => {
                let named = [(place.name, &tensor)];
                writer.tensors(place.series, place.step, place.phase, &named).unwrap();
            }
            Err(_) => writer.insert(key.clone(), array).unwrap(),
        }
    }
    Trace::read(&writer.finish().unwrap()).unwrap()
}

/// The same with one bit flipped.
fn flipped(array: &Array, byte: usize, bit: u8) -> Array {
    let mut bytes = array.bytes().to_vec();
    bytes[byte] ^= 1 << bit;
    Array::new(array.dtype(), array.shape().to_vec(), bytes).unwrap()
}

#[test]
fn python_and_rust_have_the_same_digests_of_every_dtype_and_layout() {
    let [values, digests] = from_python();
    assert!(values.tensors.len() >= 28 && digests.about.digest.is_some());
    let ours = digests_of(&values, 0..usize::MAX);
    for (key, array) in &values.tensors {
        assert_eq!(digests.tensors[key].is_digest(), array.bytes().len() > 16, "{key}");
        assert_eq!(array.digest(), digests.tensors[key], "{key}");
        assert_eq!(ours.tensors[key], digests.tensors[key], "{key}");
    }
    let exact = |a, b| compare(["A", "B"], a, b, &Options::default()).unwrap();
    for report in [exact(&ours, &digests), exact(&values, &digests), exact(&ours, &values)] {
        assert_eq!(report.verdict(), Verdict::Exact, "{report}");
        assert!(report.to_string().contains("tensors, the same digests"), "{report}");
    }
}

#[test]
fn one_flipped_bit_of_any_tensor_is_found_and_named() {
    let [values, digests] = from_python();
    for (key, array) in values.tensors.iter().filter(|(_, array)| !array.bytes().is_empty()) {
        let last = array.bytes().len() - 1;
        for (byte, bit) in [(0, 0), (last / 2, 3), (last, 7)] {
            let mut other = values.clone();
            other.tensors.insert(key.clone(), flipped(array, byte, bit));
            let report = compare(["A", "B"], &other, &digests, &Options::default()).unwrap();
            let found: Vec<_> = report.failing().map(|difference| &difference.key).collect();
            assert_eq!(found, [key], "{report}");
        }
    }
}

#[test]
fn the_first_divergence_of_digests_names_the_tensor_and_both_digests() {
    let mut a = Trace::new(About::default());
    for step in 1..=3 {
        let x = Tensor::arange(100, tch::kind::FLOAT_CPU) + step;
        a.tensors("net", step as usize, "param", &[("w", &x), ("b", &x)]).unwrap();
    }
    let mut b = a.clone();
    for key in ["net/000002/param/w", "net/000003/param/b"] {
        let other = flipped(&a.tensors[key], 7, 2);
        b.tensors.insert(key.into(), other);
    }
    let [a, b] = [a, b].map(|trace| digests_of(&trace, 0..usize::MAX));
    let report = compare(["A", "B"], &a, &b, &Options::default()).unwrap();
    let text = report.to_string();
    let hex =
        |array: &Array| format!("{:032x}", u128::from_be_bytes(array.bytes().try_into().unwrap()));
    let key = Key::from("net/000002/param/w");
    let expected = format!(
        "verdict: diverged: 2 of 6 tensors differ\n\
         first divergence: net, step 2, param, w: different digests; the values were not kept\n  \
         A  {}\n  B  {}\n\
         param of step 2: 1 of 2 tensors differs\n",
        hex(&a.tensors[&key]),
        hex(&b.tensors[&key])
    );
    assert!(text.ends_with(&expected), "{text}");
    assert!(text.contains("phase  tensors  equal\nparam        6      4\n"), "{text}");
    assert!(report.outcome(9).listing().contains("different digests"));
}

#[test]
fn another_shape_or_dtype_is_named_though_values_are_not_kept() {
    let x = Tensor::arange(100, tch::kind::FLOAT_CPU);
    let record = |tensor: &Tensor| {
        let mut trace = Trace::new(About::default());
        trace.tensors("net", 1, "param", &[("w", tensor)]).unwrap();
        digests_of(&trace, 0..usize::MAX)
    };
    let said = |other: &Tensor| {
        let report = compare(["A", "B"], &record(&x), &record(other), &Options::default());
        report.unwrap().to_string()
    };
    assert!(said(&x.view([10, 10])).contains("shape [100] for A, [10, 10] for B"));
    assert!(said(&x.to_kind(tch::Kind::Double)).contains("w: dtype F32 for A, F64 for B"));
}

#[test]
fn what_needs_values_is_refused_in_a_line() {
    let [values, digests] = from_python();
    let refused = |options: &Options| {
        compare(["A", "B"], &values, &digests, options).unwrap_err().to_string()
    };
    let tolerant = refused(&Options::within(Some(Tolerance::default())));
    assert_eq!(
        tolerant,
        "tolerances need values, and a record of digests has none: record without digests"
    );
    let transpose = vec![Options::regex("x").unwrap()];
    let transposing = refused(&Options { transpose, ..Options::default() });
    assert!(transposing.starts_with("transposing needs values"), "{transposing}");
    let large = digests.get("data", 0, "data", "large").unwrap();
    assert!(large.to_tensor().is_err() && large.transposed().is_err());
}

#[test]
fn a_selection_of_steps_leaves_out_the_others() {
    let mut all = Trace::new(About::default());
    for step in 0..5 {
        let x = Tensor::arange(100, tch::kind::FLOAT_CPU);
        all.tensors("net", step, "param", &[("w", &x)]).unwrap();
    }
    let some = digests_of(&all, 2..4);
    let keys: Vec<_> = some.keys().iter().map(|key| key.as_str().to_owned()).collect();
    assert_eq!(keys, ["net/000002/param/w", "net/000003/param/w"]);
}

#[test]
fn a_digest_takes_22_bytes_beside_its_key_and_survives_being_written_again() {
    let mut all = Trace::new(About::default());
    for step in 0..2000 {
        let x = Tensor::arange(100, tch::kind::FLOAT_CPU);
        all.tensors("net", step, "param", &[("w", &x)]).unwrap();
    }
    let some = digests_of(&all, 0..usize::MAX);
    let bytes = some.to_bytes().unwrap();
    let keys: usize = some.tensors.keys().map(|key| key.as_str().len()).sum();
    assert!(bytes.len() - keys < 24 * 2000, "{}", bytes.len() - keys);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.safetensors");
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(Trace::read(&path).unwrap().tensors, some.tensors);
}

#[test]
fn a_spoilt_record_of_digests_is_refused_in_a_line() {
    let x = Tensor::arange(100, tch::kind::FLOAT_CPU);
    let mut one = Trace::new(About::default());
    one.tensors("net", 1, "param", &[("w", &x), ("s", &Tensor::from(1.0))]).unwrap();
    let bytes = digests_of(&one, 0..usize::MAX).to_bytes().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.safetensors");
    let spoilt = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|found| found == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, bytes).unwrap();
        Trace::read(&path).unwrap_err().to_string()
    };
    assert!(spoilt("sha256-128", "sha512-128").contains("digests of the kind sha512-128"));
    assert!(spoilt("000001/param/s", "000001/param/w").contains("it has net/000001/param/w twice"));
    assert!(spoilt("\"kind\"", "\"kund\"").contains("it has no kind of dtype U32"));
    assert!(spoilt("[\"net/", "(\"net/").contains("its keys are not readable"));
}

#[test]
fn large_tensors_have_the_digests_of_their_values_whatever_their_layout() {
    let large = Tensor::arange(500_000, tch::kind::FLOAT_CPU).view([500, 1000]);
    let conjugate = Tensor::complex(&large, &large).conj();
    let all = [
        large.tr(),
        &large + 1,
        large.to_kind(tch::Kind::Double),
        large.get(3),
        conjugate.imag(),
        conjugate,
        large,
    ];
    let places: Vec<_> = (0..all.len()).map(|i| i.to_string()).collect();
    let named: Vec<_> = places.iter().map(String::as_str).zip(&all).collect();
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept { digest: true, ..Kept::default() };
    let path = folder.path().join("d.safetensors");
    let mut writer = Writer::keeping(&path, About::default(), kept).unwrap();
    writer.tensors("net", 1, "param", &named).unwrap();
    let digests = Trace::read(&writer.finish().unwrap()).unwrap();
    for (name, tensor) in named {
        let digest = digests.get("net", 1, "param", name).unwrap();
        assert!(digest.is_digest());
        assert_eq!(*digest, Array::of(tensor).unwrap().digest());
    }
}
