//! Rows -> the tables and the sentence that answer the lesson's claim.

use crate::pytorch::activation::Activation;
use crate::sweep::plan::Plan;
use crate::sweep::row::{Row, THRESHOLDS, checkpoints};
use crate::sweep::statistics::{Lower, Paired, nan_last, quantile, sorted, summarise};
use crate::table::{table, thousands};

/// The lesson's words, and what they say of final losses: the first of each
/// pair is to be below the second.
const CLAIM: (&str, [[Activation; 2]; 3]) = (
    "relu is easiest, tanh beats sigmoid",
    [
        [Activation::Relu, Activation::Tanh],
        [Activation::Relu, Activation::Sigmoid],
        [Activation::Tanh, Activation::Sigmoid],
    ],
);

/// The epochs of which the table of leaders shows the last few.
const LEAD_EPOCHS: [usize; 7] = [10, 20, 50, 100, 200, 500, 1000];

/// What a sweep's rows say, as text of at most 80 columns.
pub fn summary(plan: &Plan, rows: &[Row]) -> String {
    let all = plan.own_seeds().len();
    let done = rows.len() / plan.activations.len();
    let seeds = if done == all {
        thousands(all)
    } else {
        format!("{} of {}", thousands(done), thousands(all))
    };
    let mut title = format!(
        "{seeds} seeds: {} epochs, lr {}, {} samples, {} features, {} hidden units\n",
        plan.epochs,
        plan.setting("lr"),
        plan.setting("samples"),
        plan.setting("features"),
        plan.setting("hidden"),
    );
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
    text + &claim(plan, rows)
}

/// The final losses of an activation, in the order of seeds.
fn final_losses(rows: &[Row], activation: Activation) -> Vec<f64> {
    let own = rows.iter().filter(|row| row.activation == activation);
    own.map(|row| row.final_loss).collect()
}

fn finals(plan: &Plan, rows: &[Row]) -> String {
    let line = |&activation: &Activation| {
        let of = summarise(&final_losses(rows, activation));
        [
            activation.name(),
            number(of.mean),
            interval(of.mean_interval),
            number(of.median),
            number(of.sd),
            interval(of.middle),
        ]
    };
    let header =
        ["activation", "mean", "95 % interval of it", "median", "sd", "95 % of seeds are in"];
    table(header, plan.activations.iter().map(line).collect())
}

fn first_epochs(plan: &Plan, rows: &[Row]) -> String {
    let line = |&activation: &Activation| {
        let mut cells = [const { String::new() }; THRESHOLDS.len() + 1];
        cells[0] = activation.name();
        for (i, cell) in cells[1..].iter_mut().enumerate() {
            let own = rows.iter().filter(|row| row.activation == activation);
            let epochs = own.map(|row| row.below[i].map_or(f64::INFINITY, |epoch| epoch as f64));
            let median = quantile(&sorted(&epochs.collect::<Vec<_>>()), 0.5);
            *cell = if median.is_finite() { median.to_string() } else { "-".to_owned() };
        }
        cells
    };
    let [a, b, c, d] = THRESHOLDS.map(|threshold| threshold.to_string());
    table(["activation", &a, &b, &c, &d], plan.activations.iter().map(line).collect())
}

fn pairs(plan: &Plan, rows: &[Row]) -> String {
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
    table(["pair", "mean", "95 % interval of it", "seeds"], lines)
}

/// Whether the lesson's claim holds: a sentence, and its parts.
fn claim(plan: &Plan, rows: &[Row]) -> String {
    let (words, parts) = CLAIM;
    if parts.iter().flatten().any(|part| !plan.activations.contains(part)) {
        return String::new();
    }
    let mut outcomes = Vec::new();
    let mut lines = String::new();
    for [a, b] in parts {
        let paired = Paired::new(&final_losses(rows, a), &final_losses(rows, b));
        let outcome = paired.lower();
        outcomes.push(outcome);
        let answer = match outcome {
            Lower::A => "yes",
            Lower::B => "no",
            Lower::Open => "undecided",
        };
        lines += &format!(
            "  {} ends below {}: {answer} ({} on average, below in {} of seeds)\n",
            a.name(),
            b.name(),
            number(paired.difference.mean),
            percent(paired.a_ahead)
        );
    }
    let verdict = if outcomes.contains(&Lower::B) {
        "does not hold"
    } else if outcomes.contains(&Lower::Open) {
        "is not decided"
    } else {
        "holds"
    };
    format!("\nThe lesson's claim, \"{words}\",\n{verdict} at these settings:\n{lines}")
}

/// Which activation leads at which epoch, a line for each sweep; they differ in
/// their learning rate.
pub fn leaders(sweeps: &[(Plan, Vec<Row>)]) -> String {
    let epochs = sweeps[0].0.epochs;
    let kept = checkpoints(epochs);
    let mut shown: Vec<_> =
        LEAD_EPOCHS.into_iter().filter(|epoch| kept.contains(epoch) || *epoch == epochs).collect();
    if !shown.contains(&epochs) {
        shown.push(epochs);
    }
    let shown: Vec<_> = shown.into_iter().rev().take(5).rev().collect();
    let mut header = [const { String::new() }; 6];
    header[0] = "lr".to_owned();
    for (cell, epoch) in header[1..].iter_mut().zip(&shown) {
        *cell = format!("{epoch} epochs");
    }
    let line = |(plan, rows): &(Plan, Vec<Row>)| {
        let mut cells = [const { String::new() }; 6];
        cells[0] = plan.setting("lr").to_owned();
        for (cell, &epoch) in cells[1..].iter_mut().zip(&shown) {
            *cell = leader(plan, rows, epoch);
        }
        cells
    };
    format!(
        "Lowest mean loss (? where the runner-up's interval of the difference holds 0)\n{}",
        table(header.each_ref().map(String::as_str), sweeps.iter().map(line).collect())
    )
}

/// The activation whose mean loss at `epoch` is the lowest.
fn leader(plan: &Plan, rows: &[Row], epoch: usize) -> String {
    let losses = |activation| -> Vec<f64> {
        let own = rows.iter().filter(|row| row.activation == activation);
        own.filter_map(|row| row.loss_at(epoch, plan.epochs)).collect()
    };
    let mut ranked: Vec<_> = plan.activations.iter().map(|&a| (a, losses(a))).collect();
    ranked.sort_by(|(_, a), (_, b)| nan_last(&summarise(a).mean, &summarise(b).mean));
    let sure = ranked.len() < 2 || Paired::new(&ranked[0].1, &ranked[1].1).lower() == Lower::A;
    ranked[0].0.name() + if sure { "" } else { "?" }
}

/// Four decimals, or as many digits where that would hide the value.
fn number(x: f64) -> String {
    match x.abs() {
        nan if nan.is_nan() => "-".to_owned(),
        0.0 | 1e-3..1e4 => format!("{x:.4}"),
        _ => format!("{x:.2e}"),
    }
}

fn interval([low, high]: [f64; 2]) -> String {
    if low.is_nan() || high.is_nan() {
        return "-".to_owned();
    }
    format!("{} to {}", number(low), number(high))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
