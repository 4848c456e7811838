//! What `check` and `compare` found, as one document; a file for each format that
//! is made of it.

mod html;
mod junit;
mod markdown;
pub mod page;
mod rows;
mod text;

use std::collections::BTreeMap;

use crate::compare::{Noun, Outcome, Tally, Tolerance, Verdict, other_environment, summary};
use crate::text::escaped;
use anyhow::Result;
use clap::ValueEnum;
use parity_record::Input;
use serde::Serialize;

pub use self::html::html;
use crate::check::{Checked, Ending};
use crate::json::to_json;
use crate::program;

/// How a report is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// Tables for a terminal.
    Text,
    /// All of it, for programs.
    Json,
    /// For a page of GitHub or GitLab.
    Markdown,
    /// For the list of tests of a CI system.
    Junit,
}

/// One or several comparisons.
#[derive(Debug, Serialize)]
pub struct Document {
    /// The command.
    #[serde(skip)]
    pub command: &'static str,
    /// The worst of all verdicts.
    pub verdict: Verdict,
    /// The verdict in words, with the counts that it rests on.
    pub summary: String,
    /// The sum over all comparisons.
    pub total: Tally,
    /// Each of them.
    pub comparisons: Vec<Comparison>,
}

/// A comparison, and what was compared.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The experiment's or the script's name; of two files, both names.
    pub name: String,
    /// The files, where two were compared.
    pub files: Option<[String; 2]>,
    /// What differs between what ran the two sides: name and both values.
    pub other_environment: Vec<(String, [String; 2])>,
    /// What ran each side, name and value.
    pub environment: [BTreeMap<String, String>; 2],
    /// Every setting that the results depend on.
    pub settings: BTreeMap<String, String>,
    /// What was noted before the comparison, a line each.
    #[serde(rename = "told")]
    pub remarks: Vec<String>,
    /// How each series ends.
    pub endings: Vec<Ending>,
    /// The command that says why the two part, where that can be asked.
    pub ask: Option<String>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Document {
    /// Of several comparisons under one tolerance.
    pub fn new(
        command: &'static str,
        comparisons: Vec<Comparison>,
        tolerance: Option<Tolerance>,
    ) -> Self {
        let mut total = Tally::default();
        let outcomes = || comparisons.iter().map(|comparison| &comparison.outcome);
        outcomes().for_each(|outcome| total.add(&outcome.total));
        let verdict = outcomes().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::Exact);
        let summary = if let [only] = &comparisons[..] {
            only.outcome.summary.clone()
        } else {
            let tolerance = tolerance.map_or(String::new(), Tolerance::words);
            let digests = outcomes().any(|outcome| outcome.digests);
            summary(verdict, (Noun::Tensor, digests), &total, &tolerance)
        };
        Self { command, verdict, summary, total, comparisons }
    }

    /// The program and its command.
    fn title(&self) -> String {
        format!("{} {}", program::current().name, self.command)
    }

    /// The report in a format.
    pub fn print(&self, format: Format) -> Result<String> {
        Ok(match format {
            Format::Text => text::text(self),
            Format::Json => to_json(self.command, self)?,
            Format::Markdown => markdown::markdown(self),
            Format::Junit => junit::junit(self),
        })
    }
}

impl Comparison {
    /// Of a check, with as many of its differences.
    pub fn of_check(checked: &Checked, differences: usize) -> Self {
        Self {
            name: checked.name.clone(),
            files: None,
            other_environment: other_environment(&checked.environment),
            environment: checked.environment.clone(),
            settings: checked.settings.clone(),
            remarks: checked.remarks.lines().map(str::to_owned).collect(),
            ask: checked.ask.clone(),
            endings: checked.endings.clone(),
            outcome: checked.report.outcome(differences),
        }
    }

    /// Of two files.
    pub fn of_files(files: [String; 2], both: &[Input; 2], outcome: Outcome) -> Self {
        let about = both.each_ref().map(Input::about);
        let environment = about.map(|about| about.map(|about| about.environment.clone()));
        let environment = environment.map(Option::unwrap_or_default);
        Self {
            name: files.join(" against "),
            other_environment: other_environment(&environment),
            environment,
            settings: about[0].map(|about| about.settings.clone()).unwrap_or_default(),
            files: Some(files),
            remarks: Vec::new(),
            endings: Vec::new(),
            ask: None,
            outcome,
        }
    }
}

