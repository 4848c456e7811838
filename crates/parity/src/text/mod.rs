//! Numbers and tables as text.

mod number;
mod python;
mod table;

pub use number::{Number, as_number};
pub use parity_record::escaped;
pub use python::{fixed, repr, scientific};
pub use table::{counted, number, percent, table, thousands, thousands_u64, wrapped};
