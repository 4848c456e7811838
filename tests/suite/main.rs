//! All tests of the program, in one binary, so that little time goes into linking.

mod all_of_the_recorder;
mod bench;
mod check_all;
mod command_line;
mod common;
mod curve;
#[path = "../../crates/parity/tests/damage/mod.rs"]
mod damage;
mod digest;
mod endings;
mod environment;
mod examples;
mod fast;
mod forked;
mod formats;
mod generator;
mod golden;
mod ladder;
mod operations;
mod pages;
mod pitfalls;
mod pitfalls_live;
mod port;
mod recognised;
mod recurrent;
mod report;
mod reproducible;
mod scripts;
mod set_up;
mod signal;
mod sweep;
mod terminal;
mod why;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// libtorch's generator and its threads are global: a test that trains in this
/// process holds this.
fn alone() -> MutexGuard<'static, ()> {
    static TRAINING: Mutex<()> = Mutex::new(());
    TRAINING.lock().unwrap_or_else(PoisonError::into_inner)
}
