//! The complete record of a run: key -> tensor, in the order of events; and what
//! else can be read as one, or as a table.

mod about;
mod array;
mod csv;
mod decimal;
pub(crate) mod digest;
mod digests;
mod ending;
mod kept;
mod key;
mod observer;
mod order;
mod part;
mod read;
mod record;
mod recorder;
mod spool;
mod stored;
mod table;
mod writer;

pub use self::about::{About, Model};
pub use self::array::Array;
pub use self::decimal::{Decimal, float};
pub use self::kept::{DIGEST_VARIABLE, KEEP_PARTIAL_VARIABLE, Kept, STEPS_VARIABLE};
pub use self::key::{Key, PHASES, Place, SHARED};
pub use self::observer::{Both, Observer, Step, borrowed};
pub use self::order::{Order, Rank};
pub use self::read::Input;
pub use self::record::Trace;
pub use self::recorder::{Recorder, Series, TRACE_VARIABLE};
pub use self::stored::Stored;
pub use self::table::{Cell, Table};
pub use self::writer::Writer;

use self::read::{mapped, shown};
