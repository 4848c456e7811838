//! The outcome in every form that it is wanted in.

mod text;

pub use text::text;

use super::outcome::Outcome;
use crate::report::page;

/// For programs.
pub fn json(outcome: &Outcome) -> String {
    let mut text = serde_json::to_string_pretty(outcome).unwrap_or_default();
    text.push('\n');
    text
}

/// For a summary of a CI job: the verdict as a heading, the rest as it is printed.
pub fn markdown(outcome: &Outcome) -> String {
    let text = text(outcome);
    format!("### {}\n\n```\n{}```\n", heading(outcome), text)
}

/// A page.
pub fn html(outcome: &Outcome) -> String {
    let title = heading(outcome);
    let body = page::lines("The outcome in words", &text(outcome));
    page::page(title, &format!("<h1>{title}</h1>\n"), &body)
}

fn heading(outcome: &Outcome) -> &'static str {
    match &outcome.finding {
        None => "Nothing differs",
        Some(finding) if finding.port.is_none() => "The port leaves something out",
        Some(_) => "The port leaves the script",
    }
}
