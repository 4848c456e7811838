//! Parse, dispatch, print, exit code; nothing else prints.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use tanh_parity::cli::{Cli, Command};
use tanh_parity::output::print;
use tanh_parity::parity::Verdict;
use tanh_parity::pytorch::failure;

mod command;

/// Exit status for trouble; 0 is fine, 1 says that the runs differ.
const TROUBLE: u8 = 2;

fn main() -> ExitCode {
    // tch panics where libtorch fails: told in one line below instead.
    set_hook(Box::new(|_| {}));
    let error = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(code)) => return code,
        Ok(Err(error)) => format!("{error:#}"),
        Err(panic) => failure::one_line(&*panic),
    };
    complain(&error);
    ExitCode::from(TROUBLE)
}

/// One line on standard error; there is nowhere to complain if it is closed.
fn complain(error: &str) {
    let _ = writeln!(std::io::stderr(), "error: {}", error.replace('\n', " "));
}

fn run() -> Result<ExitCode> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) if !answer.use_stderr() => {
            print(answer.render().to_string().as_bytes())?; // --help, --version
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => bail!(usage_line(&error)),
    };
    let done = |()| ExitCode::SUCCESS;
    let (text, verdict) = match cli.command {
        Command::Train(args) => return command::train::run(&args).map(done),
        Command::Curve(args) => return command::curve::run(&args).map(done),
        Command::Signal(args) => return command::signal::run(&args).map(done),
        Command::Recurrent(args) => return command::recurrent::run(&args).map(done),
        Command::Generator(args) => return command::generator::run(&args).map(done),
        Command::Bench(args) => return command::bench::run(&args).map(done),
        Command::Sweep(args) => return command::sweep::run(&args).map(done),
        Command::Merge(args) => return command::sweep::merge(&args).map(done),
        Command::Check(args) => command::check::run(&args)?,
        Command::Compare(args) => command::check::compare(&args)?,
        Command::Pitfalls(args) => {
            let all_found = command::pitfalls::run(&args)?;
            return Ok(ExitCode::from(u8::from(!all_found)));
        }
    };
    print(text.as_bytes())?;
    Ok(ExitCode::from(u8::from(verdict == Verdict::Diverged)))
}

/// clap's complaint, which it spreads over several lines, in one.
fn usage_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "no command: try `tanh-parity train`, or `tanh-parity --help`".to_owned();
    }
    if let (ErrorKind::ArgumentConflict, Some(ContextValue::String(name))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    {
        return format!("flags go behind what they are for: `tanh-parity check {name} FLAGS`");
    }
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|line| !line.starts_with("For more"))
        .collect();
    format!("{}: see --help", lines.join("; ").replace(":;", ":").trim_start_matches("error: "))
}
