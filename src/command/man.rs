//! `man`: the pages of all commands.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clap_mangen::{Man, generate_to};
use parity::terminal::print;

use super::command;

/// Flags of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The folder for the pages, made if it is not there
    folder: Option<PathBuf>,
}

/// Prints the program's page, or writes the pages of all commands.
pub fn man(args: &ManArgs) -> Result<()> {
    if let Some(folder) = &args.folder {
        let cannot = || format!("cannot write to {}: name another folder", folder.display());
        std::fs::create_dir_all(folder).with_context(cannot)?;
        return generate_to(command(), folder).with_context(cannot);
    }
    let mut page = Vec::new();
    Man::new(command()).render(&mut page).context("cannot write the man page")?;
    print(&page)
}
