//! The outcome as `JUnit`'s XML, which CI systems show as a test.

use super::text;
use super::words::{heading, unfinished, verdict};
use crate::report::shown;
use crate::why::outcome::Outcome;

/// One test case, which fails where the programs part, with the operation in its message.
pub fn junit(outcome: &Outcome) -> String {
    let failures = usize::from(outcome.finding.is_some());
    let unfinished = unfinished(outcome).filter(|_| failures == 0);
    let errors = usize::from(unfinished.is_some());
    let text = text(outcome).lines().map(shown).collect::<Vec<_>>().join("\n");
    let case = match (&outcome.finding, unfinished) {
        (None, Some(message)) => {
            let message = shown(&message);
            format!("<error type=\"unfinished\" message=\"{message}\">{text}</error>")
        }
        (None, None) => format!("<system-out>{text}</system-out>"),
        (Some(finding), _) => {
            let spot = finding.port.as_ref().or(finding.script.as_ref());
            let call = spot.map(|it| format!(" {}", it.call)).unwrap_or_default();
            let message = shown(&format!("{}{call}", verdict(outcome)));
            let kind = shown(heading(outcome));
            format!("<failure type=\"{kind}\" message=\"{message}\">{text}</failure>")
        }
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"why\" tests=\"1\" failures=\"{failures}\" errors=\"{errors}\">\n  \
         <testsuite name=\"why\" tests=\"1\" failures=\"{failures}\" errors=\"{errors}\">\n    \
         <testcase classname=\"why\" name=\"operations\">\n      {case}\n    </testcase>\n  \
         </testsuite>\n</testsuites>\n"
    )
}
