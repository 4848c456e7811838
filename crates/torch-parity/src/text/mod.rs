//! Numbers and tables as text.

mod escaped;
mod number;
mod python;
mod table;

pub use escaped::escaped;
pub use number::{Number, as_number};
pub use python::{fixed, repr, scientific};
pub use table::{counted, number, percent, table, thousands, thousands_u64, wrapped};
