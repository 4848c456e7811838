//! `lesson`: runs every experiment and writes all that it can write.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use tanh_parity::terminal::say;

use super::experiment::rooms;

/// Flags of `lesson`.
#[derive(Args, Debug)]
pub struct LessonArgs {
    /// The folder for the CSVs and pictures, made if it is not there
    folder: PathBuf,
}

/// Runs the command.
pub fn run(args: &LessonArgs) -> Result<()> {
    let cannot = || format!("cannot make {}: name another folder", args.folder.display());
    std::fs::create_dir_all(&args.folder).with_context(cannot)?;
    for (i, room) in rooms().iter().enumerate() {
        say(if i > 0 { "\n" } else { "" })?;
        room.run_into(&args.folder)?;
    }
    Ok(())
}
