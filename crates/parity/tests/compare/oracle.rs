//! The comparison against another one, written apart and as naively as can be.

use std::collections::BTreeSet;

use fastrand::Rng;
use parity::compare::Verdict;

use super::live::draws;
use super::*;

/// How a tensor differs, decoded value by value: None where it does not.
fn naive(a: Option<&Array>, b: Option<&Array>, within: Option<(f32, f32)>) -> Option<String> {
    let (Some(a), Some(b)) = (a, b) else { return Some("missing".into()) };
    if a.shape() != b.shape() {
        return Some("shape".into());
    }
    let mut found = Vec::new();
    for (i, (x, y)) in values(a).into_iter().zip(values(b)).enumerate() {
        let differs = match within {
            None => x.to_bits() != y.to_bits(),
            Some((rtol, atol)) => {
                let far = (x - y).abs() > atol + (rtol * y).abs() || (x - y).abs().is_infinite();
                x.is_nan() || y.is_nan() || x != y && far
            }
        };
        if differs {
            found.push(i);
        }
    }
    Some(format!("{found:?}")).filter(|_| !found.is_empty())
}

/// A record of a few tensors, and one like it with a little damage.
fn pair(rng: &mut Rng) -> [Trace; 2] {
    let numbers = [0.0, -0.0, 1.0, 1.5, f32::NAN, f32::INFINITY, 1e-30, -2.0];
    let mut a = Trace::default();
    for series in ["s", "t"] {
        for step in 0..rng.usize(1..4) {
            for phase in ["forward", "own", "loss"] {
                let all: Vec<_> = (0..rng.usize(0..100)).map(|_| numbers[rng.usize(..6)]).collect();
                a.insert(Key::new(series, step, phase, "x"), f32s(&[all.len()], &all)).unwrap();
            }
        }
    }
    let mut b = a.clone();
    for _ in 0..rng.usize(0..4) {
        let keys: Vec<_> = b.tensors.keys().cloned().collect();
        let Some(key) = rng.choice(keys) else { continue };
        let array = b.tensors.get_mut(&key).unwrap();
        let mut all = values(array);
        match rng.usize(..6) {
            0 => drop(b.tensors.remove(&key)),
            1 => drop(b.tensors.insert("u/000001/loss/x".into(), f32s(&[], &[1.0]))),
            2 => *array = f32s(&[1, all.len()], &all),
            _ if all.is_empty() => {}
            _ => {
                let at = rng.usize(..all.len());
                all[at] = numbers[rng.usize(..numbers.len())];
                *array = f32s(&[all.len()], &all);
            }
        }
    }
    [a, b]
}

#[test]
fn verdicts_counts_and_places_are_those_of_a_naive_comparison() {
    let mut rng = draws();
    for _ in 0..5000 {
        let [a, b] = pair(&mut rng);
        let tolerance =
            [None, Some((0.0, 0.5)), Some((0.5, 0.0)), Some((0.0, 0.0))][rng.usize(..4)];
        let options = match tolerance {
            None => Options::default(),
            Some((rtol, atol)) => within(rtol.into(), atol.into()),
        };
        let report = held(&a, &b, &options);
        let keys: BTreeSet<_> = a.tensors.keys().chain(b.tensors.keys()).collect();
        let of = |key: &Key| naive(a.tensors.get(key), b.tensors.get(key), tolerance);
        let expected: BTreeSet<_> = keys.iter().copied().filter(|key| of(key).is_some()).collect();
        let found: BTreeSet<_> = report.failing().map(|difference| &difference.key).collect();
        assert_eq!(found, expected, "{report}");
        let bits =
            keys.iter().any(|key| naive(a.tensors.get(*key), b.tensors.get(*key), None).is_some());
        let verdict = match (expected.is_empty(), bits) {
            (false, _) => Verdict::Diverged,
            (true, false) => Verdict::Exact,
            (true, true) => Verdict::WithinTolerance,
        };
        assert_eq!(report.verdict(), verdict, "{report}");
        let total = report.total();
        assert_eq!(total.tensors, keys.len());
        assert_eq!(total.tensors - total.tensors_equal, expected.len());
        // The first event: series and steps, then forward, own, loss.
        let rank = |key: &Key| {
            let place = key.place().unwrap();
            let phase = ["forward", "own", "loss"].iter().position(|phase| *phase == place.phase);
            (place.series.to_owned(), place.step, phase)
        };
        let first = expected.into_iter().min_by_key(|key| rank(key));
        assert_eq!(report.first().map(|first| first.key), first, "{report}");
        let wrong: BTreeSet<_> = report
            .failing()
            .map(|found| found.key.place().unwrap())
            .filter(|place| place.step > 0)
            .map(|place| (place.series, place.step))
            .collect();
        assert_eq!(report.steps_wrong().0, wrong.len());
        let sum = |equal: usize, name| equal + report.steps_equal(name).0;
        assert_eq!(["s", "t", "u"].into_iter().fold(0, sum) + wrong.len(), report.steps_wrong().1);
    }
}
