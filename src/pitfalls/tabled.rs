//! Findings as the README's table and as CSV.

use anyhow::Result;
use serde::Serialize;

use super::words::{closing_line, noticed, short, where_found, wrong_in};
use super::{Finding, Noticed};
use crate::export::{as_python, to_csv};

/// The table as the README has it.
pub fn markdown(findings: &[Finding]) -> String {
    let row = |finding: &Finding| {
        let pitfall = finding.pitfall;
        let [decimals, close, bits, epochs] = noticed(finding);
        format!(
            "| `{}` | {} | {} | {} | {} | {decimals} | {close} | {bits} | {epochs} | {} |\n",
            pitfall.name,
            pitfall.mistake,
            pitfall.origin,
            where_found(finding),
            short(finding.final_difference),
            wrong_in(finding)
        )
    };
    format!(
        "| name | mistake | where it comes from | first divergence | final losses differ by \
         | noticed to 4 decimals | by `assert_close` | by bits | by every epoch's bits \
         | steps wrong by themselves |\n{}\n{}\n{}\n",
        "| --- | --- | --- | --- | --: | --- | --- | --- | --- | --: |",
        findings.iter().map(row).collect::<Vec<_>>().concat(),
        closing_line(findings)
    )
}

/// A row of the CSV. What is not there stays empty.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    found: bool,
    must_show: bool,
    series: Option<&'a str>,
    epoch: Option<usize>,
    phase: Option<&'a str>,
    tensor: Option<&'a str>,
    ulps: Option<u64>,
    #[serde(serialize_with = "as_python")]
    final_loss_difference: f64,
    noticed_to_4_decimals: bool,
    noticed_by_assert_close: bool,
    noticed_by_final_bits: bool,
    noticed_by_epoch_bits: bool,
    steps_wrong_by_themselves: usize,
    steps: usize,
}

/// A row for each mistake.
pub fn csv(findings: &[Finding]) -> Result<Vec<u8>> {
    to_csv(findings.iter().map(|finding| {
        let first = finding.report.first();
        let mut parts = first.map(|first| first.key.splitn(4, '/')).into_iter().flatten();
        let Noticed { decimals, assert_close, final_bits, epoch_bits } = finding.noticed;
        Row {
            name: finding.pitfall.name,
            found: finding.is_found(),
            must_show: finding.must_show,
            series: parts.next(),
            epoch: parts.next().and_then(|step| step.parse().ok()),
            phase: parts.next(),
            tensor: parts.next(),
            ulps: first.and_then(|first| first.ulps),
            final_loss_difference: finding.final_difference,
            noticed_to_4_decimals: decimals,
            noticed_by_assert_close: assert_close,
            noticed_by_final_bits: final_bits,
            noticed_by_epoch_bits: epoch_bits,
            steps_wrong_by_themselves: finding.wrong_steps.0,
            steps: finding.wrong_steps.1,
        }
    }))
}
