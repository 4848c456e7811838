//! Numbers and tables as text.

mod escaped;
mod python;
mod table;

pub use escaped::escaped;
pub use python::{fixed, repr, scientific};
pub use table::{counted, number, percent, table, thousands, wrapped};
