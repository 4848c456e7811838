//! Two records, or two tables in, one outcome out. It starts no process and prints
//! nothing; of a record on disk it reads one block after another.

mod around;
mod beside;
mod blocks;
mod difference;
mod environment;
mod groups;
mod lone;
mod needed;
mod options;
mod outcome;
mod records;
mod report;
mod selection;
mod side;
mod small_float;
mod tables;
mod tally;
mod tolerance;
mod value;
mod verdict;
mod words;

use anyhow::{Result, bail};

pub use around::Nearby;
pub(crate) use difference::hex;
pub use difference::{Difference, Values, What};
pub use environment::other_environment;
pub use groups::setting;
pub use options::Options;
pub use outcome::{Detail, Outcome, Phase, Smallest, Steps};
pub use records::{OTHER, compare};
pub use report::{First, Growth, Noun, Report};
pub use tables::compare_tables;
pub use tally::Tally;
pub use tolerance::Tolerance;
pub use value::Value;
pub use verdict::{Verdict, summary};

use parity_record::Input;
use parity_record::parallel;

/// What the two sides are called, the actual one first.
pub type Sides = [&'static str; 2];

/// Compares two files' contents, the actual and the expected one.
///
/// Fails where one is a record and the other a table, and as [`compare`] and
/// [`compare_tables`] do.
pub fn compare_inputs(sides: Sides, both: &[Input; 2], options: &Options) -> Result<Report> {
    if let [Input::Table(a), Input::Table(b)] = both {
        return compare_tables(sides, a, b, options);
    }
    let [Some(a), Some(b)] = both.each_ref().map(side) else {
        let [a, b] = sides;
        bail!("one of {a} and {b} holds tensors, the other is a table: name two of a kind")
    };
    records::compare_sides(sides, [a, b], options, parallel::cores())
}

/// A record's tensors, wherever they are; None for a table.
fn side(input: &Input) -> Option<side::Side<'_>> {
    match input {
        Input::Record(trace) => Some(trace.into()),
        Input::Stored(stored) => Some(side::Side::Stored(stored)),
        Input::Table(_) => None,
    }
}
