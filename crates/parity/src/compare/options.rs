//! What is compared, and when it passes.

use anyhow::{Context, Result, bail, ensure};
use regex::Regex;

use super::Tolerance;
use crate::text::escaped;

/// What is compared, and when it passes. A regular expression matches anywhere in
/// a tensor's key, or in the name of a table's column: `^` and `$` hold its ends.
/// What is left out or changed is counted, and said in the report.
#[derive(Clone, Debug)]
pub struct Options {
    /// Lets values differ so much; None asks for the same bits.
    pub tolerance: Option<Tolerance>,
    /// Where a tolerance is given, lets NaN pass NaN. Without a tolerance NaN is
    /// compared by its bits, as everything is.
    pub equal_nan: bool,
    /// The rtol for some keys; the last that matches counts. A key that one of
    /// these two matches, and `tolerance` is none, has 0 for the other.
    pub rtol: Vec<(Regex, f64)>,
    /// Likewise the atol.
    pub atol: Vec<(Regex, f64)>,
    /// Leaves these keys out.
    pub ignore: Vec<Regex>,
    /// Where any are given, leaves all others out.
    pub only: Vec<Regex>,
    /// Compares what both sides have. Otherwise what one side lacks differs.
    pub common: bool,
    /// Changes the actual side's keys, before all else, one after the other.
    /// The replacement names groups as `$1` or `${name}`.
    pub rename: Vec<(Regex, String)>,
    /// Transposes the actual side's matrices under these keys (once renamed).
    pub transpose: Vec<Regex>,
    /// The columns of a table whose values pair its rows; by place where empty.
    pub key: Vec<String>,
    /// What a step is called.
    pub step_word: String,
}

impl Default for Options {
    /// Everything, by its bits.
    fn default() -> Self {
        Self {
            tolerance: None,
            equal_nan: false,
            rtol: Vec::new(),
            atol: Vec::new(),
            ignore: Vec::new(),
            only: Vec::new(),
            common: false,
            rename: Vec::new(),
            transpose: Vec::new(),
            key: Vec::new(),
            step_word: "step".to_owned(),
        }
    }
}

impl Options {
    /// Everything, within one tolerance where it is some.
    pub fn within(tolerance: Option<Tolerance>) -> Self {
        Self { tolerance, ..Self::default() }
    }

    /// Reads a regular expression.
    pub fn regex(text: &str) -> Result<Regex> {
        Regex::new(text).map_err(|error| {
            // Its text has several lines; the last tells what is wrong.
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default();
            let why = why.trim().trim_start_matches("error: ").trim_end_matches('.');
            anyhow::anyhow!("{} is no regular expression: {why}", escaped(text))
        })
    }

    /// Reads `REGEX=REPLACEMENT`, for [`Self::rename`].
    pub fn rename(text: &str) -> Result<(Regex, String)> {
        let parts = text.split_once('=');
        let (regex, replacement) = parts.with_context(|| {
            format!("{} has no =: write REGEX=REPLACEMENT, such as ^module\\.=", escaped(text))
        })?;
        Ok((Self::regex(regex)?, replacement.to_owned()))
    }

    /// Reads `REGEX=NUMBER`, for [`Self::rtol`] and [`Self::atol`].
    pub fn per_key(text: &str) -> Result<(Regex, f64)> {
        let parts = text.rsplit_once('=');
        let (regex, number) =
            parts.with_context(|| format!("{} has no =: write REGEX=NUMBER", escaped(text)))?;
        Ok((Self::regex(regex)?, Self::size(number)?))
    }

    /// Reads an rtol or an atol: a number, not below 0.
    pub fn size(text: &str) -> Result<f64> {
        let number = text.trim().parse().ok().filter(|number: &f64| *number >= 0.0);
        let number = number.filter(|number| number.is_finite());
        number
            .with_context(|| format!("{}: must be a number from 0 on, such as 1e-5", escaped(text)))
    }

    /// Refuses sizes that are no sizes, for options that were not read by this.
    pub(super) fn check(&self) -> Result<()> {
        let all = self.tolerance.iter().flat_map(|both| [both.rtol, both.atol]);
        let some = self.rtol.iter().chain(&self.atol).map(|(_, size)| *size);
        let fine = all.chain(some).all(|size| size >= 0.0 && size.is_finite());
        ensure!(fine, "rtol and atol must be numbers from 0 on, such as 1e-5");
        Ok(())
    }

    /// Refuses what needs values.
    pub(super) fn check_for_digests(&self) -> Result<()> {
        let what = match () {
            () if self.is_tolerant() => "tolerances need",
            () if !self.transpose.is_empty() => "transposing needs",
            () => return Ok(()),
        };
        bail!("{what} values, and a record of digests has none: record without digests")
    }

    /// Whether this key is compared, as far as `ignore` and `only` say.
    pub(super) fn compares(&self, key: &str) -> Selected {
        let any = |list: &[Regex]| list.iter().any(|regex| regex.is_match(key));
        if any(&self.ignore) {
            Selected::Ignored
        } else if self.only.is_empty() || any(&self.only) {
            Selected::Yes
        } else {
            Selected::NotAsked
        }
    }

    /// The actual side's key as the expected side is to have it.
    pub(super) fn renamed(&self, key: &str) -> Option<String> {
        let mut name = std::borrow::Cow::Borrowed(key);
        for (regex, replacement) in &self.rename {
            if let std::borrow::Cow::Owned(new) = regex.replace_all(&name, replacement) {
                name = new.into();
            }
        }
        (name != key).then(|| name.into_owned())
    }

    /// The tolerance for this key.
    pub(super) fn tolerance(&self, key: &str) -> Option<Tolerance> {
        let last = |list: &[(Regex, f64)]| {
            list.iter().rev().find(|(regex, _)| regex.is_match(key)).map(|(_, size)| *size)
        };
        let (rtol, atol) = (last(&self.rtol), last(&self.atol));
        if rtol.is_none() && atol.is_none() {
            return self.tolerance;
        }
        let base = self.tolerance.unwrap_or(Tolerance { rtol: 0.0, atol: 0.0 });
        Some(Tolerance { rtol: rtol.unwrap_or(base.rtol), atol: atol.unwrap_or(base.atol) })
    }

    /// Whether any key has a tolerance.
    pub(super) fn is_tolerant(&self) -> bool {
        self.tolerance.is_some() || !self.rtol.is_empty() || !self.atol.is_empty()
    }
}

/// Whether a key is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Selected {
    Yes,
    Ignored,
    NotAsked,
}
