//! Which tensor of one side is held to which of the other.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::iter::Peekable;

use anyhow::{Result, bail};

use super::options::{Options, Taken};
use crate::text::{counted, escaped};
use crate::trace::{Array, Key, Trace};

/// A key and what each side has under it.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub key: Cow<'a, Key>,
    pub actual: Option<Cow<'a, Array>>,
    pub expected: Option<&'a Array>,
}

/// How much is left out, by why.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LeftOut {
    ignored: usize,
    not_asked: usize,
    /// What only one side has.
    lone: [usize; 2],
}

impl LeftOut {
    /// Whether this is compared; counts it where it is not.
    pub fn takes(&mut self, key: &str, has: [bool; 2], options: &Options) -> bool {
        match options.takes(key) {
            Taken::Ignored => self.ignored += 1,
            Taken::NotAsked => self.not_asked += 1,
            Taken::Yes if options.common && !has[0] => self.lone[1] += 1,
            Taken::Yes if options.common && !has[1] => self.lone[0] += 1,
            Taken::Yes => return true,
        }
        false
    }

    /// The larger count of each.
    pub fn larger(self, other: Self) -> Self {
        Self {
            ignored: self.ignored.max(other.ignored),
            not_asked: self.not_asked.max(other.not_asked),
            lone: self.lone,
        }
    }

    /// A line for each option that leaves something out.
    pub fn notes(self, sides: [&str; 2], what: &str, options: &Options) -> Vec<String> {
        let mut notes = Vec::new();
        if !options.ignore.is_empty() {
            notes.push(format!("ignored: {}", counted(self.ignored, what)));
        }
        if !options.only.is_empty() {
            notes.push(format!("not asked for: {}", counted(self.not_asked, what)));
        }
        if options.common {
            for (side, lone) in sides.into_iter().zip(self.lone) {
                notes.push(format!("only in {}, left out: {}", side, counted(lone, what)));
            }
        }
        notes
    }
}

/// Pairs the tensors of both sides in the order of keys, and tells in a line each
/// what an option changed or left out. Fails where two keys are renamed into one.
pub(super) fn select<'a>(
    sides: [&str; 2],
    actual: &'a Trace,
    expected: &'a Trace,
    options: &Options,
) -> Result<(Vec<Pair<'a>>, Vec<String>)> {
    let mut notes = Vec::new();
    let mut pairs = if options.rename.is_empty() {
        merged(actual.tensors.iter().map(|(key, array)| (Cow::Borrowed(key), array)), expected)
    } else {
        let renamed = renamed(actual, options)?;
        let count = renamed.keys().filter(|key| matches!(key, Cow::Owned(_))).count();
        notes.push(format!("renamed: {} of {}", counted(count, "tensor"), sides[0]));
        merged(renamed.into_iter(), expected)
    };
    let mut left_out = LeftOut::default();
    pairs.retain(|Pair { key, actual, expected }| {
        left_out.takes(key.as_str(), [actual.is_some(), expected.is_some()], options)
    });
    notes.extend(left_out.notes(sides, "tensor", options));
    if !options.transpose.is_empty() {
        let count = transpose(&mut pairs, options)?;
        notes.push(format!("transposed: {} of {}", counted(count, "tensor"), sides[0]));
    }
    if pairs.is_empty() {
        if notes.is_empty() {
            bail!("nothing to compare: neither side holds a tensor");
        }
        bail!("nothing left to compare ({})", notes.join(", "));
    }
    Ok((pairs, notes))
}

/// The actual side's tensors under their new names.
fn renamed<'a>(actual: &'a Trace, options: &Options) -> Result<BTreeMap<Cow<'a, Key>, &'a Array>> {
    let mut all = BTreeMap::new();
    let mut origins = BTreeMap::new();
    for (key, array) in &actual.tensors {
        let new = options.renamed(key.as_str());
        let new = new.map_or(Cow::Borrowed(key), |new| Cow::Owned(Key::from(new)));
        if let Some(other) = origins.insert(new.clone(), key) {
            let [other, key, new] = [other, key, &*new].map(|key| escaped(key.as_str()));
            bail!("{other} and {key} are both renamed to {new}: rename fewer");
        }
        all.insert(new, array);
    }
    Ok(all)
}

/// All keys of both, which are in their order, once.
fn merged<'a>(
    actual: impl Iterator<Item = (Cow<'a, Key>, &'a Array)>,
    expected: &'a Trace,
) -> Vec<Pair<'a>> {
    let mut actual = actual.peekable();
    let mut expected = expected.tensors.iter().peekable();
    std::iter::from_fn(|| next(&mut actual, &mut expected)).collect()
}

fn next<'a>(
    actual: &mut Peekable<impl Iterator<Item = (Cow<'a, Key>, &'a Array)>>,
    expected: &mut Peekable<impl Iterator<Item = (&'a Key, &'a Array)>>,
) -> Option<Pair<'a>> {
    let key = match (actual.peek(), expected.peek()) {
        (None, None) => return None,
        (Some((key, _)), None) => key.clone(),
        (None, Some((key, _))) => Cow::Borrowed(*key),
        (Some((a, _)), Some((e, _))) => {
            if **a <= **e {
                a.clone()
            } else {
                Cow::Borrowed(*e)
            }
        }
    };
    let actual = actual.next_if(|(other, _)| *other == key).map(|(_, array)| Cow::Borrowed(array));
    let expected = expected.next_if(|(other, _)| **other == *key).map(|(_, array)| array);
    Some(Pair { key, actual, expected })
}

/// Transposes the actual side's matrices that are asked for; returns how many.
fn transpose(pairs: &mut [Pair<'_>], options: &Options) -> Result<usize> {
    let mut count = 0;
    for Pair { key, actual, .. } in pairs {
        let asked = options.transpose.iter().any(|regex| regex.is_match(key.as_str()));
        if let Some(array) = actual
            && asked
            && array.shape().len() == 2
        {
            *array = Cow::Owned(array.transposed()?);
            count += 1;
        }
    }
    Ok(count)
}
