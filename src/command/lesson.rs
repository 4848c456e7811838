//! `lesson`: runs every experiment and writes all that it can write, and a page
//! with all of it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use parity::output::Outputs;
use parity::terminal::say;
use tanh_parity::report;

use super::experiment::rooms;

/// Flags of `lesson`.
#[derive(Args, Debug)]
pub struct LessonArgs {
    /// The folder for the CSVs, the pictures and the page lesson.html, made if it
    /// is not there
    folder: PathBuf,
}

/// Runs the command.
pub fn run(args: &LessonArgs) -> Result<()> {
    let cannot = || format!("cannot make {}: name another folder", args.folder.display());
    std::fs::create_dir_all(&args.folder).with_context(cannot)?;
    let mut outputs = Outputs::open(&[("page", Some(&args.folder.join("lesson.html")), "html")])?;
    let mut sections = Vec::new();
    for (i, room) in rooms().iter().enumerate() {
        say(if i > 0 { "\n" } else { "" })?;
        sections.push(room.run_into(&args.folder)?);
    }
    outputs.write("page", || Ok(report::lesson(&sections).into_bytes()))
}
