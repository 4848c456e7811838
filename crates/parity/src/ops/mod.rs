//! The operations of libtorch that a program calls, seen from outside: two small
//! libraries are loaded into it, and nothing in it is changed.
//!
//! `start.c` waits in the command and in what that starts until one of them loads
//! libtorch; `watch/` is then compiled against that very libtorch, once, and writes a line
//! for each operation. `docs/operations.md` has the format.

mod compile;
mod libtorch;
mod program;
mod watched;

pub use program::cannot_start;
pub use watched::{Bounds, watched};
