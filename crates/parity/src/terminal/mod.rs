//! What a command says beside its outputs: nothing if it is to be quiet, and the
//! verdict in colour on a terminal.

mod stdout;

use std::borrow::Cow;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::OnceLock;

use anyhow::Result;
use clap::ColorChoice;
use clap::builder::styling::AnsiColor;
use parity_record::escaped;

pub use self::stdout::{print, refuse_closed};

static MANNER: OnceLock<(bool, ColorChoice)> = OnceLock::new();

/// Notes `--quiet` and `--color`, once.
pub fn set(quiet: bool, color: ColorChoice) {
    let _ = MANNER.set((quiet, color));
}

/// Whether nothing is to be said but errors.
pub fn is_quiet() -> bool {
    MANNER.get().is_some_and(|(quiet, _)| *quiet)
}

/// Prints what was found.
pub fn say(text: &str) -> Result<()> {
    if is_quiet() { Ok(()) } else { print(painted(text, stdout().is_terminal()).as_bytes()) }
}

/// Says what went wrong in one line, also where all else is quiet. Paths and a script's
/// words are in it, which may hold anything.
pub fn complain(error: &str) {
    // There is nowhere to complain if it is closed.
    let _ = writeln!(stderr(), "error: {}", escaped(&error.replace('\n', " ")));
}

/// `text` with its verdict in colour, if colour is wanted where it goes.
pub fn painted(text: &str, is_terminal: bool) -> Cow<'_, str> {
    let choice = MANNER.get().map_or(ColorChoice::Auto, |(_, color)| *color);
    let is_set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let is_dumb = is_set("TERM").is_some_and(|term| term == "dumb");
    let wanted = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && !is_dumb && is_set("NO_COLOR").is_none(),
    };
    if !wanted {
        return Cow::Borrowed(text);
    }
    let paint = |line: &str| {
        let color = match line.strip_prefix("verdict: ") {
            Some(verdict) if verdict.starts_with("diverged") => AnsiColor::Red,
            Some(_) => AnsiColor::Green,
            None => return line.to_owned(),
        };
        let (style, line) = (color.on_default().bold(), line.trim_end_matches('\n'));
        format!("{style}{line}{style:#}\n")
    };
    text.split_inclusive('\n').map(paint).collect::<String>().into()
}
