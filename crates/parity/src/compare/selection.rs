//! Which tensor of one side is held to which of the other.

use std::borrow::Cow;
use std::cmp::Ordering::{Greater, Less};
use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use parity_record::Dtype;

use super::options::{Options, Selected};
use super::side::Side;
use crate::text::{counted, escaped};
use parity_record::Array;

/// What each side has under a key: the numbers of its tensors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub sides: [Option<u32>; 2],
    /// Whether the actual side's matrix is transposed.
    pub transposed: bool,
}

/// What is compared.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    pub sides: [Side<'a>; 2],
    /// In the order of keys.
    pub pairs: Vec<Pair>,
    /// The new keys of the actual side's tensors that have one.
    renamed: HashMap<u32, String>,
}

impl Selection<'_> {
    pub fn key(&self, at: usize) -> &str {
        self.key_of(self.pairs[at].sides)
    }

    fn key_of(&self, sides: [Option<u32>; 2]) -> &str {
        match sides {
            [_, Some(expected)] => self.sides[1].key(expected),
            [Some(actual), None] => match self.renamed.get(&actual) {
                Some(new) => new,
                None => self.sides[0].key(actual),
            },
            [None, None] => unreachable!("a pair has a tensor"),
        }
    }

    /// The tensors of a pair that has two.
    pub fn both(&self, at: usize) -> [u32; 2] {
        self.pairs[at].sides.map(|side| side.expect("both sides have it"))
    }

    /// Whether a tensor of a pair that has two is a digest.
    pub fn has_digest(&self, at: usize) -> bool {
        self.sides.iter().zip(self.both(at)).any(|(side, i)| side.is_digest(i))
    }

    /// The digests of a pair's tensors.
    pub fn digests(&self, at: usize) -> Result<[Array; 2]> {
        let [actual, expected] = self.both(at);
        Ok([self.sides[0].digest(actual)?, self.sides[1].digest(expected)?])
    }

    /// Dtype and shape of a pair's tensors, once transposed.
    pub fn forms(&self, at: usize) -> [Option<(Dtype, Cow<'_, [usize]>)>; 2] {
        let Pair { sides, transposed } = self.pairs[at];
        let form = |side: usize| {
            let (dtype, shape) = self.sides[side].form(sides[side]?);
            let turned = side == 0 && transposed;
            let shape =
                if turned { shape.iter().rev().copied().collect() } else { Cow::Borrowed(shape) };
            Some((dtype, shape))
        };
        [form(0), form(1)]
    }
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
    pub fn compares(&mut self, key: &str, has: [bool; 2], options: &Options) -> bool {
        match options.compares(key) {
            Selected::Ignored => self.ignored += 1,
            Selected::NotAsked => self.not_asked += 1,
            Selected::Yes if options.common && !has[0] => self.lone[1] += 1,
            Selected::Yes if options.common && !has[1] => self.lone[0] += 1,
            Selected::Yes => return true,
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
    names: [&str; 2],
    sides: [Side<'a>; 2],
    options: &Options,
) -> Result<(Selection<'a>, Vec<String>)> {
    for side in &sides {
        ensure!(u32::try_from(side.len()).is_ok(), "a record has more than 2^32 tensors");
    }
    let mut notes = Vec::new();
    let mut selection = Selection { sides, pairs: Vec::new(), renamed: HashMap::new() };
    let [actual, expected] = &selection.sides;
    let all = 0..actual.len() as u32;
    if options.rename.is_empty() {
        selection.pairs = merged(all.map(|i| (Cow::Borrowed(actual.key(i)), i)), expected);
    } else {
        let new = renamed(actual, options)?;
        let own = |(key, i): &(Cow<'_, str>, u32)| match key {
            Cow::Owned(key) => Some((*i, key.clone())),
            Cow::Borrowed(_) => None,
        };
        selection.renamed = new.iter().filter_map(own).collect();
        notes.push(format!(
            "renamed: {} of {}",
            counted(selection.renamed.len(), "tensor"),
            names[0]
        ));
        selection.pairs = merged(new.into_iter(), expected);
    }
    let mut left_out = LeftOut::default();
    let mut pairs = std::mem::take(&mut selection.pairs);
    pairs.retain(|&Pair { sides, .. }| {
        left_out.compares(selection.key_of(sides), sides.map(|side| side.is_some()), options)
    });
    notes.extend(left_out.notes(names, "tensor", options));
    if !options.transpose.is_empty() {
        let count = transpose(&selection, &mut pairs, options)?;
        notes.push(format!("transposed: {} of {}", counted(count, "tensor"), names[0]));
    }
    if pairs.is_empty() {
        if notes.is_empty() {
            bail!("nothing to compare: neither side holds a tensor");
        }
        bail!("nothing left to compare ({})", notes.join(", "));
    }
    selection.pairs = pairs;
    Ok((selection, notes))
}

/// The actual side's tensors under their new names, in the order of these.
fn renamed<'a>(actual: &Side<'a>, options: &Options) -> Result<Vec<(Cow<'a, str>, u32)>> {
    let new = |i| {
        let key = actual.key(i);
        (options.renamed(key).map_or(Cow::Borrowed(key), Cow::Owned), i)
    };
    let mut all: Vec<_> = (0..actual.len() as u32).map(new).collect();
    all.sort();
    let twice = all.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    if let Some(pair) = twice.min_by_key(|pair| pair[1].1) {
        let [other, key] = [0, 1].map(|i| escaped(actual.key(pair[i].1)));
        bail!("{other} and {key} are both renamed to {}: rename fewer", escaped(&pair[0].0));
    }
    Ok(all)
}

/// All keys of both, which are in their order, once.
fn merged<'a>(
    mut actual: impl Iterator<Item = (Cow<'a, str>, u32)>,
    expected: &Side<'a>,
) -> Vec<Pair> {
    let mut expected = (0..expected.len() as u32).map(|i| (expected.key(i), i));
    let (mut a, mut e) = (actual.next(), expected.next());
    std::iter::from_fn(|| {
        let order = match (&a, &e) {
            (Some((a, _)), Some((e, _))) => (**a).cmp(e),
            (Some(_), None) => Less,
            (None, Some(_)) => Greater,
            (None, None) => return None,
        };
        let mut sides = [None; 2];
        if order != Greater {
            sides[0] = std::mem::replace(&mut a, actual.next()).map(|(_, i)| i);
        }
        if order != Less {
            sides[1] = std::mem::replace(&mut e, expected.next()).map(|(_, i)| i);
        }
        Some(Pair { sides, transposed: false })
    })
    .collect()
}

/// Marks the actual side's matrices that are to be transposed; returns how many.
fn transpose(selection: &Selection<'_>, pairs: &mut [Pair], options: &Options) -> Result<usize> {
    let mut count = 0;
    for pair in pairs {
        let key = selection.key_of(pair.sides);
        let asked = options.transpose.iter().any(|regex| regex.is_match(key));
        if let Some((dtype, shape @ &[_, _])) =
            pair.sides[0].map(|actual| selection.sides[0].form(actual))
            && asked
        {
            ensure!(
                dtype.bitsize().is_multiple_of(8),
                "dtype {dtype} and shape {shape:?} make no matrix to transpose"
            );
            pair.transposed = true;
            count += 1;
        }
    }
    Ok(count)
}
