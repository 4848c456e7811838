//! The outcome in every form that it is wanted in.

mod text;

use std::fmt::Write;

pub use text::text;

use super::outcome::Outcome;

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
    let mut safe = String::new();
    for character in text(outcome).chars() {
        let _ = match character {
            '<' => write!(safe, "&lt;"),
            '>' => write!(safe, "&gt;"),
            '&' => write!(safe, "&amp;"),
            _ => write!(safe, "{character}"),
        };
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{0}</title>\n\
         <style>body {{ max-width: 50em; margin: 2em auto; padding: 0 1em; color-scheme: light dark; \
         font-family: sans-serif; }} pre {{ overflow-x: auto; }}</style>\n\
         <h1>{0}</h1>\n<pre tabindex=\"0\">{safe}</pre>\n</html>\n",
        heading(outcome)
    )
}

fn heading(outcome: &Outcome) -> &'static str {
    match &outcome.finding {
        None => "Nothing differs",
        Some(finding) if finding.port.is_none() => "The port leaves something out",
        Some(_) => "The port leaves the script",
    }
}
