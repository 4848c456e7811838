//! The outcome as text of 80 columns: what happened, in the order in which a person
//! would tell it.

use std::fmt::Write;

use super::words::{Parts, before, counts, extent, pitfall, verdict};
use crate::text::{self, WIDTH};
use crate::why::outcome::{Causing, Outcome, Spot};

/// The outcome in words.
pub fn text(outcome: &Outcome) -> String {
    let mut out = String::new();
    for line in &outcome.environment {
        let _ = writeln!(out, "they ran in different environments: {line}");
    }
    for note in &outcome.notes {
        wrapped(&mut out, "note: ", note);
    }
    let verdict = format!("verdict: {}", verdict(outcome));
    match (&outcome.finding, &outcome.died_out) {
        (None, None) => {
            wrapped(&mut out, "", &format!("{verdict} {}", counts(outcome)));
            return out;
        }
        (None, Some(died)) => {
            wrapped(&mut out, "", &verdict);
            both(&mut out, [died.script.as_ref(), Some(&died.port)], &died.differs);
            let _ = writeln!(out);
            wrapped(&mut out, "", &extent(died));
        }
        (Some(finding), died) => {
            wrapped(&mut out, "", &verdict);
            both(&mut out, [finding.script.as_ref(), finding.port.as_ref()], &finding.differs);
            finding.cause.iter().for_each(|it| causing(&mut out, it));
            missing(&mut out, &finding.missing);
            for it in &finding.pitfalls {
                out.push('\n');
                wrapped(&mut out, "", &pitfall(it));
            }
            let _ = writeln!(out);
            if let Some(died) = died {
                wrapped(&mut out, "", &before(died));
            }
        }
    }
    wrapped(&mut out, "", &counts(outcome));
    out
}

/// The two operations, and what differs between them.
fn both(out: &mut String, sides: [Option<&Spot>; 2], differs: &[String]) {
    for (name, spot) in named(sides) {
        out.push('\n');
        out.push_str(&at(name, spot));
    }
    out.push('\n');
    for (index, line) in differs.iter().enumerate() {
        wrapped(out, if index == 0 { "what differs: " } else { "              " }, line);
    }
}

fn named(sides: [Option<&Spot>; 2]) -> impl Iterator<Item = (&'static str, &Spot)> {
    ["script", "port"].into_iter().zip(sides).filter_map(|(name, it)| Some((name, it?)))
}

/// What explains it.
fn causing(out: &mut String, cause: &Causing) {
    let _ = writeln!(out, "\n{}:", cause.what);
    for (name, spot) in named([cause.script.as_ref(), cause.port.as_ref()]) {
        out.push_str(&at(name, spot));
    }
}

fn missing(out: &mut String, spots: &[Spot]) {
    if !spots.is_empty() {
        out.push_str("\nthe script does this, too, and the port never does:\n");
    }
    for spot in spots {
        out.push_str(&at("", spot));
    }
}

/// A spot, indented, with its side's name in front.
fn at(name: &str, spot: &Spot) -> String {
    let mut out = String::new();
    let next = " ".repeat(10);
    let parts = Parts::of(spot);
    wrapped(&mut out, &format!("  {name:<7} "), &parts.line);
    if !parts.text.is_empty() {
        let _ = writeln!(out, "{next}| {}", cut(&parts.text, WIDTH - 12));
    }
    if !parts.library.is_empty() {
        wrapped(&mut out, &next, &format!("by {}", parts.library));
    }
    if !parts.backward.is_empty() {
        wrapped(&mut out, &next, &format!("in the backward pass, {}", parts.backward));
    }
    wrapped(&mut out, &next, &parts.call);
    for values in &parts.gives {
        wrapped(&mut out, &next, &format!("= {values}"));
    }
    out
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width - 3) {
        Some((end, _)) if text.chars().count() > width => format!("{}...", &text[..end]),
        _ => text.to_owned(),
    }
}

/// Adds words in lines of at most 80 columns.
fn wrapped(out: &mut String, first: &str, words: &str) {
    let _ = writeln!(out, "{}", text::wrapped(first, words));
}
