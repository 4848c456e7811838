//! Findings as the table of docs/pitfalls.md, as CSV and as JSON.

use std::collections::BTreeMap;

use anyhow::Result;
use parity::text::{Number, repr};
use serde::Serialize;

use super::words::{COLUMNS, cells, closing_line, where_found};
use super::{Finding, Noticed, Pitfall};
use crate::export::to_csv;
use parity::json::to_json;

/// The table as docs/pitfalls.md has it.
pub fn markdown(findings: &[Finding]) -> String {
    let line = |name: &str, place: [&str; 3], [_, rest @ ..]: [String; 7]| {
        format!("| {name} | {} | {} |\n", place.join(" | "), rest.join(" | "))
    };
    let headings = COLUMNS.map(|(name, _)| name.to_owned());
    let rules = COLUMNS.map(|_| "---".to_owned());
    let rows = findings.iter().map(|finding| {
        let Pitfall { name, mistake, origin, .. } = finding.pitfall;
        // The place on the page that `parity why` points to.
        line(
            &format!("`{name}`<a id=\"{name}\"></a>"),
            [mistake, origin, &where_found(finding)],
            cells(finding),
        )
    });
    format!(
        "{}{}{}\n{}\n{}\n",
        line("mistake", ["what it is", "where it comes from", "first divergence"], headings),
        line("---", ["---"; 3], rules),
        rows.collect::<Vec<_>>().concat(),
        COLUMNS.map(|(name, meaning)| format!("- {name}: {meaning}\n")).concat(),
        closing_line(findings)
    )
}

/// A row of the CSV, whose numbers are texts of Python's, and of the JSON. What is
/// not there stays empty.
#[derive(Serialize)]
#[allow(clippy::struct_excessive_bools)] // a column each
struct PitfallRow<'a, N> {
    name: &'a str,
    found: bool,
    must_show: bool,
    series: Option<&'a str>,
    step: Option<usize>,
    phase: Option<&'a str>,
    tensor: Option<&'a str>,
    ulps: Option<u64>,
    final_loss_difference: N,
    noticed_to_4_decimals: bool,
    noticed_by_assert_close: bool,
    noticed_by_final_bits: bool,
    noticed_by_epoch_bits: bool,
    steps_wrong_by_themselves: usize,
    steps: usize,
}

/// A row for each mistake.
pub fn csv(findings: &[Finding]) -> Result<Vec<u8>> {
    to_csv(findings.iter().map(|finding| row(finding, repr)))
}

/// The same for programs.
pub fn json(findings: &[Finding]) -> Result<String> {
    let mistakes: Vec<_> = findings.iter().map(|finding| row(finding, Number)).collect();
    to_json("pitfalls", &BTreeMap::from([("mistakes", mistakes)]))
}

fn row<N>(finding: &Finding, number: fn(f64) -> N) -> PitfallRow<'_, N> {
    let first = finding.report.first();
    let place = first.and_then(|first| first.key.place());
    let Noticed { decimals, assert_close, final_bits, epoch_bits } = finding.noticed;
    let (wrong, steps) = finding.resynced.steps_wrong();
    PitfallRow {
        name: finding.pitfall.name,
        found: finding.is_found(),
        must_show: finding.must_show,
        series: place.map(|place| place.series),
        step: place.map(|place| place.step),
        phase: place.map(|place| place.phase),
        tensor: place.map(|place| place.name),
        ulps: first.and_then(|first| first.ulps),
        final_loss_difference: number(finding.final_difference),
        noticed_to_4_decimals: decimals,
        noticed_by_assert_close: assert_close,
        noticed_by_final_bits: final_bits,
        noticed_by_epoch_bits: epoch_bits,
        steps_wrong_by_themselves: wrong,
        steps,
    }
}
