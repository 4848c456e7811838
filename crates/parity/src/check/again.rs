//! Where two runs part by their digests, the values: both are run again.

use crate::compare::{Difference, Report, What};
use anyhow::Result;
use parity_record::Kept;

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

/// Where the first divergence is one of digests, compares its step once more, of
/// runs that are recorded by values, and tells what that finds. `again` runs both;
/// where it fails, the verdict stands.
pub fn tell_values(
    report: &mut Report,
    step_word: &str,
    again: impl FnOnce(&Kept) -> Result<Report>,
) {
    let first = report.failing().next();
    let Some(Difference { key, what: What::Digest(_), .. }) = first else { return };
    let Some(step) = key.place().map(|place| place.step) else { return };
    let at = format!("{step_word} {step}");
    let detail = again(&Kept { steps: step..step + 1, ..Kept::default() });
    let line = match detail.map(|detail| report.tell_values(&detail)) {
        Ok(true) => format!("compared by digests, then {at} by values: both ran once more"),
        Ok(false) => format!("run again for {at}, they did not part: one does not repeat itself"),
        Err(error) => format!("run again for the values of {at}: {error:#}"),
    };
    report.note(line);
}

#[cfg(test)]
mod tests {
    use crate::compare::{Options, compare};
    use parity_record::{Array, Key, Trace};
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

    fn held(last: f32, digest: bool) -> Report {
        let [a, b] = [1.0, last].map(|last| run(last, digest));
        compare(["A", "B"], &a, &b, &Options::default()).unwrap()
    }

    #[test]
    fn the_step_where_digests_part_is_run_again_by_values() {
        let mut report = held(1.5, true);
        let mut asked = None;
        tell_values(&mut report, "epoch", |kept| {
            asked = Some(kept.clone());
            Ok(held(1.5, false))
        });
        assert_eq!(asked, Some(Kept { steps: 2..3, ..Kept::default() }));
        let text = report.to_string();
        assert!(text.contains("compared by digests, then epoch 2 by values: both ran"), "{text}");
        assert!(text.contains("tanh, step 2, param, w at [0]") && text.contains("1.5 ("), "{text}");

        let mut report = held(1.5, true);
        tell_values(&mut report, "step", |_| Ok(held(1.0, false)));
        let text = report.to_string();
        assert!(text.contains("run again for step 2, they did not part: one does not"), "{text}");
    }

    #[test]
    fn runs_that_do_not_part_by_digests_run_once() {
        for mut report in [held(1.0, true), held(1.5, false)] {
            tell_values(&mut report, "epoch", |_| unreachable!());
        }
    }
}
