//! The tool's own front door.

use std::process::ExitCode;

use parity::{command, ending, program};

#[global_allocator]
static MEMORY: ending::Memory = ending::Memory;

fn main() -> ExitCode {
    program::PARITY.enter(command::command, command::run)
}