/// A verdict in words.
fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exact => "exact",
        Verdict::WithinTolerance => "within tolerance",
        Verdict::Diverged => "diverged",
    }
}

/// `&`, `<`, `>` and quotes as HTML and XML have them in text and attributes.
fn entities(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            '\u{fffe}' | '\u{ffff}' => safe += "\u{fffd}", // XML has no such characters
            other => safe.push(other),
        }
    }
    safe
}

/// Text from outside, in one line, for HTML and XML.
pub fn shown(text: &str) -> String {
    entities(&escaped(text))
}

#[cfg(test)]
mod tests {
    use crate::compare::{Options, compare};
    use parity_record::{Array, Trace};
    use safetensors::Dtype;

    use super::*;

    /// Of tensors that are 1 with these numbers; lists one difference.
    pub fn comparison(name: &str, numbers: &[f32]) -> Comparison {
        let tensor = |x: f32| Array::new(Dtype::F32, vec![], x.to_ne_bytes().to_vec()).unwrap();
        let trace = |numbers: &mut dyn Iterator<Item = f32>| Trace {
            tensors: ["x", "y", "z"].map(Into::into).into_iter().zip(numbers.map(tensor)).collect(),
            ..Trace::default()
        };
        let right = trace(&mut numbers.iter().map(|_| 1.0));
        let all = trace(&mut numbers.iter().copied());
        Comparison {
            name: name.to_owned(),
            files: None,
            other_environment: Vec::new(),
            environment: Default::default(),
            settings: BTreeMap::new(),
            remarks: Vec::new(),
            endings: Vec::new(),
            ask: None,
            outcome: compare(["A", "B"], &right, &all, &Options::default()).unwrap().outcome(1),
        }
    }

    #[test]
    fn several_comparisons_have_a_verdict_each_and_one_together() {
        let comparisons = vec![comparison("one", &[1.0]), comparison("two", &[1.0, 2.0, 3.0])];
        let document = Document::new("check", comparisons, None);
        let told = document.print(Format::Markdown).unwrap();
        let text = document.print(Format::Text).unwrap();
        assert!(!text.contains("\none:\n"), "{text}");
        let page = html(&document).unwrap();
        let [exact, diverged] = [("exact", "="), ("diverged", "≠")].map(|(word, sign)| {
            format!(
                "<span class=\"verdict {word}\"><span aria-hidden=\"true\">{sign}</span> {word}</span>"
            )
        });
        for (text, part) in [
            (&told, "check: diverged\n\ndiverged: 2 of 4 tensors differ\n\n### one: exact\n\n"),
            (&told, "\n### two: diverged\n\ndiverged: 2 of 3 tensors differ\n"),
            (&told, "\n\nand 1 more\n"),
            (&page, &format!("<h1>parity check: {diverged}</h1>\n")),
            (&page, "<ul>\n<li><a href=\"#c0\">one</a>: exact</li>\n<li><a href=\"#c1\">two"),
            (
                &page,
                &format!("<h2 id=\"c0\">one</h2>\n<p>{exact}</p>\n<p>exact: 1 tensor, 1 value,"),
            ),
            (&page, &format!("<h2 id=\"c1\">two</h2>\n<p>{diverged}</p>\n<p>diverged: 2 of 3 ")),
            (&page, "<tr class=\"no\"><th scope=\"row\">[]</th><td>1.0</td>"),
            (&page, "<tr><th scope=\"row\">other</th><td>1</td>"),
            (&text, "experiment  tensors  equal"),
            (&text, "\nverdict: diverged: 2 of 4 tensors differ\n\ntwo:\nfirst divergence: y\n"),
            (&page, "What differs, in the order of events; 1 more left out"),
        ] {
            assert!(text.contains(part), "no {part} in\n{text}");
        }
        // Alone it needs no second verdict.
        let document = Document::new("compare", vec![comparison("one", &[1.0])], None);
        let told = document.print(Format::Markdown).unwrap();
        assert!(told.starts_with("## parity compare: exact\n\n### one: exact\n"), "{told}");
        let page = html(&document).unwrap();
        assert_eq!((page.matches(&exact).count(), page.contains("<nav ")), (1, false), "{page}");
    }
}
