//! The document as Markdown, with GitHub's tables.

use crate::compare::Outcome;
use crate::text::escaped;

use super::rows::{self, Table};
use super::{Comparison, Document, entities, words};

/// Headings, a table by phase, and the first divergence of each comparison.
pub fn markdown(document: &Document) -> String {
    let Document { verdict, summary, comparisons, .. } = document;
    let heading = format!("## {}: {}\n\n", document.title(), words(*verdict));
    let several = comparisons.len() > 1;
    let overall = if several { format!("{}\n\n", plain(summary)) } else { String::new() };
    let all: Vec<_> = comparisons.iter().map(comparison).collect();
    heading + &overall + &all.join("\n")
}

fn comparison(comparison: &Comparison) -> String {
    let Comparison { name, other_environment, environment, remarks, endings, ask, outcome, .. } =
        comparison;
    let other = if other_environment.is_empty() {
        String::new()
    } else {
        let [a, b] = outcome.sides.map(plain);
        let table = table(rows::environment(comparison));
        format!("{a} and {b} ran in different environments:\n{table}\n")
    };
    let sides = outcome.sides.iter().zip(environment).filter(|(_, about)| !about.is_empty());
    let sides = sides.map(|(side, about)| {
        let about: Vec<_> = about.iter().map(|(name, value)| format!("{name} {value}")).collect();
        format!("\n{}: {}\n", plain(side), plain(&about.join(", ")))
    });
    let notes = outcome.notes.iter().map(|note| format!("\n{}\n", plain(note)));
    let endings = if endings.is_empty() { String::new() } else { table(rows::endings(comparison)) };
    let phases = if outcome.other_settings.is_empty() {
        let (phases, left_out) = rows::phases(outcome);
        table(phases) + &paragraph(&rows::more_phases(left_out, outcome))
    } else {
        table(rows::settings(outcome))
    };
    let remarks = if remarks.is_empty() { String::new() } else { pre(&remarks.join("\n")) };
    let ask =
        ask.as_ref().map(|command| format!("\nwhich operation, and which line:\n{}", pre(command)));
    format!(
        "### {}: {}\n\n{other}{}\n{}{remarks}{endings}{phases}{}{}{}",
        plain(name),
        words(outcome.verdict),
        plain(&outcome.summary),
        sides.chain(notes).collect::<Vec<_>>().concat(),
        divergence(outcome),
        ask.unwrap_or_default(),
        differences(outcome)
    )
}

fn divergence(outcome: &Outcome) -> String {
    let Some(first) = &outcome.first_divergence else { return String::new() };
    let first = format!("\nfirst divergence:\n{}", pre(&first.words));
    let beside = outcome.beside.as_ref().map(|line| format!("\n{}\n", plain(line)));
    let smallest = outcome.smallest_words().map(|words| format!("\n{words}\n"));
    let origins = outcome
        .origins_words()
        .map(|words| format!("\n{words}\n{}", table(rows::origins(outcome))));
    [Some(first), beside, smallest, origins].into_iter().flatten().collect()
}

fn differences(outcome: &Outcome) -> String {
    if outcome.differences.is_empty() {
        return String::new();
    }
    table(rows::differences(outcome)) + &paragraph(&rows::more(outcome.differences_left_out))
}

/// A line with an empty one before it, where there is one.
fn paragraph(line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("\n{line}") }
}

/// Lines as they are: within <pre> a key can neither end the block nor be read as
/// Markdown.
fn pre(lines: &str) -> String {
    format!("\n<pre>\n{}\n</pre>\n", entities(lines))
}

/// A table whose first column is to the left, the others to the right.
fn table<const N: usize>((header, rows): Table<N>) -> String {
    let line = |cells: [String; N]| format!("| {} |\n", cells.join(" | "));
    let rule = std::array::from_fn(|i| if i == 0 { "---" } else { "---:" }.to_owned());
    let cells = |cells: [String; N]| line(cells.map(|cell| plain(&cell)));
    let rows: Vec<_> = rows.into_iter().map(cells).collect();
    format!("\n{}{}{}", cells(header), line(rule), rows.concat())
}

/// Text that is read as it is: Markdown lets every sign of ASCII be escaped.
pub fn plain(text: &str) -> String {
    let mut safe = String::new();
    for character in escaped(text).chars() {
        if character.is_ascii_punctuation() && !".,-/()%':+".contains(character) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}
