//! Two tables, cell by cell.

use std::borrow::Cow;
use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use safetensors::Dtype;

use super::difference::{Difference, How, Values, What};
use super::needed::Needed;
use super::report::{Group, Noun, Report};
use super::selection::LeftOut;
use super::{Options, Tolerance, Value};
use crate::text::{counted, escaped};
use crate::trace::{Cell, Decimal, Key, Table, float};

/// Compares two tables cell by cell: numbers as the decimals that they are, words
/// as they are written, and the header. A tolerance holds numbers as float64.
/// Rows are paired by place, or by the values of `options.key`; columns by place,
/// or where `options.common` is set by name.
///
/// Fails where there is nothing to compare, where a side lacks a column of the
/// key or has two rows of one key, and where two columns are renamed into one.
pub fn compare_tables(
    sides: [&str; 2],
    actual: &Table,
    expected: &Table,
    options: &Options,
) -> Result<Report> {
    options.check()?;
    ensure!(options.transpose.is_empty(), "a table has no matrices to transpose");
    let both = [Named::new(actual, options, sides[0])?, Named::plain(expected)];
    let mut report = Report::new(sides, Noun::Cell, options);
    if !options.rename.is_empty() {
        let count = counted(both[0].renamed, "column");
        report.notes.push(format!("renamed: {count} of {}", sides[0]));
    }
    let (columns, notes) = columns(sides, &both, options);
    report.notes.extend(notes);
    let paired = columns.iter().any(|column| matches!(column, [Some(_), Some(_)]));
    ensure!(paired, "nothing to compare: no column is in both {} and {}", sides[0], sides[1]);
    let rows = if options.key.is_empty() {
        Rows::by_place([actual, expected])
    } else {
        Rows::by_key(sides, &both, &options.key)?
    };
    let mut comparison = Comparison {
        both: &both,
        columns: &columns,
        how: columns.iter().map(|column| how(column, &both, options)).collect(),
        needed: Needed::none(options.equal_nan),
        fits: None,
        found: Vec::new(),
        groups: columns.iter().map(|column| Group::new(&name(column, &both))).collect(),
    };
    comparison.header();
    for row in &rows.pairs {
        comparison.row(row, &rows);
    }
    comparison.tail(&rows);
    let diverged = comparison.found.iter().any(|difference| !difference.passes);
    let lone = |difference: &Difference| !matches!(difference.what, What::Values(_));
    let hopeless = |difference: &Difference| {
        lone(difference) && !difference.passes && !is_spelling(&difference.what)
    };
    if diverged && !comparison.found.iter().any(hopeless) {
        report.needed = comparison.passing(&rows);
    }
    report.groups = comparison.groups;
    report.take(comparison.found);
    Ok(report)
}

/// Whether both are numbers, of one float.
fn is_spelling(what: &What) -> bool {
    let What::Text(texts) = what else { return false };
    texts.iter().all(|text| Decimal::parse(text).is_some())
}

/// A table, its columns under the names by which they are compared.
struct Named<'a> {
    table: &'a Table,
    names: Vec<Cow<'a, str>>,
    renamed: usize,
}

impl<'a> Named<'a> {
    fn plain(table: &'a Table) -> Self {
        let names = (0..table.width()).map(|column| table.column(column)).collect();
        Self { table, names, renamed: 0 }
    }

