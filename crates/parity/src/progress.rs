//! What one sees on a terminal while a run takes more than a moment.

use std::fmt::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::terminal::is_quiet;

/// A bar that counts `what`, of a length still to be set; on a terminal only.
pub fn counter(what: &'static str) -> ProgressBar {
    let template = format!("{{wide_bar}} {{pos}}/{{len}} {what}, {{rate}}, {{eta}} left");
    let style = ProgressStyle::with_template(&template).expect("the template is well-formed");
    let rate = |state: &ProgressState, text: &mut dyn Write| {
        write!(text, "{:.1}/s", state.per_sec()).expect("a String takes any text");
    };
    let bar = ProgressBar::with_draw_target(None, target());
    bar.with_style(style.with_key("rate", rate))
}

/// Standard error, which draws on a terminal only; nowhere if we are to be quiet.
fn target() -> ProgressDrawTarget {
    if is_quiet() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() }
}

/// Runs `work` with a spinner that says `what` goes on, and for how long.
pub fn spin<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}")
        .expect("the template is well-formed");
    let spinner = ProgressBar::with_draw_target(None, target()).with_style(style);
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    let result = work();
    spinner.finish_and_clear();
    result
}
