//! Flags on how a script is run.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::flag::split;
use crate::python::Script;

/// How the script that --script names is run.
#[derive(Args, Debug)]
#[expect(clippy::struct_field_names, reason = "a flag is called so")]
pub struct ScriptArgs {
    /// --script names a module, such as package.train, as for `python -m`
    #[arg(short = 'm', requires = "script")]
    module: bool,
    /// The script's own arguments, after --
    #[arg(last = true, value_name = "ARGS", requires = "script")]
    args: Vec<OsString>,
    /// The script's own arguments in one word, as a shell would split it; or put them
    /// last, after --
    #[arg(
        long,
        value_name = "ARGS",
        requires = "script",
        conflicts_with = "args",
        allow_hyphen_values = true
    )]
    script_args: Option<String>,
}

impl ScriptArgs {
    /// The script's own arguments.
    pub fn words(&self) -> Result<Vec<OsString>> {
        match &self.script_args {
            Some(words) => split(words, "--script-args"),
            None => Ok(self.args.clone()),
        }
    }

    /// The script with these arguments.
    pub fn script<'a>(&self, path: &'a Path, args: &'a [OsString], threads: i32) -> Script<'a> {
        Script { path, is_module: self.module, args, threads }
    }
}
