//! The outcome as text of 80 columns: what happened, in the order in which a person
//! would tell it.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

use crate::text::thousands;
use crate::why::outcome::{Died, Finding, Outcome, Side, Spot};
use crate::why::source::{Line, Source};

const WIDTH: usize = 80;

/// The outcome in words.
pub fn text(outcome: &Outcome) -> String {
    let mut out = String::new();
    for line in &outcome.environment {
        let _ = writeln!(out, "they ran on different things: {line}");
    }
    for note in &outcome.notes {
        wrapped(&mut out, "note: ", note);
    }
    match (&outcome.finding, &outcome.died_out) {
        (None, None) => agreed(&mut out, outcome),
        (None, Some(died)) => died_out(&mut out, outcome, died),
        (Some(finding), _) => parted(&mut out, outcome, finding),
    }
    out
}

fn agreed(out: &mut String, outcome: &Outcome) {
    let port = &outcome.port;
    wrapped(
        out,
        "",
        &format!(
            "verdict: nothing differs. Of the port's results {} are the script's{}.",
            thousands(port.known),
            other_way(port.another_way)
        ),
    );
}

fn other_way(results: usize) -> String {
    match results {
        0 => String::new(),
        _ => format!(", and {} led another way to the same bits", thousands(results)),
    }
}

/// What died out, where nothing else differs.
fn died_out(out: &mut String, outcome: &Outcome, died: &Died) {
    let (number, of) = (thousands(died.port.number), thousands(outcome.port.operations));
    wrapped(
        out,
        "",
        &format!(
            "verdict: nothing differs in the end. Another result at the port's operation {number} \
             of {of} died out."
        ),
    );
    both(out, died.script.as_ref(), Some(&died.port));
    differs(out, &died.differs);
    let _ = writeln!(out);
    let results = match died.results {
        1 => "this result alone differs".to_owned(),
        results => format!(
            "{} results differ, the last one {} operations later",
            thousands(results),
            thousands(died.after)
        ),
    };
    wrapped(
        out,
        "",
        &format!(
            "It died out: {results}; what is computed from them is the script's again.{}",
            others(died)
        ),
    );
    known(out, outcome);
}

fn others(died: &Died) -> String {
    match died.more {
        0 => String::new(),
        1 => " Another such difference died out later.".to_owned(),
        more => format!(" {} more such differences died out later.", thousands(more)),
    }
}

/// What died out before they part.
fn before(out: &mut String, died: &Died) {
    out.push('\n');
    let line = died.port.source.own.as_ref().map(|it| format!(" ({})", line_text(it)));
    wrapped(
        out,
        "before: ",
        &format!(
            "another result at the port's operation {}{}, {}, died out: {} differ.{}",
            thousands(died.port.number),
            line.unwrap_or_default(),
            died.port.call,
            died.results,
            others(died)
        ),
    );
}

fn parted(out: &mut String, outcome: &Outcome, finding: &Finding) {
    if let Some(port) = &finding.port {
        let of = thousands(outcome.port.operations);
        let number = thousands(port.number);
        wrapped(
            out,
            "",
            &format!("verdict: the port leaves the script at its operation {number} of {of}."),
        );
    } else {
        wrapped(
            out,
            "",
            "verdict: the port has nothing that the script has not, but it leaves something out.",
        );
    }
    both(out, finding.script.as_ref(), finding.port.as_ref());
    differs(out, &finding.differs);
    if !finding.missing.is_empty() {
        out.push_str("\nthe script does this, too, and the port never does:\n");
        for spot in &finding.missing {
            out.push_str(&at("", spot));
        }
    }
    if let Some(died) = &outcome.died_out {
        before(out, died);
    }
    let _ = writeln!(out);
    known(out, outcome);
}

/// The two operations.
fn both(out: &mut String, script: Option<&Spot>, port: Option<&Spot>) {
    for (name, spot) in [("script", script), ("port", port)] {
        let Some(spot) = spot else { continue };
        out.push('\n');
        out.push_str(&at(name, spot));
    }
}

fn differs(out: &mut String, lines: &[String]) {
    out.push('\n');
    for (index, line) in lines.iter().enumerate() {
        wrapped(out, if index == 0 { "what differs: " } else { "              " }, line);
    }
}

/// How many results are the script's.
fn known(out: &mut String, outcome: &Outcome) {
    let Side { known, another_way, died_out, different, .. } = &outcome.port;
    let other = match (died_out, different) {
        (0, 0) => String::new(),
        (died, 0) => format!("; {} differ and died out", thousands(*died)),
        (0, never) => format!("; {} the script never has", thousands(*never)),
        (died, never) => format!(
            "; {} differ and died out, {} the script never has",
            thousands(*died),
            thousands(*never)
        ),
    };
    let known = format!("Of the port's results {} are the script's", thousands(*known));
    wrapped(out, "", &format!("{known}{}{other}.", other_way(*another_way)));
}

/// A spot, indented, with its side's name in front.
fn at(name: &str, spot: &Spot) -> String {
    let mut out = String::new();
    let first = format!("  {name:<7} ");
    let next = " ".repeat(10);
    match &spot.source.own {
        Some(line) => own(&mut out, &first, line),
        None => wrapped(&mut out, &first, "in no line of its own"),
    }
    if let Some(line) = &spot.source.library {
        wrapped(&mut out, &next, &format!("by {}", line_text(line)));
    }
    if let Some(node) = &spot.node {
        let node = node.rsplit("::").next().unwrap_or(node);
        wrapped(&mut out, &next, &format!("in the backward pass, {node}{}", forward(spot)));
    }
    let within = spot.within.last().map(|it| format!(", in {it}")).unwrap_or_default();
    wrapped(&mut out, &next, &format!("{}{within}", spot.call));
    for values in &spot.gives {
        wrapped(&mut out, &next, &format!("= {}", values.replace(',', ", ")));
    }
    out
}

fn forward(spot: &Spot) -> String {
    match &spot.forward {
        Some(Source { own: Some(line), .. }) => format!(" of {}:{}", file(&line.file), line.line),
        _ => String::new(),
    }
}

fn own(out: &mut String, first: &str, line: &Line) {
    wrapped(out, first, &line_text(line));
    if let Some(text) = &line.text {
        let _ = writeln!(out, "{:10}| {}", "", cut(text, WIDTH - 12));
    }
}

fn line_text(line: &Line) -> String {
    let file = file(&line.file);
    match line.line {
        0 => format!("{file}, {}", line.function),
        number if line.function == "<module>" => format!("{file}:{number}"),
        number => format!("{file}:{number}, {}", line.function),
    }
}

/// A path as short as it can be told: from here, or from where packages are installed.
fn file(path: &str) -> String {
    let installed = ["site-packages/", "dist-packages/"];
    for folder in installed {
        if let Some((_, rest)) = path.split_once(folder) {
            return rest.to_owned();
        }
    }
    if let Some((_, rest)) = path.split_once(".cargo/registry/src/") {
        return rest.split_once('/').map_or(rest, |(_, rest)| rest).to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    let mut plain = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir if plain.file_name().is_some() => _ = plain.pop(),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain.strip_prefix(here).unwrap_or(&plain).display().to_string()
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width - 3) {
        Some((end, _)) if text.chars().count() > width => format!("{}...", &text[..end]),
        _ => text.to_owned(),
    }
}

/// Adds words in lines of at most 80 columns, the second and later ones indented as
/// far as the first.
fn wrapped(out: &mut String, first: &str, words: &str) {
    let indent = " ".repeat(first.chars().count());
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in words.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{line}");
            line = format!("{indent}  ");
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    let _ = writeln!(out, "{line}");
}
