//! What records a run: an observer of its steps, the recorder of a port, and
//! tensors as a record has them.

mod batches;
mod observer;
mod recorder;

pub use self::observer::{Both, Named, Observer, Step, borrowed};
pub use self::recorder::{Recorder, Series, about};
pub use crate::values::OfTensor;
pub use parity_record::{
    About, Array, Cell, DIGEST_VARIABLE, Decimal, Input, KEEP_PARTIAL_VARIABLE, Kept, Key, Model,
    Order, PHASES, Place, Rank, SHARED, STEPS_VARIABLE, Stored, TRACE_VARIABLE, Table, Trace,
    Writer, float,
};
