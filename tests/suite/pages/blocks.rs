//! Blocks of code and output, and what holds each.

use std::fs;

use super::{Page, pages};
use crate::common::root;

/// A fenced block.
pub struct Block<'t> {
    pub language: &'t str,
    pub lines: Vec<&'t str>,
    pub held: Held<'t>,
}

/// What the comment above a block says of it.
#[derive(Debug, PartialEq)]
pub enum Held<'t> {
    /// The lines of an `sh` block are run.
    Run,
    /// It stands in what a command prints.
    Output(&'t str),
    /// It stands in what a command prints on an AMD CPU.
    OutputOnAmd(&'t str),
    /// Likewise, numbers aside.
    Shape(&'t str),
    /// Each line stands in one of these files.
    From(&'t str),
    /// A file has this text.
    By(&'t str, &'t str),
    /// By nothing.
    Not,
}

impl<'t> Held<'t> {
    fn read(language: &str, above: &'t str) -> Self {
        let comment = above.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        let (kind, rest) = comment.and_then(|text| text.split_once(' ')).unwrap_or_default();
        match (kind, rest.split_once(' ').unwrap_or_default()) {
            ("output:", _) => Self::Output(rest),
            ("output", ("on", rest)) => match rest.strip_prefix("AMD: ") {
                Some(command) => Self::OutputOnAmd(command),
                None => Self::Not,
            },
            ("shape:", _) => Self::Shape(rest),
            ("from", _) => Self::From(rest),
            ("held", ("by", rest)) => match rest.split_once(": ") {
                Some((file, text)) => Self::By(file, text),
                None => Self::Not,
            },
            _ if language == "sh" => Self::Run,
            _ => Self::Not,
        }
    }
}

/// The blocks of a page, in their order.
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let (mut blocks, mut above, mut lines) = (Vec::new(), "", text.lines());
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let held = Held::read(language, above);
            let lines = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block { language, lines, held });
        }
        above = line;
    }
    blocks
}

/// The blocks that nothing holds, or not what they say.
fn loose(page: &Page) -> Vec<String> {
    let read = |file: &str| {
        let text = fs::read_to_string(root().join(file)).unwrap_or_default();
        // What stands for these in the files that `new` makes.
        text.replace("@SCRIPT@", "train.py")
    };
    let mut found = Vec::new();
    for Block { language, lines, held } in blocks(&page.text) {
        match held {
            Held::Not => found.push(format!("nothing holds the block of {:?}", lines.first())),
            Held::By(file, text) if !read(file).contains(text) => {
                found.push(format!("{file} has no {text}"));
            }
            Held::From(files) => {
                let texts: Vec<_> = files.split(' ').map(read).collect();
                let stands = |line: &str| {
                    texts.iter().flat_map(|text| text.lines()).any(|known| known.contains(line))
                };
                // A comment behind a command is ours.
                let own = |line: &&str| if language.is_empty() { line.find(" # ") } else { None };
                let lines = lines.iter().map(|line| line[..own(line).unwrap_or(line.len())].trim());
                let missing = lines.filter(|line| !stands(line));
                found.extend(missing.map(|line| format!("{files} has no line {line}")));
            }
            _ => {}
        }
    }
    found.into_iter().map(|complaint| format!("{}: {complaint}", page.path)).collect()
}

#[test]
fn something_holds_every_block() {
    let loose: Vec<_> = pages().iter().flat_map(loose).collect();
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}

#[test]
fn a_block_that_nothing_holds_is_found() {
    let complaints = |comment: &str| {
        let text = format!("{comment}\n```\nmake run # all of it\n```\n");
        loose(&Page { path: String::new(), text }).len()
    };
    assert_eq!(complaints("<!-- from .ci/run -->"), 0);
    assert_eq!(complaints("<!-- held by .ci/run: make sweep -->"), 0);
    assert_eq!(complaints("<!-- from src/main.rs -->"), 1);
    assert_eq!(complaints("<!-- held by .ci/run: make nothing -->"), 1);
    assert_eq!(complaints("<!-- held by src/gone.rs: make run -->"), 1);
    assert_eq!(complaints("<!-- output on AMD: make run -->"), 0);
    assert_eq!(complaints("<!-- output on Tuesdays: make run -->"), 1);
    assert_eq!(complaints("Like this:"), 1);
}
