//! What a tensor of a record is called: `series/step/phase/name`.

use std::borrow::Borrow;
use std::fmt;

/// The phases of a step, in the order in which they happen.
///
/// `measure` is what is found out after the step, with the parameters that the
/// step left behind: at step 0, with the initial ones. [`END`] stands behind all steps.
pub const PHASES: [&str; 10] =
    ["data", "init", "forward", "loss", "grad", "state", "param", "eval", "measure", END];

/// The phase of what a model is when the run ends, where no step has it.
pub const END: &str = "end";

/// The series of what all series share.
pub const SHARED: &str = "data";

/// The name of a tensor in a record: `series/step/phase/name`, such as
/// `tanh/000007/grad/fc1.weight`, or any text, as files of other origin have it.
///
/// The only place that puts such texts together and takes them apart. Keys are
/// ordered as texts.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(String);

/// The parts of a key of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place<'a> {
    /// What is being trained, or [`SHARED`].
    pub series: &'a str,
    /// 0 is before training; step k ends with the k-th update.
    pub step: usize,
    /// One of [`PHASES`], or one of the run's own.
    pub phase: &'a str,
    /// PyTorch's name of the tensor.
    pub name: &'a str,
}

impl Key {
    /// The key of the tensor at this place.
    pub fn new(series: &str, step: usize, phase: &str, name: &str) -> Self {
        Self(format!("{series}/{step:06}/{phase}/{name}"))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts; None for a key of other origin, whose second part is not a number
    /// as [`Self::new`] writes it.
    pub fn place(&self) -> Option<Place<'_>> {
        Place::of(&self.0)
    }

    /// The place where the key is one of ours and the phase is that.
    pub fn in_phase(&self, phase: &str) -> Option<Place<'_>> {
        self.place().filter(|place| place.phase == phase)
    }
}

impl<'a> Place<'a> {
    /// Of the text of a key, as [`Key::place`].
    pub fn of(key: &'a str) -> Option<Self> {
        let mut parts = key.splitn(4, '/');
        let mut next = || parts.next();
        let (series, step, phase, name) = (next()?, next()?, next()?, next()?);
        let padded = step.len() < 6 || step.len() > 6 && step.starts_with('0');
        if padded || !step.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self { series, step: step.parse().ok()?, phase, name })
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_its_parts() {
        let key = Key::new("tanh", 7, "state", "a/b.exp_avg");
        assert_eq!(key.as_str(), "tanh/000007/state/a/b.exp_avg");
        let place = Place { series: "tanh", step: 7, phase: "state", name: "a/b.exp_avg" };
        assert_eq!(key.place(), Some(place));
        assert_eq!(Key::new("x", 1_234_567, "loss", "loss").place().unwrap().step, 1_234_567);
    }

    #[test]
    fn a_key_of_other_origin_has_no_place() {
        for text in [
            "layer.0.weight",
            "encoder/0/attn/kernel",
            "a/+00001/b/c",
            "a/000001/b",
            "a/0000001/b/c",
        ] {
            assert_eq!(Key::from(text).place(), None, "{text}");
        }
    }
}
