//! Rows -> what the seeds say, as tables and for programs.

use std::collections::BTreeMap;

use anyhow::Result;
use parity::text::{counted, table, thousands};
use serde::Serialize;
use torch_parity::nn::Activation;

use crate::sweep::answer::{Claim, Leader, claim, leaders};
use crate::sweep::columns::Columns;
use crate::sweep::plan::Plan;
use crate::sweep::row::THRESHOLDS;
use crate::sweep::seeds::Shard;
use crate::sweep::statistics::{Paired, Summary, quantile, sorted, summarise};
use crate::text::{number, percent};

/// What a sweep's rows say, for programs and as text.
#[derive(Debug, Serialize)]
pub struct Said<'a> {
    #[serde(skip)]
    plan: &'a Plan,
    /// What the rows depend on, by the names of the flags.
    settings: &'a BTreeMap<String, String>,
    /// Seeds to train.
    seeds: usize,
    /// Seeds that were trained.
    seeds_done: usize,
    /// What became of each activation; empty where no seed is done.
    activations: Vec<OfActivation>,
    /// Each two of them, the later one less the earlier one.
    pairs: Vec<OfPair>,
    /// The answer to the lesson's claim, of a whole sweep.
    claim: Option<Claim>,
    /// Which activation leads when.
    leaders: Vec<Leader>,
}

/// What became of one activation.
#[derive(Debug, Serialize)]
struct OfActivation {
    activation: Activation,
    final_loss: Summary,
    /// By threshold the median of the first epoch with a loss below; none where
    /// most seeds have none.
    first_epoch_below: [(f64, Option<f64>); THRESHOLDS.len()],
}

/// Two activations over the same seeds.
#[derive(Debug, Serialize)]
struct OfPair {
    a: Activation,
    b: Activation,
    #[serde(flatten)]
    paired: Paired,
}

impl<'a> Said<'a> {
    /// By what `columns` hold of the sweep that `plan` tells.
    pub fn new(plan: &'a Plan, columns: &Columns) -> Result<Self> {
        let any = columns.seeds() > 0;
        let activations = if any { &plan.activations[..] } else { &[] };
        let of = |&activation: &Activation| {
            Ok(OfActivation {
                activation,
                final_loss: summarise(&columns.finals(activation)?),
                first_epoch_below: first_epochs_below(columns, activation)?,
            })
        };
        let whole = any && plan.shard == Shard::WHOLE;
        Ok(Self {
            plan,
            settings: plan.settings(),
            seeds: plan.own_count(),
            seeds_done: columns.seeds(),
            activations: activations.iter().map(of).collect::<Result<_>>()?,
            pairs: pairs(activations, columns)?,
            claim: if whole { claim(plan, columns)? } else { None },
            leaders: if whole { leaders(plan, columns)? } else { Vec::new() },
        })
    }

    /// Which activation leads when.
    pub fn leaders(&self) -> &[Leader] {
        &self.leaders
    }

    fn title(&self) -> String {
        let (all, done, plan) = (self.seeds, self.seeds_done, self.plan);
        let seeds = if done == all {
            counted(all, "seed")
        } else {
            format!("{} of {}", thousands(done), counted(all, "seed"))
        };
        let of = |name: &str, what: &str| match plan.setting(name) {
            "1" => format!("1 {what}"),
            n => format!("{n} {what}s"),
        };
        let mut title = format!(
            "{seeds}: {}, lr {}, {}, {}, {}",
            of("epochs", "epoch"),
            plan.setting("lr"),
            of("samples", "sample"),
            of("features", "feature"),
            of("hidden", "hidden unit"),
        );
        if title.chars().count() > 80 {
            title = title.replacen(": ", "\n", 1);
        }
        title.push('\n');
        if plan.setting("same_init") == "true" {
            title += "All networks of a seed start from the same weights.\n";
        }
        title
    }

