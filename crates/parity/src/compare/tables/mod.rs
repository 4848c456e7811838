//! Two tables, cell by cell.

mod columns;
mod rows;

use anyhow::{Result, ensure};
use parity_record::Dtype;

use self::columns::{Column, Named, columns, name, pass_rule};
use self::rows::{Row, Rows, Tail};
use super::difference::{Difference, PassRule, Values, What};
use super::needed::Needed;
use super::report::{Group, Noun, Report};
use super::{Options, Sides, Tolerance, Value};
use crate::text::counted;
use parity_record::{Decimal, Key, Table, float};

/// Compares two tables cell by cell: numbers as the decimals that they are, words
/// as they are written, and the header. A tolerance holds numbers as float64.
/// Rows are paired by place, or by the values of `options.key`; columns by place,
/// or where `options.common` is set by name.
///
/// Fails where there is nothing to compare, where a side lacks a column of the
/// key or has two rows of one key, and where two columns are renamed into one.
pub fn compare_tables(
    sides: Sides,
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
    let mut comparison = TableComparison {
        sides,
        both: &both,
        columns: &columns,
        rules: columns.iter().map(|column| pass_rule(column, &both, options)).collect(),
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
        report.largest = comparison.needed.largest;
    }
    report.groups = comparison.groups;
    report.set_differences(comparison.found);
    Ok(report)
}

/// Whether both are numbers, of one float.
fn is_spelling(what: &What) -> bool {
    let What::Text { texts } = what else { return false };
    texts.iter().all(|text| Decimal::parse(text).is_some())
}

/// The comparison so far.
struct TableComparison<'a> {
    sides: Sides,
    both: &'a [Named<'a>; 2],
    columns: &'a [Column],
    rules: Vec<PassRule>,
    needed: Needed,
    /// Whether every number is a float32; found out when it is first asked for.
    fits: Option<bool>,
    found: Vec<Difference>,
    /// By column.
    groups: Vec<Group>,
}

impl TableComparison<'_> {
    /// Adds what does not pass, of no cell that both have.
    fn differ(&mut self, place: String, group: usize, what: What, count: usize) {
        let key = Key::from(place);
        self.found.push(Difference { key, what, passes: false, count, group, step: 0 });
    }

    /// That only this side has it.
    fn only_in(&self, side: usize) -> What {
        What::OnlyIn { side: self.sides[side], other_ends: None }
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
                    self.differ(place, group, self.only_in(usize::from(headers[1])), 1);
                }
                [Some(a), Some(e)] if headers[0] => {
                    self.groups[group].tensors += 1;
                    self.groups[group].values += 1;
                    let [a, e] = [&self.both[0].names[a], &self.both[1].names[e]];
                    if a != e {
                        let texts = [a, e].map(ToString::to_string);
                        self.differ(place, group, What::Text { texts }, 1);
                    }
                }
                [Some(_), Some(_)] => {}
                [a, _] => {
                    let side = usize::from(a.is_none());
                    let cells = self.both[side].table.rows() + usize::from(headers[side]);
                    self.groups[group].tensors += cells;
                    let place = format!("column {}", name(column, self.both));
                    self.differ(place, group, self.only_in(side), cells);
                }
            }
        }
    }

    /// A row in words: by its line in the file, or its key.
    fn row_name(&self, side: usize, row: usize, rows: &Rows) -> String {
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
        let place = |this: &Self| this.row_name(side, at, rows);
        let [Some(a), Some(e)] = *row else {
            let side = usize::from(row[0].is_none());
            let place = place(self);
            let count = self.lone_cells();
            self.differ(place, 0, self.only_in(side), count);
            return;
        };
        for (group, column) in self.columns.iter().enumerate() {
            let [Some(in_a), Some(in_e)] = *column else { continue };
            self.groups[group].tensors += 1;
            self.groups[group].values += 1;
            let texts = [self.both[0].table.text(a, in_a), self.both[1].table.text(e, in_e)];
            let rule = self.rules[group];
            if let Some((what, passes)) = self.cell([&texts[0], &texts[1]], rule) {
                let key = Key::from(format!("{}, {}", place(self), name(column, self.both)));
                self.found.push(Difference { key, what, passes, count: 1, group, step: a + 1 });
            }
        }
    }

    /// The lines that only one side has, at its end.
    fn tail(&mut self, rows: &Rows) {
        let Some(Tail { side, from, last }) = rows.tail else { return };
        let lines = self.both[side].table.rows() - from;
        let last = last.map_or(String::new(), |row| self.row_name(1 - side, row, rows));
        let count = (0..lines).map(|_| self.lone_cells()).sum();
        let place = self.row_name(side, from, rows);
        let side = self.sides[side];
        self.differ(place, 0, What::Lines { side, lines, last }, count);
    }

    /// Counts the cells of a row that one side lacks, all under the first column.
    fn lone_cells(&mut self) -> usize {
        let count = self.columns.len();
        self.groups[0].tensors += count;
        count
    }

    /// How two cells differ, and whether they pass; None where they are equal.
    fn cell(&mut self, [a, e]: [&str; 2], rule: PassRule) -> Option<(What, bool)> {
        let nan_fails = rule.tolerance.is_some() && !rule.equal_nan;
        if a == e && !nan_fails {
            return None;
        }
        let decimals = [a, e].map(Decimal::parse);
        let texts = || What::Text { texts: [a, e].map(str::to_owned) };
        let [Some(x), Some(y)] = &decimals else {
            return (a != e).then(|| (texts(), false));
        };
        if x == y && !(nan_fails && x.is_nan()) {
            return None;
        }
        let exact = held([a, e]);
        let passes = rule.tolerance.is_some() && rule.passes(exact[0], exact[1]);
        self.needed.include(exact[0], exact[1]);
        for value in exact {
            self.needed.see_one(value);
        }
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
            let rule = PassRule { tolerance: Some(alone?), equal_nan: self.needed.equal_nan };
            let passes = |texts: [&str; 2]| {
                let [Some(a), Some(e)] = texts.map(Decimal::parse) else { return true };
                let [x, y] = held(texts);
                a == e && !a.is_nan() || rule.passes(x, y)
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
