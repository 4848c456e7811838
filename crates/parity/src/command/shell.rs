//! `completions`: what a shell tells of the commands.

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::program;
use crate::terminal::print;

/// Flags of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints the completions of a program's commands.
pub fn completions(args: &CompletionsArgs, command: &mut Command) -> Result<()> {
    let mut script = Vec::new();
    generate(args.shell, command, program::current().name, &mut script);
    print(&script)
}
