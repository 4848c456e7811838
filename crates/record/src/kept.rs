//! What is kept of a run.

use std::ffi::OsString;
use std::ops::Range;

use crate::error::{Context, Error, Result};
use crate::escaped;

/// The environment variable that asks for digests instead of values, where it is
/// set and not empty.
pub const DIGEST_VARIABLE: &str = "TORCH_PARITY_DIGEST";

/// The environment variable that names the steps to record, such as `10..20`, the
/// end excluded; step 0 is before training.
pub const STEPS_VARIABLE: &str = "TORCH_PARITY_STEPS";

/// The environment variable that asks for the record of a run that did not reach
/// its end, where it is set and not empty.
pub const KEEP_PARTIAL_VARIABLE: &str = "TORCH_PARITY_KEEP_PARTIAL";

/// What is kept of a run; by default, all of one that reaches its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// A digest of each tensor instead of its values.
    pub digest: bool,
    /// These steps only, of every series.
    pub steps: Range<usize>,
    /// What there is of a run that fails, or that INT, TERM or HUP ends.
    pub partial: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self { digest: false, steps: 0..usize::MAX, partial: false }
    }
}

impl Kept {
    /// What [`TORCH_PARITY_DIGEST`](DIGEST_VARIABLE),
    /// [`TORCH_PARITY_STEPS`](STEPS_VARIABLE) and
    /// [`TORCH_PARITY_KEEP_PARTIAL`](KEEP_PARTIAL_VARIABLE) ask for. Fails where
    /// the steps are no range.
    pub fn from_env() -> Result<Self> {
        let set = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let steps = set(STEPS_VARIABLE).map(|text| read_steps(&text.to_string_lossy())).transpose();
        Ok(Self {
            digest: set(DIGEST_VARIABLE).is_some(),
            steps: steps.context(STEPS_VARIABLE)?.unwrap_or(0..usize::MAX),
            partial: set(KEEP_PARTIAL_VARIABLE).is_some(),
        })
    }
}

/// Reads steps such as `3..10`, `3..` or `..10`.
pub fn read_steps(text: &str) -> Result<Range<usize>> {
    let read = || {
        let (first, end) = text.split_once("..")?;
        let first = if first.is_empty() { 0 } else { first.parse().ok()? };
        let end = if end.is_empty() { usize::MAX } else { end.parse().ok()? };
        (first < end).then_some(first..end)
    };
    read().ok_or_else(|| {
        let text = escaped(text);
        Error::Steps(format!("{text} is no range of steps such as 0..10, the end excluded"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_as_pythons_ranges() {
        assert_eq!(read_steps("3..10").unwrap(), 3..10);
        assert_eq!(read_steps("3..").unwrap(), 3..usize::MAX);
        assert_eq!(read_steps("..10").unwrap(), 0..10);
        for text in ["", "3", "10..3", "3..3", "a..b", "-1..2"] {
            let error = read_steps(text).unwrap_err().to_string();
            assert!(error.contains("no range of steps"), "{error}");
        }
    }

    /// A process of its own, which has no other threads that read its environment.
    #[test]
    fn what_is_kept_is_what_the_environment_asks_for() {
        const ASKED: &str = "TORCH_PARITY_TEST_KEPT";
        if std::env::var_os(ASKED).is_some() {
            let told = Kept::from_env().map_err(|error| format!("{error:#}"));
            return println!("\ntold {told:?}");
        }
        let told = |variables: &[(&str, &str)]| {
            let mut command = std::process::Command::new(std::env::current_exe().unwrap());
            let name = "kept::tests::what_is_kept_is_what_the_environment_asks_for";
            command.args(["--exact", name, "--nocapture"]).env(ASKED, "");
            let output = command.envs(variables.iter().copied()).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().find_map(|line| Some(line.strip_prefix("told ")?.to_owned())).unwrap()
        };
        let ok = |kept: Kept| format!("{:?}", Ok::<_, String>(kept));
        let none = [DIGEST_VARIABLE, STEPS_VARIABLE, KEEP_PARTIAL_VARIABLE].map(|name| (name, ""));
        assert_eq!(told(&none), ok(Kept::default()));
        let [digest, steps, partial] = [(none[0].0, "1"), (none[1].0, "2..5"), (none[2].0, "1")];
        assert_eq!(told(&[digest]), ok(Kept { digest: true, ..Kept::default() }));
        assert_eq!(told(&[steps]), ok(Kept { steps: 2..5, ..Kept::default() }));
        assert_eq!(told(&[partial]), ok(Kept { partial: true, ..Kept::default() }));
        assert_eq!(told(&[digest, steps, partial]), {
            ok(Kept { digest: true, steps: 2..5, partial: true })
        });
        assert!(told(&[(steps.0, "5")]).starts_with("Err(\"TORCH_PARITY_STEPS: 5 is no range"));
    }
}
