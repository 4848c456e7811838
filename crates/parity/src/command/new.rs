//! `new`: makes a port that starts out red.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::python::PythonArgs;
use crate::new;
use crate::terminal::say;

/// Flags of `new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The folder to make
    folder: PathBuf,
    /// The script to port, which is copied there; its first two steps are run, and tell
    /// layers, optimizer, seed and names [default: a small example]
    #[arg(long, value_name = "FILE", help_heading = "What is ported")]
    script: Option<PathBuf>,
    /// The script's own arguments, after --
    #[arg(last = true, value_name = "ARGS", requires = "script", help_heading = "What is ported")]
    args: Vec<OsString>,
    #[command(flatten)]
    python: PythonArgs,
}

/// Runs the command.
pub fn run(args: &NewArgs) -> Result<()> {
    let python = args.python.find();
    say(&new::port(&args.folder, args.script.as_deref(), &args.args, &python)?)
}
