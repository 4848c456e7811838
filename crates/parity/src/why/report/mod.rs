//! The outcome in every form that it is wanted in.

mod html;
mod junit;
mod markdown;
mod sides;
mod text;
mod words;

pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub use text::text;
pub use words::unfinished;

use super::outcome::Outcome;

/// For programs: all of it.
pub fn json(outcome: &Outcome) -> String {
    let mut text = serde_json::to_string_pretty(outcome).unwrap_or_default();
    text.push('\n');
    text
}
