//! The document as Markdown, with GitHub's tables.

use torch_parity::compare::{Outcome, Told};
use torch_parity::text::{escaped, repr, thousands};

use super::{Comparison, Document, entities, words};

/// Headings, a table by phase, and the first divergence of each comparison.
pub fn markdown(document: &Document) -> String {
    let heading = format!("## tanh-parity {}: {}\n\n", document.command, words(document.verdict));
    let several = document.comparisons.len() > 1;
    let overall = if several { format!("{}\n\n", plain(&document.summary)) } else { String::new() };
    let all: Vec<_> = document.comparisons.iter().map(comparison).collect();
    heading + &overall + &all.join("\n")
}

fn comparison(comparison: &Comparison) -> String {
    let Comparison { name, environment, endings, outcome, .. } = comparison;
    let mut text = format!("### {}: {}\n\n", plain(name), words(outcome.verdict));
    text += &format!("{}\n", plain(&outcome.summary));
    for (side, about) in outcome.sides.iter().zip(environment) {
        let about: Vec<_> = about.iter().map(|(name, value)| format!("{name} {value}")).collect();
        if !about.is_empty() {
            text += &format!("\n{}: {}\n", plain(side), plain(&about.join(", ")));
        }
    }
    for note in &outcome.notes {
        text += &format!("\n{}\n", plain(note));
    }
    if !endings.is_empty() {
        let [a, b] = &outcome.sides;
        let rows = endings.iter().map(|ending| {
            let [x, y] = ending.losses.map(|loss| loss.and_then(|loss| loss.decimal()));
            let equal = format!("{} of {}", thousands(ending.steps_equal), thousands(ending.steps));
            [ending.series.clone(), x.unwrap_or_default(), y.unwrap_or_default(), equal]
        });
        let steps = format!("{}s equal", outcome.step_word);
        let header = ["series", &format!("{a} final loss"), &format!("{b} final loss"), &steps];
        text += &format!("\n{}", table(&header, rows));
    }
    text + &phases(outcome) + &divergence(outcome) + &differences(outcome)
}

fn phases(outcome: &Outcome) -> String {
    if !outcome.other_settings.is_empty() {
        let rows = outcome.other_settings.iter();
        let rows = rows.map(|(name, [x, y])| [name.clone(), x.clone(), y.clone()]);
        let [a, b] = &outcome.sides;
        return format!("\n{}", table(&["setting", a, b], rows));
    }
    let equal = outcome.equal_word();
    let (shown, left_out) = outcome.shown_phases();
    let rows = shown.into_iter().map(|(name, tally)| {
        [
            name.to_owned(),
            thousands(tally.tensors),
            thousands(tally.tensors_equal),
            thousands(tally.values),
            thousands(tally.values_equal),
            thousands(usize::try_from(tally.max_ulps).unwrap_or(usize::MAX)),
            repr(tally.max_abs),
        ]
    });
    let what = format!("{}s", outcome.noun);
    let header = [outcome.group_word(), &what, equal, "values", equal, "max ULPs", "max error"];
    let more = if left_out == 0 { String::new() } else { format!("\nand {left_out} more\n") };
    format!("\n{}{more}", table(&header, rows))
}

fn divergence(outcome: &Outcome) -> String {
    let Some(first) = &outcome.first_divergence else { return String::new() };
    // Within <pre> a key can neither end the block nor be read as Markdown.
    format!(
        "\nfirst divergence:\n\n<pre>\n{}\n</pre>\n\nsmallest tolerance that passes: {}\n",
        entities(&first.words),
        outcome.smallest_tolerance
    )
}

fn differences(outcome: &Outcome) -> String {
    if outcome.differences.is_empty() {
        return String::new();
    }
    let rows = outcome.differences.iter().map(|told: &Told| {
        let [differ, ulps, error] = told.cells();
        [told.key.clone(), differ, ulps, error, if told.passes { "yes" } else { "no" }.to_owned()]
    });
    let left_out = outcome.differences_left_out;
    let more = if left_out == 0 { String::new() } else { format!("\nand {left_out} more\n") };
    format!("\n{}{more}", table(&[outcome.noun, "differ", "ULPs", "error", "passes"], rows))
}

/// A table whose first column is to the left, the others to the right.
fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: [String; N]| format!("| {} |\n", cells.join(" | "));
    let rule = std::array::from_fn(|i| if i == 0 { "---" } else { "---:" }.to_owned());
    let cells = |cells: [String; N]| line(cells.map(|cell| plain(&cell)));
    cells(header.map(str::to_owned)) + &line(rule) + &rows.map(cells).collect::<String>()
}

/// Text that is read as it is: Markdown lets every sign of ASCII be escaped.
fn plain(text: &str) -> String {
    let mut safe = String::new();
    for character in escaped(text).chars() {
        if character.is_ascii_punctuation() && !".,-/()%':+".contains(character) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}
