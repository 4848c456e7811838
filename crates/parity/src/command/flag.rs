//! What the flags of all commands share: the groups that help shows them in, how
//! they are read, and those that every command has.

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Args, ColorChoice, value_parser};

use crate::terminal;

/// What changes no number.
pub const RUNNING: &str = "Running";
/// What is written, and said.
pub const OUTPUT: &str = "Output";

/// Reads whole numbers in `range`.
pub fn whole<T: Copy + Display + FromStr + PartialOrd>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> std::result::Result<T, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {} to {}", range.start(), range.end())),
    }
}

/// Reads a whole number from `least` on.
pub fn at_least<T: Copy + Display + FromStr + PartialOrd>(
    least: T,
) -> impl Fn(&str) -> std::result::Result<T, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(format!("must be a whole number from {least} on")),
    }
}

/// The flag for threads.
#[derive(Args, Clone, Copy, Debug, PartialEq)]
pub struct Threads {
    /// Threads of libtorch, from 1 to 1024, unless a script sets its own; one is fastest
    /// for small models, and several may give other bits
    #[arg(
        id = "threads",
        long,
        value_name = "THREADS",
        help_heading = RUNNING,
        default_value_t = 1,
        value_parser = whole::<i32>(1..=1024),
        allow_negative_numbers = true
    )]
    pub count: i32,
}

/// The words of a flag's value, as a shell would split them.
pub fn split(text: &str, flag: &str) -> Result<Vec<OsString>> {
    let words = shlex::split(text).with_context(|| format!("{flag} {text}: close the quotes"))?;
    Ok(words.into_iter().map(OsString::from).collect())
}

/// The words of a port's command; one alone if all of it is a file, spaces and all.
pub fn port_words(text: &str) -> Result<Vec<OsString>> {
    if Path::new(text).is_file() { Ok(vec![text.into()]) } else { split(text, "--port") }
}

/// The flags of every command.
pub fn of_all() -> [Arg; 2] {
    [
        Arg::new("quiet")
            .long("quiet")
            .short('q')
            .action(ArgAction::SetTrue)
            .help("Print nothing but errors; files are still written"),
        Arg::new("color")
            .long("color")
            .value_name("WHEN")
            .value_parser(value_parser!(ColorChoice))
            .default_value("auto")
            .help("Colour the verdict; auto: on a terminal, unless NO_COLOR is set"),
    ]
    .map(|arg| arg.global(true).help_heading(OUTPUT))
}

/// Notes the flags of every command, of what was typed.
pub fn heed(matches: &ArgMatches) {
    let mut innermost = matches;
    while let Some((_, below)) = innermost.subcommand() {
        innermost = below;
    }
    let color = innermost.get_one("color").copied().unwrap_or(ColorChoice::Auto);
    terminal::set(innermost.get_flag("quiet"), color);
}

#[cfg(test)]
mod tests {
    use super::port_words;

    #[test]
    fn a_port_whose_path_has_spaces_needs_no_quotes() {
        let folder = tempfile::tempdir().unwrap();
        let port = folder.path().join("a port");
        let words = || port_words(port.to_str().unwrap()).unwrap().len();
        assert_eq!(words(), 2);
        std::fs::write(&port, "").unwrap();
        assert_eq!(words(), 1);
    }
}
