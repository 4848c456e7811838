//! The front door: parse, run, exit status; errors in one line. There are two, this
//! crate's own and that of a program that uses the library.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::{Result, bail};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};

use crate::ending::{self, TROUBLE};
use crate::failure;
use crate::terminal::{complain, print};

/// A program of this library.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// A command to begin with.
    pub first: &'static str,
    /// The interpreter that it prefers where none is named.
    pub python: Option<&'static Path>,
    /// The libtorch that it is linked to, where it is.
    pub libtorch: Option<&'static str>,
}

/// This crate's own.
pub const PARITY: Program = Program {
    name: "parity",
    version: env!("CARGO_PKG_VERSION"),
    first: "record",
    python: None,
    libtorch: None,
};

static PROGRAM: OnceLock<Program> = OnceLock::new();

/// The program that runs, which its results name.
pub fn current() -> Program {
    PROGRAM.get().copied().unwrap_or(PARITY)
}

impl Program {
    /// Its name and version.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// All of `main`: runs what was typed, of what can be.
    pub fn enter(
        self,
        command: fn() -> Command,
        run: fn(&ArgMatches) -> Result<ExitCode>,
    ) -> ExitCode {
        let _ = PROGRAM.set(self);
        ending::watch();
        // tch panics where libtorch fails: told in one line below instead.
        set_hook(Box::new(|_| {}));
        let run = || self.run(command, run);
        let code = match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(code)) => code,
            Ok(Err(error)) => trouble(&format!("{error:#}")),
            Err(panic) => trouble(&failure::one_line(&*panic)),
        };
        ending::is_ours();
        code
    }

    fn run(
        self,
        command: fn() -> Command,
        run: fn(&ArgMatches) -> Result<ExitCode>,
    ) -> Result<ExitCode> {
        match command().try_get_matches() {
            Ok(matches) => run(&matches),
            Err(answer) if !answer.use_stderr() => {
                print(answer.render().to_string().as_bytes())?; // --help, --version
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                let command = command();
                bail!(self.usage_line(&command, &mistyped(&command, error)))
            }
        }
    }

    /// clap's complaint, which it spreads over several lines, in one.
    fn usage_line(self, command: &Command, error: &clap::Error) -> String {
        let Self { name, first, .. } = self;
        if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return format!("no command: try `{name} {first}`, or `{name} --help`");
        }
        if let (ErrorKind::ArgumentConflict, Some(ContextValue::String(below))) =
            (error.kind(), error.get(ContextKind::InvalidSubcommand))
        {
            return format!("put flags after the experiment's name: `{name} check {below} FLAGS`");
        }
        if let Some(line) = misplaced(name, command, error) {
            return line;
        }
        let text = error.render().to_string();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<_> = lines
            .take_while(|line| !line.starts_with("Usage:"))
            .filter(|line| !line.starts_with("For more"))
            .collect();
        let line = lines.join("; ").replace(":;", ":");
        format!("{}: see --help", line.trim_start_matches("error: "))
    }
}

/// What to do with a script that stands where none is taken.
fn misplaced(name: &str, command: &Command, error: &clap::Error) -> Option<String> {
    let is_script = |word: &str| Path::new(word).extension() == Some("py".as_ref());
    let word =
        [ContextKind::InvalidSubcommand, ContextKind::InvalidArg].into_iter().find_map(|kind| {
            match error.get(kind) {
                Some(ContextValue::String(word)) if is_script(word) => Some(word),
                _ => None,
            }
        })?;
    let at = at_hand(command, word);
    if at.get_name() == command.get_name() {
        return Some(format!("{word} is no command: try `{name} record {word}`"));
    }
    let takes_script = at.get_arguments().any(|arg| arg.get_long() == Some("script"));
    takes_script.then(|| format!("name a script with --script, as in --script {word}: see --help"))
}

/// The command that was typed before `word`.
fn at_hand<'c>(command: &'c Command, word: &str) -> &'c Command {
    let mut at = command;
    for arg in std::env::args_os().take_while(|arg| arg != word) {
        at = at.find_subcommand(arg).unwrap_or(at);
    }
    at
}

/// Where a word is no argument but may be meant for one of the commands below, what clap
/// says of such a word. It says so itself, unless the command takes others after `--`.
fn mistyped(command: &Command, error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let at = at_hand(command, word);
    if error.kind() != ErrorKind::UnknownArgument || word.starts_with('-') || !at.has_subcommands()
    {
        return error;
    }
    if at.find_subcommand(word).is_some() {
        let mut conflict = clap::Error::new(ErrorKind::ArgumentConflict);
        conflict.insert(ContextKind::InvalidSubcommand, ContextValue::String(word.clone()));
        return conflict;
    }
    let alone = Command::new("").subcommands(at.get_subcommands().cloned());
    alone.try_get_matches_from(["", word]).err().unwrap_or(error)
}

fn trouble(error: &str) -> ExitCode {
    complain(error);
    ExitCode::from(TROUBLE)
}
