//! Which data a port's record has: what it does not have already.

use std::collections::BTreeMap;

use parity_record::Array;

/// A series, a phase and a name.
type Named = (String, &'static str, String);

/// The data recorded so far.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// What was recorded last, by name and how often that was there in its step.
    last: BTreeMap<(Named, usize), Array>,
    /// Of the call before: how often its name was there in its step, and its data.
    before: BTreeMap<Named, (usize, Array)>,
    /// What is the data of another series, so that it was not recorded.
    elsewhere: BTreeMap<Named, Array>,
}

impl Batches {
    /// What of this data, the n-th of its name in a step, is to be recorded: where it
    /// is not what was recorded last under its name, or by another series under any,
    /// or what the call before was given in this step. `x#2` comes with an `x`.
    pub fn take(&mut self, named: Named, n: usize, array: &Array) -> Vec<(String, Array)> {
        let before = self.before.insert(named.clone(), (n, array.clone()));
        let at = (named, n);
        // Two inputs of a model may change places.
        let other = |at_that: &(Named, usize)| at_that.0.0 != at.0.0 || *at_that == at;
        if self.last.iter().any(|(at_that, known)| other(at_that) && known == array) {
            if n == 1 && !self.last.contains_key(&at) {
                self.elsewhere.insert(at.0, array.clone());
            }
            return Vec::new();
        }
        let mut new = Vec::new();
        if n == 1 || before.is_none_or(|(m, known)| m + 1 != n || known != *array) {
            let first = self.elsewhere.get(&at.0).filter(|_| n > 1);
            new.extend(first.map(|first| (at.0.2.clone(), first.clone())));
            new.push((again(&at.0.2, n), array.clone()));
        }
        self.elsewhere.remove(&at.0);
        self.last.insert(at, array.clone());
        new
    }
}

/// The name of what comes the n-th time in a step: `x`, `x#2`.
pub(super) fn again(name: &str, n: usize) -> String {
    if n == 1 { name.to_owned() } else { format!("{name}#{n}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::OfTensor;

    /// The names that are recorded of one step's data.
    fn step(batches: &mut Batches, series: &str, values: &[(&str, usize, i64)]) -> Vec<String> {
        let one = |&(name, n, value): &(&str, usize, i64)| {
            let array = Array::of(&tch::Tensor::from(value)).unwrap();
            batches.take((series.to_owned(), "data", name.to_owned()), n, &array)
        };
        values.iter().flat_map(one).map(|(name, _)| name).collect()
    }

    #[test]
    fn what_the_call_before_was_given_is_not_recorded_again() {
        let mut batches = Batches::default();
        let closures = |x| [("x", 1, x), ("x", 2, x), ("x", 3, x)];
        assert_eq!(step(&mut batches, "a", &closures(1)), ["x"]);
        assert!(step(&mut batches, "a", &closures(1)).is_empty());
        assert_eq!(step(&mut batches, "a", &closures(2)), ["x"]);
        // The second takes the first one's place: that is told.
        assert_eq!(step(&mut batches, "a", &[("x", 1, 2), ("x", 2, 1)]), ["x#2"]);
        assert_eq!(step(&mut batches, "a", &[("x", 1, 1), ("x", 2, 2)]), ["x", "x#2"]);
    }

    #[test]
    fn a_second_one_comes_with_a_first() {
        let mut batches = Batches::default();
        assert_eq!(step(&mut batches, "g", &[("target", 1, 1)]), ["target"]);
        let both = [("target", 1, 1), ("target", 2, 0)];
        assert_eq!(step(&mut batches, "d", &both), ["target", "target#2"]);
        assert!(step(&mut batches, "d", &both).is_empty());
    }
}
