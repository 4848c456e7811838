//! Rows -> tables of what the seeds say.

use torch_parity::nn::Activation;
use torch_parity::text::{counted, number, percent, table, thousands};

use crate::sweep::answer::claim;
use crate::sweep::plan::Plan;
use crate::sweep::row::{SeedRow, THRESHOLDS, final_losses};
use crate::sweep::seeds::Shard;
use crate::sweep::statistics::{Paired, quantile, sorted, summarise};

/// What a sweep's rows say, as text of at most 80 columns.
pub fn summary(plan: &Plan, rows: &[SeedRow]) -> String {
    let all = plan.own_seeds().len();
    let done = rows.len() / plan.activations.len();
    let seeds = if done == all {
        counted(all, "seed")
    } else {
        format!("{} of {}", thousands(done), counted(all, "seed"))
    };
    let size = |name, what| counted(plan.setting(name).parse().unwrap_or_default(), what);
    let mut title = format!(
        "{seeds}: {}, lr {}, {}, {}, {}\n",
        counted(plan.epochs, "epoch"),
        plan.setting("lr"),
        size("samples", "sample"),
        size("features", "feature"),
        size("hidden", "hidden unit"),
    );
    if title.chars().count() > 80 {
        title = title.replacen(": ", "\n", 1);
    }
    if plan.setting("same_init") == "true" {
        title += "All networks of a seed start from the same weights.\n";
    }
    if rows.is_empty() {
        return title;
    }
    let mut text = format!("{title}\nFinal loss\n{}", finals(plan, rows));
    text += "\nFirst epoch with a loss below, median (- where most seeds have none)\n";
    text += &first_epochs(plan, rows);
    if plan.activations.len() > 1 {
        text += "\nDifference of the final losses of the same seed, and how often it is negative\n";
        text += &pairs(plan, rows);
        text += "\nIntervals are Student's t of the mean; of the pairs, over the seeds.\n";
    }
    if plan.shard == Shard::WHOLE {
        return text + &claim(plan, rows);
    }
    text + &format!("\nShard {} of a sweep: `merge` all of them for the answer.\n", plan.shard)
}

fn finals(plan: &Plan, rows: &[SeedRow]) -> String {
    let line = |&activation: &Activation| {
        let of = summarise(&final_losses(rows, activation));
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
    table(&header, plan.activations.iter().map(line))
}

fn first_epochs(plan: &Plan, rows: &[SeedRow]) -> String {
    let line = |&activation: &Activation| {
        let mut cells = vec![activation.name().to_owned()];
        for i in 0..THRESHOLDS.len() {
            let own = rows.iter().filter(|row| row.activation == activation);
            let epochs = own.map(|row| row.below[i].map_or(f64::INFINITY, |epoch| epoch as f64));
            let median = quantile(&sorted(&epochs.collect::<Vec<_>>()), 0.5);
            cells.push(if median.is_finite() { median.to_string() } else { "-".to_owned() });
        }
        cells
    };
    let [a, b, c, d] = THRESHOLDS.map(|threshold| threshold.to_string());
    table(&["activation", &a, &b, &c, &d], plan.activations.iter().map(line))
}

fn pairs(plan: &Plan, rows: &[SeedRow]) -> String {
    let mut lines = Vec::new();
    for (i, &b) in plan.activations.iter().enumerate() {
        for &a in &plan.activations[i + 1..] {
            let paired = Paired::new(&final_losses(rows, a), &final_losses(rows, b));
            lines.push([
                format!("{} - {}", a.name(), b.name()),
                number(paired.difference.mean),
                interval(paired.difference.mean_interval),
                percent(paired.a_ahead),
            ]);
        }
    }
    table(&["pair", "mean", "95 % interval of it", "seeds"], lines)
}

fn interval([low, high]: [f64; 2]) -> String {
    if low.is_nan() || high.is_nan() {
        return "-".to_owned();
    }
    format!("{} to {}", number(low), number(high))
}
