//! Numbers and tables as text.

mod python;
mod table;

pub use python::{fixed, repr, scientific};
pub use table::{counted, number, percent, table, thousands, wrapped};
