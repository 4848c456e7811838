//! Where two runs part, a second look at both: at values, and whether they repeat themselves.

use crate::compare::{Difference, Options, Report, Sides, What, compare};
use anyhow::Result;
use parity_record::{Kept, Key, Trace};

/// Whether a check compares digests before it compares values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Digest {
    /// It does.
    Always,
    /// Where the run has [`LONG`] steps or more.
    IfLong,
    /// It compares values at once.
    Never,
}

/// So many steps of the lesson's size have 60 MB of values.
const LONG: usize = 3_000;

impl Digest {
    /// Whether a run of so many steps, of all series together, is compared so.
    pub fn of(self, steps: usize) -> bool {
        self == Self::Always || self == Self::IfLong && steps >= LONG
    }
}

/// Where two runs part, what running both once more tells of that step: its values,
/// where digests were compared; and on several threads, which may share a sum in
/// another way each time, which side does not repeat itself. `again` runs both; where
/// it fails, the verdict stands.
pub fn look_again(
    report: &mut Report,
    sides: Sides,
    first: [&Trace; 2],
    options: &Options,
    again: impl FnOnce(&Kept) -> Result<[Trace; 2]>,
) {
    let Some(Difference { key, what, .. }) = report.failing().next() else { return };
    let Some(step) = key.place().map(|place| place.step) else { return };
    let (key, by_digest) = (key.clone(), matches!(what, What::Digest { .. }));
    if !by_digest && !first.iter().any(|trace| has_threads(trace)) {
        return;
    }
    let at = format!("{} {step}", options.step_word);
    let second_look =
        again(&Kept { steps: step..step + 1, ..Kept::default() }).and_then(|second| {
            let restless = restless(sides, first, &second, &key);
            let detail = compare(sides, &second[0], &second[1], options)?;
            let has_values = by_digest && report.fill_in_values(&detail);
            Ok((restless, has_values))
        });
    match second_look {
        Err(error) => {
            report.note(format!("no values of {at}, since running both again failed: {error:#}"));
        }
        Ok((restless, has_values)) => {
            if has_values {
                report.note(format!(
                    "compared digests first, then the values of {at}: both ran again for that"
                ));
            }
            for side in &restless {
                report.note(format!("{side} gives other values when it is run again: {key}"));
            }
            if !by_digest && restless.is_empty() {
                report.note(format!("both ran again for {at} and gave the same values as before"));
            }
        }
    }
}

/// Whether a run had several threads.
fn has_threads(trace: &Trace) -> bool {
    trace.about.environment.get("threads").is_some_and(|threads| threads != "1")
}

/// The sides whose tensor of this key is another the second time.
fn restless(sides: Sides, first: [&Trace; 2], second: &[Trace; 2], key: &Key) -> Vec<&'static str> {
    let is_another =
        |side: usize| match (first[side].tensors.get(key), second[side].tensors.get(key)) {
            (Some(first), Some(second)) => *first != *second && *first != second.digest(),
            _ => false,
        };
    [0, 1].into_iter().filter(|&side| is_another(side)).map(|side| sides[side]).collect()
}

#[cfg(test)]
mod tests {
    use parity_record::Array;
    use safetensors::Dtype;

    use super::*;

    /// Three steps of one parameter, which is `last` from the second on.
    fn run(last: f32, digest: bool) -> Trace {
        let mut trace = Trace::default();
        for (step, x) in [(1, 1.0), (2, last), (3, last)] {
            let values = Array::new(Dtype::F32, vec![8], x.to_ne_bytes().repeat(8)).unwrap();
            let array = if digest { values.digest() } else { values };
            trace.insert(Key::new("tanh", step, "param", "w"), array).unwrap();
        }
        trace
    }

    /// A run whose second step is `last`, held to one where it is 1, and what is said
    /// after running both again, which then have these in the second step.
    fn second_look(
        last: f32,
        digest: bool,
        threads: &str,
        seconds: [f32; 2],
    ) -> (Option<Kept>, String) {
        let mut first = [1.0, last].map(|last| run(last, digest));
        for trace in &mut first {
            trace.about.environment.insert("threads".to_owned(), threads.to_owned());
        }
        let [a, b] = &first;
        let options = Options { step_word: "epoch".to_owned(), ..Options::default() };
        let mut report = compare(["A", "B"], a, b, &options).unwrap();
        let mut asked = None;
        look_again(&mut report, ["A", "B"], [a, b], &options, |kept| {
            asked = Some(kept.clone());
            Ok(seconds.map(|last| run(last, false)))
        });
        (asked, report.to_string())
    }

    #[test]
    fn the_step_where_digests_part_is_run_again_by_values() {
        let (asked, text) = second_look(1.5, true, "1", [1.0, 1.5]);
        assert_eq!(asked, Some(Kept { steps: 2..3, ..Kept::default() }));
        assert!(
            text.contains("compared digests first, then the values of epoch 2: both ran"),
            "{text}"
        );
        assert!(
            text.contains("tanh, epoch 2, param, w at [0]") && text.contains("1.5 ("),
            "{text}"
        );
        assert!(!text.contains("run again"), "{text}");
    }

    #[test]
    fn a_side_that_does_not_repeat_itself_is_named_before_the_verdict() {
        for (digest, threads) in [(true, "1"), (true, "2"), (false, "2")] {
            let (_, text) = second_look(1.5, digest, threads, [1.0, 1.0]);
            let (before, _) = text.split_once("verdict: diverged").unwrap();
            let said = "B gives other values when it is run again: tanh/000002/param/w\n";
            assert!(before.contains(said) && !text.contains("A gives"), "{text}");
        }
        let (_, text) = second_look(1.5, false, "2", [1.0, 1.5]);
        assert!(
            text.contains("both ran again for epoch 2 and gave the same values as before\n"),
            "{text}"
        );
    }

    #[test]
    fn runs_that_need_no_second_look_run_once() {
        for (last, digest, threads) in [(1.0, true, "2"), (1.0, false, "2"), (1.5, false, "1")] {
            assert_eq!(second_look(last, digest, threads, [1.0, 1.0]).0, None);
        }
    }
}