    fn new(table: &'a Table, options: &Options, side: &str) -> Result<Self> {
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

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// A column of each side, where it has one.
type Column = [Option<usize>; 2];

/// Pairs columns, and tells in a line each what is left out.
fn columns(sides: [&str; 2], both: &[Named; 2], options: &Options) -> (Vec<Column>, Vec<String>) {
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
            if left_out.takes(name, [true, other.is_some()], options) {
                pairs.push([Some(at), other]);
            }
        }
        for (name, _) in e.names.iter().zip(taken).filter(|(_, taken)| !taken) {
            left_out.takes(name, [false, true], options);
        }
        return (pairs, left_out.notes(sides, "column", options));
    }
    // By place among those that are compared; what both leave out counts once.
    let mut kept = [Vec::new(), Vec::new()];
    let mut counts = [LeftOut::default(); 2];
    for ((named, kept), count) in both.iter().zip(&mut kept).zip(&mut counts) {
        for (at, name) in named.names.iter().enumerate() {
            if count.takes(name, [true; 2], options) {
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
fn name(column: &Column, both: &[Named; 2]) -> String {
    match *column {
        [_, Some(at)] => both[1].names[at].to_string(),
        [Some(at), None] => both[0].names[at].to_string(),
        [None, None] => unreachable!("a column is of some side"),
    }
}

fn how(column: &Column, both: &[Named; 2], options: &Options) -> How {
    let tolerance =
        if options.is_tolerant() { options.tolerance(&name(column, both)) } else { None };
    How { tolerance, equal_nan: options.equal_nan }
}

/// A row of each side, where it has one.
type Row = [Option<usize>; 2];

/// The rows with which one side goes on where the other ends.
struct Tail {
    side: usize,
    /// The first of them.
    from: usize,
    /// The last row of the other.
    last: Option<usize>,
}

/// How rows are paired.
struct Rows {
    pairs: Vec<Row>,
    tail: Option<Tail>,
    /// The columns of the key in each side.
    key: Vec<(String, [usize; 2])>,
}

impl Rows {
    fn by_place(tables: [&Table; 2]) -> Self {
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
    fn by_key(sides: [&str; 2], both: &[Named; 2], columns: &[String]) -> Result<Self> {
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
    fn words(&self, side: usize, table: &Table, row: usize) -> String {
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

/// The comparison so far.
struct Comparison<'a> {
    both: &'a [Named<'a>; 2],
    columns: &'a [Column],
    how: Vec<How>,
    needed: Needed,
    /// Whether every number is a float32; found out when it is first asked for.
    fits: Option<bool>,
    found: Vec<Difference>,
    /// By column.
    groups: Vec<Group>,
}

impl Comparison<'_> {
    fn differ(&mut self, place: String, group: usize, what: What, passes: bool, count: usize) {
        self.found.push(Difference { key: Key::from(place), what, passes, count, group });
    }

    /// The header, which counts as a row where either side has one, and columns
    /// that only one side has.
    fn header(&mut self) {
        let headers = [0, 1].map(|side| self.both[side].table.header().is_some());
        for (group, column) in self.columns.iter().enumerate() {
            let place = format!("header, column {}", group + 1);
            match *column {
                [Some(_), Some(_)] if headers[0] != headers[1] => {
                    self.groups[group].tensors += 1;
                    self.differ(place, group, What::OnlyIn(usize::from(headers[1])), false, 1);
                }
                [Some(a), Some(e)] if headers[0] => {
                    self.groups[group].tensors += 1;
                    self.groups[group].values += 1;
                    let [a, e] = [&self.both[0].names[a], &self.both[1].names[e]];
                    if a != e {
                        let texts = [a, e].map(|name| name.to_string());
                        self.differ(place, group, What::Text(texts), false, 1);
                    }
                }
                [Some(_), Some(_)] => {}
                [a, _] => {
                    let side = usize::from(a.is_none());
                    let cells = self.both[side].table.rows() + usize::from(headers[side]);
                    self.groups[group].tensors += cells;
                    let place = format!("column {}", name(column, self.both));
                    self.differ(place, group, What::OnlyIn(side), false, cells);
                }
            }
        }
    }

    /// A row in words: by its line in the file, or its key.
    fn place(&self, side: usize, row: usize, rows: &Rows) -> String {
        let table = self.both[side].table;
        if rows.key.is_empty() {
            format!("line {}", table.line(row))
        } else {
            format!("row {}", rows.words(side, table, row))
        }
    }

    /// A row that both have, or only one, paired by key.
    fn row(&mut self, row: &Row, rows: &Rows) {
        let at = |side: usize| row[side].map(|at| (side, at));
        let (side, at) = at(0).or(at(1)).expect("a row is of some side");
        let place = |this: &Self| this.place(side, at, rows);
        let [Some(a), Some(e)] = *row else {
            let side = usize::from(row[0].is_none());
            let place = place(self);
            let count = self.lone_cells();
            self.differ(place, 0, What::OnlyIn(side), false, count);
            return;
        };
        for (group, column) in self.columns.iter().enumerate() {
            let [Some(in_a), Some(in_e)] = *column else { continue };
            self.groups[group].tensors += 1;
            self.groups[group].values += 1;
            let texts = [self.both[0].table.text(a, in_a), self.both[1].table.text(e, in_e)];
            let how = self.how[group];
            if let Some((what, passes)) = self.cell([&texts[0], &texts[1]], how) {
                let place = format!("{}, {}", place(self), name(column, self.both));
                self.differ(place, group, what, passes, 1);
            }
        }
    }

    /// The lines that only one side has, at its end.
    fn tail(&mut self, rows: &Rows) {
        let Some(Tail { side, from, last }) = rows.tail else { return };
        let lines = self.both[side].table.rows() - from;
        let last = last.map_or(String::new(), |row| self.place(1 - side, row, rows));
        let count = (0..lines).map(|_| self.lone_cells()).sum();
        let place = self.place(side, from, rows);
        self.differ(place, 0, What::Tail { side, lines, last }, false, count);
    }

    /// Counts the cells of a row that one side lacks, all under the first column.
    fn lone_cells(&mut self) -> usize {
        let count = self.columns.len();
        self.groups[0].tensors += count;
        count
    }

    /// How two cells differ, and whether they pass; None where they are equal.
    fn cell(&mut self, [a, e]: [&str; 2], how: How) -> Option<(What, bool)> {
        let nan_fails = how.tolerance.is_some() && !how.equal_nan;
        if a == e && !nan_fails {
            return None;
        }
        let decimals = [a, e].map(Decimal::parse);
        let texts = || What::Text([a, e].map(str::to_owned));
        let [Some(x), Some(y)] = &decimals else {
            return (a != e).then(|| (texts(), false));
        };
        if x == y && !(nan_fails && x.is_nan()) {
            return None;
        }
        let exact = held([a, e]);
        let passes = how.tolerance.is_some() && how.passes(exact[0], exact[1]);
        self.needed.take(exact[0], exact[1]);
        let fits = self.all_fit();
        let shown = if exact[0].is_whole() || !fits { exact } else { exact.map(single) };
        let what = if shown[0] == shown[1] && x != y {
            texts()
        } else {
            What::Values(Box::new(Values::of_one(shown, passes)))
        };
        Some((what, passes))
    }

    /// Losses are float32: ULPs are counted in it where every number fits.
    fn all_fit(&mut self) -> bool {
        let both = self.both;
        let fits = |text: &str| {
            Decimal::parse(text).is_none() || text.trim().parse::<i64>().is_ok() || {
                let x = float(text);
                x.is_nan() || f64::from(x as f32) == x
            }
        };
        *self.fits.get_or_insert_with(|| {
            both.iter().all(|Named { table, .. }| {
                let width = table.width();
                (0..table.rows()).all(|row| (0..width).all(|at| fits(&table.text(row, at))))
            })
        })
    }

    /// The tolerances of `needed` that do let all pass: they are tried.
    fn passing(&self, rows: &Rows) -> [Option<Tolerance>; 2] {
        self.needed.alone().map(|alone| {
            let how = How { tolerance: Some(alone?), equal_nan: self.needed.equal_nan };
            let passes = |texts: [&str; 2]| {
                let [Some(a), Some(e)] = texts.map(Decimal::parse) else { return true };
                let [x, y] = held(texts);
                a == e && !a.is_nan() || how.passes(x, y)
            };
            let all = rows.pairs.iter().all(|row| {
                self.columns.iter().all(|column| {
                    let ([Some(a), Some(e)], [Some(in_a), Some(in_e)]) = (*row, *column) else {
                        return false;
                    };
                    let [a, e] =
                        [self.both[0].table.text(a, in_a), self.both[1].table.text(e, in_e)];
                    passes([&a, &e])
                })
            });
            if all { alone } else { None }
        })
    }
}

/// Two numbers as they are held to a tolerance: whole ones as such, where both
/// fit a dtype that tells them apart, others as float64.
fn held(texts: [&str; 2]) -> [Value; 2] {
    let trimmed = texts.map(str::trim);
    if let [Ok(a), Ok(e)] = trimmed.map(str::parse::<i64>)
        && a != e
    {
        return [a, e].map(|whole| Value::new(Dtype::I64, &whole.to_ne_bytes()));
    }
    if let [Ok(a), Ok(e)] = trimmed.map(str::parse::<u64>)
        && a != e
    {
        return [a, e].map(|whole| Value::new(Dtype::U64, &whole.to_ne_bytes()));
    }
    texts.map(|text| Value::new(Dtype::F64, &float(text).to_ne_bytes()))
}

fn single(value: Value) -> Value {
    let number = value.number().expect("it is a float64") as f32;
    Value::new(Dtype::F32, &number.to_ne_bytes())
}
