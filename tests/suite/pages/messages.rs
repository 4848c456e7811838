//! The messages in docs/troubleshooting.md are those that a program gives.

use std::fs;

use regex::Regex;

use super::Page;
use crate::common::root;

const OURS: [&str; 7] = [
    "crates/parity/src/python/mod.rs",
    "src/check/mod.rs",
    "crates/parity/src/ending.rs",
    "crates/parity/src/terminal/stdout.rs",
    "src/threads.rs",
    "crates/torch-parity/build.rs",
    "python_ref/setup.sh",
];

/// Messages of cargo, of the linker and of C++: their words are not ours.
const OTHERS: [&str; 3] = ["Cannot load", "error while loading", "torch/torch.h"];

/// The messages of which a piece is in none of our files. Pieces are what stands
/// between values, which are `...`, `X`, `Y` or a version.
fn unknown(text: &str) -> Vec<String> {
    let ours: String = OURS.map(|file| fs::read_to_string(root().join(file)).unwrap()).concat();
    let ours = ours.replace('`', "");
    let value = Regex::new(r"\.\.\.|\b[XY]\b|\d+\.\d+\.\d+").unwrap();
    let rows = text.lines().filter_map(|line| line.split_once(" | "));
    let quoted = Regex::new("`([^`]*)`").unwrap();
    let messages = rows.filter_map(|(cell, _)| Some(quoted.captures(cell)?[1].to_owned()));
    let others = |message: &str| OTHERS.iter().any(|words| message.starts_with(words));
    let known = |message: &str| value.split(message).all(|piece| ours.contains(piece));
    messages.filter(|message| !others(message) && !known(message)).collect()
}

#[test]
fn the_messages_are_those_of_the_program() {
    let page = Page::read("docs/troubleshooting.md");
    assert!(page.text.matches("\n| `").count() >= 5);
    assert_eq!(unknown(&page.text), [""; 0]);
    assert_eq!(
        unknown("| `no Python in ...: run make setup` | do |\n"),
        ["no Python in ...: run make setup"]
    );
}
