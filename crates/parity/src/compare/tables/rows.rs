//! Which row of one table is held to which of the other.

use std::collections::HashMap;

use anyhow::{Result, bail};

use super::columns::Named;
use crate::text::escaped;
use parity_record::{Cell, Table};

/// A row of each side, where it has one.
pub type Row = [Option<usize>; 2];

/// The rows with which one side goes on where the other ends.
pub struct Tail {
    pub side: usize,
    /// The first of them.
    pub from: usize,
    /// The last row of the other.
    pub last: Option<usize>,
}

/// How rows are paired.
pub struct Rows {
    pub pairs: Vec<Row>,
    pub tail: Option<Tail>,
    /// The columns of the key in each side.
    pub key: Vec<(String, [usize; 2])>,
}

impl Rows {
    pub fn by_place(tables: [&Table; 2]) -> Self {
        let counts = tables.map(Table::rows);
        let common = counts[0].min(counts[1]);
        let goes_on = |side| Tail { side, from: common, last: common.checked_sub(1) };
        let tail = match counts {
            [a, e] if a > e => Some(goes_on(0)),
            [a, e] if a < e => Some(goes_on(1)),
            _ => None,
        };
        let pairs = (0..common).map(|row| [Some(row), Some(row)]).collect();
        Self { pairs, tail, key: Vec::new() }
    }

    /// In the order of the actual side, and then what only the expected one has.
    pub fn by_key(sides: [&str; 2], both: &[Named; 2], columns: &[String]) -> Result<Self> {
        let mut key = Vec::new();
        for column in columns {
            let mut places = [0; 2];
            for ((named, side), place) in both.iter().zip(sides).zip(&mut places) {
                let Some(at) = named.column(column) else {
                    bail!("{side} has no column {}: name others as key", escaped(column))
                };
                *place = at;
            }
            key.push((column.clone(), places));
        }
        let rows = Self { pairs: Vec::new(), tail: None, key };
        let [of_actual, mut of_expected] = [0, 1].map(|side| rows.index(side, both[side].table));
        for (side, index) in [&of_actual, &of_expected].into_iter().enumerate() {
            if let Err(row) = index {
                let words = escaped(&rows.words(side, both[side].table, *row)).into_owned();
                bail!("{} has two rows of {words}: name more columns as key", sides[side]);
            }
        }
        let mut pairs = Vec::new();
        if let (Ok((order, _)), Ok((_, expected))) = (&of_actual, &mut of_expected) {
            for (row, cells) in order.iter().enumerate() {
                pairs.push([Some(row), expected.remove(cells)]);
            }
            let mut rest: Vec<_> = expected.values().copied().collect();
            rest.sort_unstable();
            pairs.extend(rest.into_iter().map(|row| [None, Some(row)]));
        }
        let tail = keyed_tail(&mut pairs);
        Ok(Self { pairs, tail, ..rows })
    }

    /// The key of each row, and its row; the second row of a key that is there
    /// twice.
    #[allow(clippy::type_complexity)] // used once
    fn index<'t>(
        &self,
        side: usize,
        table: &'t Table,
    ) -> Result<(Vec<Vec<Cell<'t>>>, HashMap<Vec<Cell<'t>>, usize>), usize> {
        let (mut order, mut rows) = (Vec::new(), HashMap::new());
        for row in 0..table.rows() {
            let cells: Vec<_> =
                self.key.iter().map(|(_, places)| table.cell(row, places[side])).collect();
            if rows.insert(cells.clone(), row).is_some() {
                return Err(row);
            }
            order.push(cells);
        }
        Ok((order, rows))
    }

    /// The values of the key in a row: "activation=tanh epoch=3".
    pub fn words(&self, side: usize, table: &Table, row: usize) -> String {
        let words = self
            .key
            .iter()
            .map(|(name, places)| format!("{name}={}", table.text(row, places[side])));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Takes the rows out with which one side goes on behind all that both have,
/// where the other side has no row of its own.
fn keyed_tail(pairs: &mut Vec<Row>) -> Option<Tail> {
    let both = |pair: &&Row| pair.iter().all(Option::is_some);
    let lone = |side: usize| {
        let lone = pairs.iter().filter(move |pair| pair[1 - side].is_none());
        lone.filter_map(move |pair| pair[side])
    };
    let side = match [lone(0).next(), lone(1).next()] {
        [Some(_), None] => 0,
        [None, Some(_)] => 1,
        _ => return None,
    };
    let ends = [0, 1].map(|side| pairs.iter().filter(both).filter_map(|pair| pair[side]).max());
    let from = ends[side]? + 1;
    if lone(side).all(|row| row < from) {
        return None;
    }
    pairs.retain(|pair| pair[1 - side].is_some() || pair[side].is_none_or(|row| row < from));
    Some(Tail { side, from, last: ends[1 - side] })
}