    /// As text of at most 80 columns.
    pub fn text(&self) -> String {
        let title = self.title();
        if self.activations.is_empty() {
            return title;
        }
        let mut text = format!("{title}\nFinal loss\n{}", self.finals());
        text += "\nFirst epoch with a loss below, median (- where most seeds have none)\n";
        text += &self.first_epochs();
        if !self.pairs.is_empty() {
            text +=
                "\nDifference of the final losses of the same seed, and how often it is negative\n";
            text += &self.pairs();
            text += "\nIntervals are Student's t of the mean; of the pairs, over the seeds.\n";
        }
        let shard = self.plan.shard;
        if shard == Shard::WHOLE {
            return text + &self.claim.as_ref().map_or(String::new(), ToString::to_string);
        }
        text + &format!("\nShard {shard} of a sweep: `merge` all of them for the answer.\n")
    }

    fn finals(&self) -> String {
        let line = |OfActivation { activation, final_loss: of, .. }: &OfActivation| {
            [
                activation.name().to_owned(),
                number(of.mean),
                interval(of.mean_interval),
                number(of.median),
                number(of.sd),
                interval(of.middle),
            ]
        };
        let header =
            ["activation", "mean", "95 % interval of it", "median", "sd", "95 % of seeds are in"];
        table(&header, self.activations.iter().map(line))
    }

    fn first_epochs(&self) -> String {
        let line = |of: &OfActivation| {
            let median = |(_, median): &(f64, Option<f64>)| {
                median.map_or_else(|| "-".to_owned(), |median| median.to_string())
            };
            let medians = of.first_epoch_below.iter().map(median);
            [of.activation.name().to_owned()].into_iter().chain(medians).collect::<Vec<_>>()
        };
        let [a, b, c, d] = THRESHOLDS.map(|threshold| threshold.to_string());
        table(&["activation", &a, &b, &c, &d], self.activations.iter().map(line))
    }

    fn pairs(&self) -> String {
        let line = |OfPair { a, b, paired }: &OfPair| {
            [
                format!("{} - {}", a.name(), b.name()),
                number(paired.mean),
                interval(paired.interval),
                percent(paired.a_ahead),
            ]
        };
        table(&["pair", "mean", "95 % interval of it", "seeds"], self.pairs.iter().map(line))
    }
}

fn first_epochs_below(
    columns: &Columns,
    activation: Activation,
) -> Result<[(f64, Option<f64>); THRESHOLDS.len()]> {
    let mut medians = THRESHOLDS.map(|threshold| (threshold, None));
    for (i, (_, median)) in medians.iter_mut().enumerate() {
        let epoch = quantile(&sorted(&columns.below(activation, i)?), 0.5);
        *median = epoch.is_finite().then_some(epoch);
    }
    Ok(medians)
}

fn pairs(activations: &[Activation], columns: &Columns) -> Result<Vec<OfPair>> {
    let mut pairs = Vec::new();
    for (i, &b) in activations.iter().enumerate() {
        for &a in &activations[i + 1..] {
            let paired = Paired::new(&columns.finals(a)?, &columns.finals(b)?);
            pairs.push(OfPair { a, b, paired });
        }
    }
    Ok(pairs)
}

fn interval([low, high]: [f64; 2]) -> String {
    if low.is_nan() {
        return "-".to_owned();
    }
    format!("{} to {}", number(low), number(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::train::Train;
    use crate::sweep::columns::Columns;

    #[test]
    fn a_title_that_is_wider_than_a_terminal_stands_in_two_lines() {
        let mut widths = Vec::new();
        for digits in 1..=16 {
            let mut run = Train::default().run;
            run.lr = "0.1234567891234567"[..digits + 2].parse().unwrap();
            let plan = Plan::new(&run, "0..1000".parse().unwrap(), Shard::WHOLE);
            let title = Said::new(&plan, &Columns::new(&plan, None)).unwrap().title();
            let lines: Vec<_> = title.lines().collect();
            let width = lines.join(": ").len();
            assert_eq!(lines.len(), 1 + usize::from(width > 80), "{title}");
            widths.push(width);
        }
        assert!(widths.contains(&80) && widths.contains(&81), "{widths:?}");
    }
}
