//! Which column of one table is held to which of the other.

use std::borrow::Cow;
use std::collections::HashMap;

use anyhow::{Result, bail};

use super::super::difference::PassRule;
use super::super::options::Options;
use super::super::selection::LeftOut;
use crate::text::escaped;
use parity_record::Table;

/// A table, its columns under the names by which they are compared.
pub struct Named<'a> {
    pub table: &'a Table,
    pub names: Vec<Cow<'a, str>>,
    pub renamed: usize,
}

impl<'a> Named<'a> {
    pub fn plain(table: &'a Table) -> Self {
        let names = (0..table.width()).map(|column| table.column(column)).collect();
        Self { table, names, renamed: 0 }
    }

    pub fn new(table: &'a Table, options: &Options, side: &str) -> Result<Self> {
        let mut named = Self::plain(table);
        let mut seen = HashMap::new();
        for (column, name) in named.names.iter_mut().enumerate() {
            if let Some(new) = options.renamed(name) {
                *name = Cow::Owned(new);
                named.renamed += 1;
            }
            if let Some(other) = seen.insert(name.clone(), column)
                && !options.rename.is_empty()
            {
                let [other, this] = [other, column].map(|at| table.column(at));
                let [other, this, name] = [&other, &this, &*name].map(|text| escaped(text));
                bail!("{side}: {other} and {this} are both renamed to {name}: rename fewer");
            }
        }
        Ok(named)
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// A column of each side, where it has one.
pub type Column = [Option<usize>; 2];

/// Pairs columns, and tells in a line each what is left out.
pub fn columns(
    sides: [&str; 2],
    both: &[Named; 2],
    options: &Options,
) -> (Vec<Column>, Vec<String>) {
    let mut left_out = LeftOut::default();
    let [a, e] = both;
    if options.common {
        let by_name: HashMap<&str, usize> =
            e.names.iter().enumerate().map(|(at, name)| (name.as_ref(), at)).collect();
        let mut taken = vec![false; e.names.len()];
        let mut pairs = Vec::new();
        for (at, name) in a.names.iter().enumerate() {
            let other = by_name.get(name.as_ref()).copied();
            if let Some(other) = other {
                taken[other] = true;
            }
            if left_out.compares(name, [true, other.is_some()], options) {
                pairs.push([Some(at), other]);
            }
        }
        for (name, _) in e.names.iter().zip(taken).filter(|(_, taken)| !taken) {
            left_out.compares(name, [false, true], options);
        }
        return (pairs, left_out.notes(sides, "column", options));
    }
    // By place among those that are compared; what both leave out counts once.
    let mut kept = [Vec::new(), Vec::new()];
    let mut counts = [LeftOut::default(); 2];
    for ((named, kept), count) in both.iter().zip(&mut kept).zip(&mut counts) {
        for (at, name) in named.names.iter().enumerate() {
            if count.compares(name, [true; 2], options) {
                kept.push(at);
            }
        }
    }
    let length = kept[0].len().max(kept[1].len());
    let at = |side: usize, i: usize| kept[side].get(i).copied();
    let pairs = (0..length).map(|i| [at(0, i), at(1, i)]).collect();
    (pairs, counts[0].larger(counts[1]).notes(sides, "column", options))
}

/// What a column is called: as the expected side calls it, where it has it.
pub fn name(column: &Column, both: &[Named; 2]) -> String {
    match *column {
        [_, Some(at)] => both[1].names[at].to_string(),
        [Some(at), None] => both[0].names[at].to_string(),
        [None, None] => unreachable!("a column is of some side"),
    }
}

pub fn pass_rule(column: &Column, both: &[Named; 2], options: &Options) -> PassRule {
    let tolerance =
        if options.is_tolerant() { options.tolerance(&name(column, both)) } else { None };
    PassRule { tolerance, equal_nan: options.equal_nan }
}
