//! The lesson's front door.

use std::process::ExitCode;

use parity::ending;
use parity::program::Program;
use tanh_parity::python;

mod command;

#[global_allocator]
static MEMORY: ending::Memory = ending::Memory;

fn main() -> ExitCode {
    let program = Program {
        name: "tanh-parity",
        version: env!("CARGO_PKG_VERSION"),
        first: "train",
        python: Some(python::own()),
        libtorch: Some(torch_parity::LIBTORCH),
    };
    program.enter(command::command, command::run)
}
