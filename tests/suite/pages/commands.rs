//! Every command of a page is run, and every block of output is what it prints.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;

use assert_cmd::Command;
use tempfile::TempDir;

use super::blocks::{Block, Held, blocks};
use super::claims::wrong_numbers;
use super::pictures::{is_shown, looks_like};
use super::{Page, pages};
use crate::common::{built, is_amd, is_avx512, outcome, root, tracked};
use crate::forked::{interpreter, program};
use crate::{bench, check_all};

/// What was run so far, each command once, in a fresh copy of the checkout: what git
/// has of it, and the environment that `make setup` makes.
pub struct Commands {
    folder: TempDir,
    /// Exit status and standard output, or standard error where that is empty.
    pub ran: HashMap<String, (i32, String)>,
}

impl Commands {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for path in tracked() {
            let to = folder.path().join(&path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(root().join(&path), to).unwrap();
        }
        symlink(root().join(".venv"), folder.path().join(".venv")).unwrap();
        // What a page builds is built in the checkout itself: a copy's build would take
        // minutes.
        symlink(built(), folder.path().join("target")).unwrap();
        Self { folder, ran: HashMap::new() }
    }

    fn run(&mut self, line: &str) -> &(i32, String) {
        if !self.ran.contains_key(line) {
            let path = format!("{}:{}", program().parent().unwrap().display(), env!("PATH"));
            let mut command = Command::new("sh");
            let is_build = line.starts_with("cargo build ");
            let folder = if is_build { root() } else { self.folder.path() };
            command.args(["-c", line]).current_dir(folder).env("PATH", path);
            command.env("CARGO_TARGET_DIR", built()).env("CARGO_NET_OFFLINE", "true");
            command.env("PYTHONDONTWRITEBYTECODE", "1").env("TANH_PARITY_PYTHON", interpreter());
            let (code, out, err) = match line {
                // From the checkout itself; each experiment is also checked from the copy.
                "tanh-parity check all" => check_all::all().clone(),
                bench::ROUND => bench::round().0.clone(),
                _ => outcome(command),
            };
            self.ran.insert(line.to_owned(), (code, if out.is_empty() { err } else { out }));
        }
        &self.ran[line]
    }

    /// What is wrong in a page: a command that fails, a block that shows what none
    /// prints.
    fn complaints(&mut self, page: &Page) -> Vec<String> {
        let mut found = Vec::new();
        for Block { lines, held, .. } in blocks(&page.text) {
            match held {
                Held::Run => {
                    for line in lines {
                        let (line, wanted) = expected(line);
                        let (code, text) = self.run(line);
                        if *code != wanted {
                            found.push(format!("exit status {code} of {line}\n{text}"));
                        }
                    }
                }
                Held::Output(command) | Held::OutputOnAmd(command) | Held::Shape(command) => {
                    let exact = match held {
                        Held::Output(_) => is_avx512(),
                        Held::OutputOnAmd(_) => is_amd(),
                        _ => false,
                    };
                    let (_, printed) = self.run(command);
                    if !shows(&lines, printed, exact) {
                        found.push(format!("{command} prints other lines:\n{printed}"));
                    }
                }
                _ => {}
            }
        }
        found.into_iter().map(|complaint| format!("{}: {complaint}", page.path)).collect()
    }
}

/// A line of an `sh` block, and the exit status that it promises.
fn expected(line: &str) -> (&str, i32) {
    match line.split_once(" # exits with ") {
        Some((line, status)) => (line, status.parse().unwrap()),
        None => (line, 0),
    }
}

/// Whether these lines are in what was printed, in their order; `...` stands for
/// lines left out. On another CPU than that of the pages, and where numbers vary,
/// only words count.
fn shows(lines: &[&str], printed: &str, exact: bool) -> bool {
    let text = |line: &str| if exact { line.trim_end().to_owned() } else { words(line) };
    let printed: Vec<_> = printed.lines().map(text).collect();
    let mut from = 0;
    lines.split(|line| *line == "...").all(|piece| {
        let piece: Vec<_> = piece.iter().map(|line| text(line)).collect();
        let found = printed[from..].windows(piece.len()).position(|window| window == piece);
        from += found.unwrap_or_default() + piece.len();
        found.is_some()
    })
}

/// The words of a line without digits; of a machine's, only which line it is.
fn words(line: &str) -> String {
    let machine = ["CPU ", "Rust ", "Python "].iter().find(|start| line.starts_with(**start));
    let words = line.split_whitespace().filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    machine.map_or_else(|| words.collect::<Vec<_>>().join(" "), |start| (*start).to_owned())
}

#[test]
fn every_command_runs_and_prints_what_the_pages_show() {
    let mut commands = Commands::new();
    let mut found = Vec::new();
    for page in pages() {
        found.extend(commands.complaints(&page));
        found.extend(wrong_numbers(&page, &commands.ran));
    }
    // The sweep of the pages takes long enough to be run once.
    for (drawn, picture, of_any_cpu) in [
        ("spread.svg", "docs/sweep_spread.svg", true),
        ("curves.svg", "docs/sweep_curves.svg", true),
        ("growth.svg", "docs/growth.svg", false),
    ] {
        let drawn = commands.folder.path().join(drawn);
        let is_right = if of_any_cpu || is_amd() {
            is_shown(&drawn, picture, is_amd())
        } else {
            !is_avx512() || looks_like(&drawn, picture)
        };
        if !is_right {
            found.push(format!("{picture} is not what the page's command draws"));
        }
    }
    assert!(commands.ran.len() > 40, "{:?}", commands.ran.keys());
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn a_command_that_fails_and_a_line_that_it_does_not_print_are_found() {
    let mut commands = Commands::new();
    let mut complaints = |text: &str| {
        let page = Page { path: String::new(), text: text.to_owned() };
        commands.complaints(&page).len()
    };
    let usage = "tanh-parity no-such-command";
    assert_eq!(complaints(&format!("```sh\n{usage}\n```\n")), 1);
    assert_eq!(complaints(&format!("```sh\n{usage} # exits with 2\n```\n")), 0);
    let version =
        |line: &str| format!("<!-- output: tanh-parity --version -->\n```\n{line}\n```\n");
    assert_eq!(complaints(&version(concat!("tanh-parity ", env!("CARGO_PKG_VERSION")))), 0);
    assert_eq!(complaints(&version("tanh-parities")), 1);
}

#[test]
fn lines_are_found_in_their_order() {
    let printed = "a 1\nb 2\nc 3\nd 4";
    assert!(shows(&["b 2", "c 3"], printed, true));
    assert!(shows(&["a 1", "...", "d 4"], printed, true));
    assert!(shows(&["b 7", "c 8"], printed, false));
    for lines in [&["b 2", "d 4"][..], &["d 4", "...", "a 1"], &["b 7"], &["c 3", "d 4", "e"]] {
        assert!(!shows(lines, printed, true), "{lines:?}");
    }
}
