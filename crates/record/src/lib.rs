//! The complete record of a run: key -> tensor, in the order of events; and what
//! else can be read as one, or as a table.
//!
//! It knows plain bytes with a dtype and a shape, and no libtorch: a program that
//! trains hands over a [`View`] of each tensor.

mod about;
mod array;
mod csv;
mod decimal;
pub mod digest;
mod digests;
mod ending;
mod error;
mod escaped;
mod generator;
mod groups;
mod index;
mod kept;
mod key;
mod order;
pub mod parallel;
mod part;
mod read;
mod record;
mod reset;
mod spool;
mod stored;
mod table;
mod view;
pub mod whole;
mod writer;

pub use self::about::{About, Model, Run, is_chosen_seed};
pub use self::array::Array;
pub use self::decimal::{Decimal, float};
pub use self::ending::is_ignored;
pub use self::error::{Error, Result};
pub use self::escaped::escaped;
pub use self::generator::parted;
pub use self::groups::{Change, Group, Groups};
pub use self::kept::{DIGEST_VARIABLE, KEEP_PARTIAL_VARIABLE, Kept, STEPS_VARIABLE, read_steps};
pub use self::key::{END, Key, PHASES, Place, SHARED};
pub use self::order::{Order, Rank};
pub use self::read::Input;
pub use self::record::{Trace, save};
pub use self::reset::{Reset, set_otherwise};
pub use self::stored::Stored;
pub use self::table::{Cell, Table};
pub use self::view::View;
pub use self::writer::{TRACE_VARIABLE, Writer};
pub use safetensors::Dtype;

use self::read::{mapped, shown};
