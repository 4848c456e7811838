//! What the commands do, one file each: run, write the outputs, report.

pub mod check;
pub mod sweep;
pub mod train;
