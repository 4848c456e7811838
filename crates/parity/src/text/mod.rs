//! Numbers and tables as text.

mod number;
mod python;
mod table;
mod wrapped;

pub use number::{Number, as_number};
pub use parity_record::escaped;
pub use python::repr;
pub use table::{counted, elided, table, thousands, thousands_u64};
pub use wrapped::{WIDTH, wrapped};
