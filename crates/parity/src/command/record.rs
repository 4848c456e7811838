//! `record`: runs a PyTorch script, unchanged, and writes what it trained.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

use super::flag::{OUTPUT, RUNNING, Threads, whole};
use super::python::InterpreterArgs;
use crate::python::Script;

/// A century.
const NO_LIMIT: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Flags of `record`.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is recorded")]
#[allow(clippy::struct_excessive_bools)] // each is a switch
pub struct RecordArgs {
    /// The record to write [default: SCRIPT.safetensors in the current folder]
    #[arg(long, short = 'o', value_name = "FILE", help_heading = OUTPUT)]
    trace: Option<PathBuf>,
    /// Record every module's output, too
    #[arg(long)]
    forward: bool,
    /// Record only steps A to B - 1; step 0 is before training
    #[arg(long, value_name = "A..B")]
    steps: Option<String>,
    /// Record only every N-th step
    #[arg(long, value_name = "N")]
    every: Option<String>,
    /// Record only these phases: data, init, forward, loss, grad, state, param, eval,
    /// measure, end
    #[arg(long, value_name = "NAME,...")]
    phases: Option<String>,
    /// Record no more than this, such as 500MB: what comes then is left out
    #[arg(long, value_name = "SIZE")]
    max_size: Option<String>,
    /// Record a digest of each tensor, not its values
    #[arg(long)]
    digest: bool,
    /// Print what is taken as a batch and what is not, each with its reason
    #[arg(long)]
    explain: bool,
    /// If INT, TERM or HUP ends the script, keep what was recorded by then
    #[arg(long)]
    keep_partial: bool,
    /// Do not say what was recorded
    #[arg(long, short = 'q', help_heading = OUTPUT)]
    quiet: bool,
    #[command(flatten)]
    python: InterpreterArgs,
    #[command(flatten)]
    threads: Threads,
    /// Seconds that the script may take, from 1 to 1000000000 [default: no limit]
    #[arg(long, help_heading = RUNNING, value_name = "SECONDS", value_parser = whole::<u64>(1..=1_000_000_000))]
    timeout: Option<u64>,
    /// SCRIPT names a module, such as package.train, as for `python -m`
    #[arg(short = 'm', help_heading = "What is recorded")]
    module: bool,
    /// The script, and its own arguments: flags of record go before it
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "SCRIPT [ARGS]...",
        required = true
    )]
    script: Vec<OsString>,
}

/// Runs the script as Python would; returns its exit status.
pub fn run(args: &RecordArgs) -> Result<ExitCode> {
    let mut flags: Vec<OsString> = Vec::new();
    let mut value = |flag: &str, value: Option<OsString>| {
        flags.extend(value.map(|value| [flag.into(), value]).into_iter().flatten());
    };
    value("--trace", args.trace.clone().map(Into::into));
    value("--steps", args.steps.clone().map(Into::into));
    value("--every", args.every.clone().map(Into::into));
    value("--phases", args.phases.clone().map(Into::into));
    value("--max-size", args.max_size.clone().map(Into::into));
    for (flag, is_set) in [
        ("--forward", args.forward),
        ("--digest", args.digest),
        ("--explain", args.explain),
        ("--keep-partial", args.keep_partial),
        ("--quiet", args.quiet),
    ] {
        flags.extend(is_set.then(|| flag.into()));
    }
    let timeout = args.timeout.map_or(NO_LIMIT, Duration::from_secs);
    let (script, own) = args.script.split_first().expect("clap asks for a script");
    // What no flag of ours is called, clap takes for the script.
    ensure!(
        !script.as_encoded_bytes().starts_with(b"-") || Path::new(script).exists(),
        "record has no flag {}: record --help lists those it has",
        script.display()
    );
    let (path, threads) = (Path::new(script), args.threads.count);
    let script = Script { path, is_module: args.module, args: own, threads };
    args.python.find(timeout).record(&flags, script)
}
