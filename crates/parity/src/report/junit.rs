//! The document as `JUnit`'s XML, which CI systems show as a list of tests.

use crate::compare::{Outcome, Phase, Verdict};
use crate::text::thousands;

use super::{Comparison, Document, entities, shown};

/// A suite for each comparison, a test case for each of its phases or columns. A
/// phase that differs fails, with its own first divergence.
pub fn junit(document: &Document) -> String {
    let suites: Vec<_> = document.comparisons.iter().map(Suite::of).collect();
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let (tests, failures) = (sum(|suite| suite.tests), sum(|suite| suite.failures));
    let body: String = suites.into_iter().map(|suite| suite.text).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n\
         {body}</testsuites>\n",
        document.title()
    )
}

struct Suite {
    tests: usize,
    failures: usize,
    text: String,
}

impl Suite {
    fn of(comparison: &Comparison) -> Self {
        let Comparison { name, outcome, .. } = comparison;
        let name = shown(name);
        let cases: Vec<_> = if outcome.other_settings.is_empty() {
            outcome.phases.iter().map(|phase| (shown(&phase.name), failure(phase))).collect()
        } else {
            vec![("settings".to_owned(), Some(settings(outcome)))]
        };
        let (tests, failures) =
            (cases.len(), cases.iter().filter(|(_, failure)| failure.is_some()).count());
        let case = |(phase, failure): (String, Option<String>)| {
            let start = format!("    <testcase classname=\"{name}\" name=\"{phase}\"");
            match failure {
                None => format!("{start}/>\n"),
                Some(failure) => format!("{start}>\n{failure}    </testcase>\n"),
            }
        };
        let cases: String = cases.into_iter().map(case).collect();
        let summary = entities(&outcome.summary);
        let text = format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n\
             {cases}    <system-out>{summary}</system-out>\n  </testsuite>\n"
        );
        Self { tests, failures, text }
    }
}

/// What failed in a phase.
fn failure(phase: &Phase) -> Option<String> {
    let words = entities(phase.first_divergence.as_ref()?);
    let differ = phase.tally.tensors - phase.tally.tensors_equal;
    let message = format!("{} of {} differ", thousands(differ), thousands(phase.tally.tensors));
    Some(format!(
        "      <failure type=\"diverged\" message=\"{message}\">first divergence: {words}</failure>\n"
    ))
}

/// Runs of other settings, which are not compared.
fn settings(outcome: &Outcome) -> String {
    debug_assert_eq!(outcome.verdict, Verdict::Diverged);
    let [a, b] = &outcome.sides;
    let line = |(name, [x, y]): &(String, [String; 2])| {
        let [name, x, y] = [name, x, y].map(|text| shown(text));
        format!("{name}: {x} for {a}, {y} for {b}\n")
    };
    let lines: String = outcome.other_settings.iter().map(line).collect();
    format!("      <failure type=\"diverged\" message=\"other settings\">{lines}</failure>\n")
}
