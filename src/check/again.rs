//! Where two runs part by their digests, the values: both are run again.

use anyhow::Result;
use torch_parity::compare::{Difference, Report, What};
use torch_parity::trace::Kept;

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
