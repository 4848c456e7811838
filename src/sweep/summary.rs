//! Rows -> tables of what the seeds say.

use anyhow::Result;
use torch_parity::nn::Activation;
use torch_parity::text::{counted, number, percent, table, thousands};

use crate::sweep::answer::claim;
use crate::sweep::columns::Columns;
use crate::sweep::plan::Plan;
use crate::sweep::row::THRESHOLDS;
use crate::sweep::seeds::Shard;
use crate::sweep::statistics::{Paired, quantile, sorted, summarise};

/// What a sweep's rows say, as text of at most 80 columns.
pub fn summary(plan: &Plan, columns: &Columns) -> Result<String> {
    let (all, done) = (plan.own_count(), columns.seeds());
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
        "{seeds}: {}, lr {}, {}, {}, {}\n",
        of("epochs", "epoch"),
        plan.setting("lr"),
        of("samples", "sample"),
        of("features", "feature"),
        of("hidden", "hidden unit"),
    );
    if title.chars().count() > 80 {
        title = title.replacen(": ", "\n", 1);
    }
    if plan.setting("same_init") == "true" {
        title += "All networks of a seed start from the same weights.\n";
    }
    if done == 0 {
        return Ok(title);
    }
    let mut text = format!("{title}\nFinal loss\n{}", finals(plan, columns)?);
    text += "\nFirst epoch with a loss below, median (- where most seeds have none)\n";
    text += &first_epochs(plan, columns)?;
    if plan.activations.len() > 1 {
        text += "\nDifference of the final losses of the same seed, and how often it is negative\n";
        text += &pairs(plan, columns)?;
        text += "\nIntervals are Student's t of the mean; of the pairs, over the seeds.\n";
    }
    if plan.shard == Shard::WHOLE {
        return Ok(text + &claim(plan, columns)?);
    }
    let shard = plan.shard;
    Ok(text + &format!("\nShard {shard} of a sweep: `merge` all of them for the answer.\n"))
}

fn finals(plan: &Plan, columns: &Columns) -> Result<String> {
    let line = |&activation: &Activation| {
        let of = summarise(&columns.finals(activation)?);
        Ok([
            activation.name().to_owned(),
            number(of.mean),
            interval(of.mean_interval),
            number(of.median),
            number(of.sd),
            interval(of.middle),
        ])
    };
    let header =
        ["activation", "mean", "95 % interval of it", "median", "sd", "95 % of seeds are in"];
    let lines = plan.activations.iter().map(line).collect::<Result<Vec<_>>>()?;
    Ok(table(&header, lines))
}

fn first_epochs(plan: &Plan, columns: &Columns) -> Result<String> {
    let line = |&activation: &Activation| {
        let mut cells = vec![activation.name().to_owned()];
        for i in 0..THRESHOLDS.len() {
            let median = quantile(&sorted(&columns.below(activation, i)?), 0.5);
            cells.push(if median.is_finite() { median.to_string() } else { "-".to_owned() });
        }
        Ok(cells)
    };
    let [a, b, c, d] = THRESHOLDS.map(|threshold| threshold.to_string());
    let lines = plan.activations.iter().map(line).collect::<Result<Vec<_>>>()?;
    Ok(table(&["activation", &a, &b, &c, &d], lines))
}

fn pairs(plan: &Plan, columns: &Columns) -> Result<String> {
    let mut lines = Vec::new();
    for (i, &b) in plan.activations.iter().enumerate() {
        for &a in &plan.activations[i + 1..] {
            let paired = Paired::new(&columns.finals(a)?, &columns.finals(b)?);
            lines.push([
                format!("{} - {}", a.name(), b.name()),
                number(paired.mean),
                interval(paired.interval),
                percent(paired.a_ahead),
            ]);
        }
    }
    Ok(table(&["pair", "mean", "95 % interval of it", "seeds"], lines))
}

fn interval([low, high]: [f64; 2]) -> String {
    if low.is_nan() || high.is_nan() {
        return "-".to_owned();
    }
    format!("{} to {}", number(low), number(high))
}
