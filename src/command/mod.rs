//! What the commands do, one file each: run, write the outputs, report.

pub mod bench;
pub mod check;
pub mod curve;
mod experiment;
pub mod generator;
pub mod pitfalls;
pub mod recurrent;
pub mod signal;
pub mod sweep;
pub mod train;
