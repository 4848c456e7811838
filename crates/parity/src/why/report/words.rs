//! What every form says, in sentences.

use std::path::{Component, Path, PathBuf};

use crate::text::thousands;
use crate::why::outcome::{Died, Outcome, Side, Spot};
use crate::why::pitfalls::Recognised;
use crate::why::source::{Line, Source};

/// The verdict in a few words.
pub fn heading(outcome: &Outcome) -> &'static str {
    match (&outcome.finding, &outcome.died_out) {
        (None, _) if !outcome.unfinished().is_empty() => "Nothing differs so far",
        (None, None) => "Nothing differs",
        (None, Some(_)) => "Nothing differs in the end",
        (Some(finding), _) if finding.port.is_none() => "The port leaves something out",
        (Some(_), _) => "The port leaves the script",
    }
}

/// The verdict, with the operation that it is about.
pub fn verdict(outcome: &Outcome) -> String {
    let of = thousands(outcome.port.operations);
    match (&outcome.finding, &outcome.died_out) {
        (None, died) => {
            let nothing = unfinished(outcome).unwrap_or_else(|| match died {
                None => "nothing differs".to_owned(),
                Some(_) => "nothing differs in the end".to_owned(),
            });
            let died = died.as_ref().map(|it| thousands(it.port.number)).map(|number| {
                format!(" Another result at the port's operation {number} of {of} died out.")
            });
            format!("{nothing}.{}", died.unwrap_or_default())
        }
        (Some(finding), _) => match &finding.port {
            None => "the port does nothing that the script does not, but it leaves something out."
                .to_owned(),
            Some(port) => format!(
                "the port leaves the script at its operation {} of {of}.",
                thousands(port.number)
            ),
        },
    }
}

/// What is said of programs that did not come to their end, if nothing differs before.
pub fn unfinished(outcome: &Outcome) -> Option<String> {
    let who = match outcome.unfinished()[..] {
        [] => return None,
        [one] => format!("the {one} did not come"),
        _ => "neither came".to_owned(),
    };
    Some(format!("nothing differs so far, but {who} to its end"))
}

/// The mistake of the catalogue that it looks like.
pub fn pitfall(it: &Recognised) -> String {
    let Recognised { name, mistake, page } = it;
    format!("this looks like the pitfall {name}: {mistake} ({page} of tanh-parity)")
}

/// How many of the port's results are the script's.
pub fn counts(outcome: &Outcome) -> String {
    let Side { known, another_way, died_out, different, .. } = outcome.port;
    let parts = [
        (another_way, "led another way to the same bits"),
        (died_out, "differ and died out"),
        (different, "the script never has"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts = parts.map(|(number, what)| format!("; {} {what}", thousands(number)));
    let parts: Vec<_> = parts.collect();
    format!("Of the port's results {} are the script's{}.", thousands(known), parts.concat())
}

/// How much differs where it died out.
pub fn extent(died: &Died) -> String {
    let results = match died.results {
        1 => "This result alone differs".to_owned(),
        results => format!(
            "{} results differ, the last one {} operations later",
            thousands(results),
            thousands(died.after)
        ),
    };
    let more = match died.more {
        0 => String::new(),
        1 => " Another such difference died out later.".to_owned(),
        more => format!(" {} more such differences died out later.", thousands(more)),
    };
    format!("{results}; what is computed from it is the script's again.{more}")
}

/// What died out before they part.
pub fn before(died: &Died) -> String {
    let line = died.port.source.own.as_ref().map(|it| format!(", {}", source_line(it)));
    format!(
        "before, another result died out, of the port's operation {}{}: {}. {}",
        thousands(died.port.number),
        line.unwrap_or_default(),
        died.port.call,
        extent(died)
    )
}

/// A line as a heading begins.
pub fn capitalised(line: &str) -> String {
    let mut signs = line.chars();
    signs.next().map_or_else(String::new, |it| it.to_uppercase().chain(signs).collect())
}

/// What is said of an operation, each empty if there is nothing.
pub struct Parts {
    /// The program's own line.
    pub line: String,
    /// What that says.
    pub text: String,
    /// The line in a library that it led to.
    pub library: String,
    /// The node of the backward pass, with the forward line that it belongs to.
    pub backward: String,
    /// The operation.
    pub call: String,
    /// Its first values, those of each result together.
    pub gives: Vec<String>,
}

impl Parts {
    /// Of an operation.
    pub fn of(spot: &Spot) -> Self {
        let own = spot.source.own.as_ref();
        let node = spot.node.as_ref().map(|it| it.rsplit("::").next().unwrap_or(it));
        let gives = spot.gives.iter().filter(|it| !it.is_empty());
        let within = spot.within.last().map(|it| format!(", in {it}")).unwrap_or_default();
        Self {
            line: own.map_or_else(|| "in no line of its own".to_owned(), source_line),
            text: own.and_then(|it| it.text.clone()).unwrap_or_default(),
            library: spot.source.library.as_ref().map(source_line).unwrap_or_default(),
            backward: node.map(|it| format!("{it}{}", forward(spot))).unwrap_or_default(),
            call: format!("{}{within}", spot.call),
            // An empty tensor has no values to show.
            gives: gives.map(|it| it.replace(',', ", ")).collect(),
        }
    }
}

fn forward(spot: &Spot) -> String {
    match &spot.forward {
        Some(Source { own: Some(line), .. }) => format!(" of {}:{}", file(&line.file), line.line),
        _ => String::new(),
    }
}

fn source_line(line: &Line) -> String {
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
