//! Parse, run, exit status; errors in one line.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use parity::text::escaped;
use tanh_parity::output::print;
use torch_parity::failure;

mod command;
mod ending;

#[global_allocator]
static MEMORY: ending::Memory = ending::Memory;

/// Exit status for trouble; 0 is fine, 1 says that the runs differ.
const TROUBLE: u8 = 2;

fn main() -> ExitCode {
    ending::watch();
    let code = code();
    ending::is_ours();
    code
}

fn code() -> ExitCode {
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
/// Paths and a script's words are in it, which may hold anything.
fn complain(error: &str) {
    let _ = writeln!(std::io::stderr(), "error: {}", escaped(&error.replace('\n', " ")));
}

fn run() -> Result<ExitCode> {
    match command::command().try_get_matches() {
        Ok(matches) => command::run(&matches),
        Err(answer) if !answer.use_stderr() => {
            print(answer.render().to_string().as_bytes())?; // --help, --version
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => bail!(usage_line(&error)),
    }
}

/// clap's complaint, which it spreads over several lines, in one.
fn usage_line(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "no command: try `tanh-parity train`, or `tanh-parity --help`".to_owned();
    }
    if let (ErrorKind::ArgumentConflict, Some(ContextValue::String(name))) =
        (error.kind(), error.get(ContextKind::InvalidSubcommand))
    {
        return format!("put flags after the experiment's name: `tanh-parity check {name} FLAGS`");
    }
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines
        .take_while(|line| !line.starts_with("Usage:"))
        .filter(|line| !line.starts_with("For more"))
        .collect();
    format!("{}: see --help", lines.join("; ").replace(":;", ":").trim_start_matches("error: "))
}
