//! The document as `JUnit`'s XML, which CI systems show as a list of tests.

use crate::compare::{Outcome, Phase, Verdict};
use crate::text::thousands;

use super::{Comparison, Document, entities, rows, shown, text};

/// A suite for each comparison, a test case for each of its phases or columns. A
/// phase that differs fails, with its own first divergence; the output of the suite is
/// the comparison as text.
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
        let other = entities(&text::other_environment(comparison));
        let first = outcome.first_divergence.as_ref().map(|first| first.words.as_str());
        let cases: Vec<_> = if outcome.other_settings.is_empty() {
            outcome
                .phases
                .iter()
                .map(|phase| (shown(&phase.name), failure(phase, first, &other)))
                .collect()
        } else {
            vec![("settings".to_owned(), Some(settings(outcome, &other)))]
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
        let text = entities(&text::comparison(comparison));
        let text = format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n\
             {}{cases}    <system-out>{text}</system-out>\n  </testsuite>\n",
            properties(comparison)
        );
        Self { tests, failures, text }
    }
}

/// What differs between the two environments, as `JUnit` has it.
fn properties(comparison: &Comparison) -> String {
    let (_, rows) = rows::environment(comparison);
    if rows.is_empty() {
        return String::new();
    }
    let [a, b] = comparison.outcome.sides.map(shown);
    let property = |row: [String; 3]| {
        let [name, x, y] = row.map(|cell| shown(&cell));
        format!("      <property name=\"{name}\" value=\"{x} for {a}, {y} for {b}\"/>\n")
    };
    let properties: String = rows.into_iter().map(property).collect();
    format!("    <properties>\n{properties}    </properties>\n")
}

/// What failed in a phase, behind what differs between the environments: the run's first
/// divergence, or that of the phase.
fn failure(phase: &Phase, first: Option<&str>, other: &str) -> Option<String> {
    let words = phase.first_divergence.as_ref()?;
    let which = if first == Some(words) { "first divergence" } else { "first in this phase" };
    let words = entities(words);
    let differ = phase.tally.tensors - phase.tally.tensors_equal;
    let message = format!("{} of {} differ", thousands(differ), thousands(phase.tally.tensors));
    Some(format!(
        "      <failure type=\"diverged\" message=\"{message}\">{other}{which}: {words}</failure>\n"
    ))
}

/// Runs of other settings, which are not compared.
fn settings(outcome: &Outcome, other: &str) -> String {
    debug_assert_eq!(outcome.verdict, Verdict::Diverged);
    let lines = entities(&outcome.divergence());
    format!(
        "      <failure type=\"diverged\" message=\"other settings\">{other}{lines}</failure>\n"
    )
}
