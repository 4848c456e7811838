//! `new`: makes a port that starts out red.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::new;
use crate::terminal::say;

/// Flags of `new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The folder to make
    folder: PathBuf,
    /// The script to port, which is copied there [default: a small example]
    #[arg(long, value_name = "FILE", help_heading = "What is ported")]
    script: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &NewArgs) -> Result<()> {
    say(&new::port(&args.folder, args.script.as_deref())?)
}
