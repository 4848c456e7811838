//! The complete record of a run: key -> tensor, in the order of events.

mod about;
mod array;
mod csv;
mod key;
mod observer;
mod record;
mod recorder;
mod writer;

pub use self::about::{About, Model};
pub use self::array::Array;
pub use self::csv::read_either;
pub use self::key::{Key, PHASES, Place, SHARED};
pub use self::observer::{Both, Observer, Step, borrowed};
pub use self::record::Trace;
pub use self::recorder::{Recorder, Series, TRACE_VARIABLE};
pub use self::writer::Writer;
