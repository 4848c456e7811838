//! The lesson's claim, answered by a sweep.

use torch_parity::nn::Activation;
use torch_parity::text::{counted, number, percent, table};

use crate::sweep::plan::Plan;
use crate::sweep::row::{SeedRow, checkpoints, final_losses};
use crate::sweep::statistics::{Lower, Paired, nan_last, summarise};

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

/// The epochs of which the table of leaders shows the last `SHOWN`.
const LEAD_EPOCHS: [usize; 7] = [10, 20, 50, 100, 200, 500, 1000];
const SHOWN: usize = 5;

/// Whether the lesson's claim holds: a sentence, and its parts; nothing where
/// not all of its activations were trained.
pub fn claim(plan: &Plan, rows: &[SeedRow]) -> String {
    let (words, parts) = CLAIM;
    if parts.iter().flatten().any(|part| !plan.activations.contains(part)) {
        return String::new();
    }
    let mut outcomes = Vec::new();
    let mut lines = Vec::new();
    for [a, b] in parts {
        let paired = Paired::new(&final_losses(rows, a), &final_losses(rows, b));
        let outcome = paired.lower();
        outcomes.push(outcome);
        let answer = match outcome {
            Lower::A => "yes",
            Lower::B => "no",
            Lower::Open => "open",
        };
        lines.push(format!(
            "  {} ends below {}: {answer} ({} on average, below in {} of seeds)\n",
            a.name(),
            b.name(),
            number(paired.difference.mean),
            percent(paired.a_ahead)
        ));
    }
    let verdict = if outcomes.contains(&Lower::B) {
        "does not hold"
    } else if outcomes.contains(&Lower::Open) {
        "is not decided"
    } else {
        "holds"
    };
    format!("\nThe lesson's claim, \"{words}\",\n{verdict} at these settings:\n{}", lines.concat())
}

/// Which activation leads at which epoch, a line for each sweep; they differ in
/// their learning rate.
pub fn leaders(sweeps: &[(Plan, Vec<SeedRow>)]) -> String {
    let epochs = sweeps[0].0.epochs;
    let kept = checkpoints(epochs);
    let mut shown: Vec<_> =
        LEAD_EPOCHS.into_iter().filter(|epoch| kept.contains(epoch) || *epoch == epochs).collect();
    if !shown.contains(&epochs) {
        shown.push(epochs);
    }
    let shown = &shown[shown.len().saturating_sub(SHOWN)..];
    let header = shown.iter().map(|&epoch| counted(epoch, "epoch"));
    let header: Vec<_> = ["lr".to_owned()].into_iter().chain(header).collect();
    let header: Vec<_> = header.iter().map(String::as_str).collect();
    let leaders = |(plan, rows): &(Plan, Vec<SeedRow>)| {
        let leaders = shown.iter().map(|&epoch| leader(plan, rows, epoch));
        [plan.setting("lr").to_owned()].into_iter().chain(leaders).collect::<Vec<_>>()
    };
    format!(
        "Lowest mean loss (? where the runner-up's interval of the difference holds 0)\n{}",
        table(&header, sweeps.iter().map(leaders))
    )
}

/// The activation whose mean loss at `epoch` is the lowest.
fn leader(plan: &Plan, rows: &[SeedRow], epoch: usize) -> String {
    let losses = |activation| -> Vec<f64> {
        let own = rows.iter().filter(|row| row.activation == activation);
        own.filter_map(|row| row.loss_at(epoch, plan.epochs)).collect()
    };
    let mut ranked: Vec<_> = plan.activations.iter().map(|&a| (a, losses(a))).collect();
    ranked.sort_by(|(_, a), (_, b)| nan_last(&summarise(a).mean, &summarise(b).mean));
    let sure = ranked.len() < 2 || Paired::new(&ranked[0].1, &ranked[1].1).lower() == Lower::A;
    ranked[0].0.name().to_owned() + if sure { "" } else { "?" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of networks whose losses are around these.
    fn said(sigmoid: f64, tanh: f64, relu: f64) -> String {
        let activations = [Activation::Sigmoid, Activation::Tanh, Activation::Relu];
        let plan = Plan::small(1, &activations, "0..20");
        let row = |seed: i64, activation, loss: f64| {
            let loss = loss + (seed * 7 % 11) as f64 / 1000.0 * f64::from(activation as u8 + 1);
            SeedRow::new(seed, activation, &[loss])
        };
        let losses = [sigmoid, tanh, relu];
        let seed_rows =
            |seed| activations.into_iter().zip(losses).map(move |(a, x)| row(seed, a, x));
        claim(&plan, &(0..20).flat_map(seed_rows).collect::<Vec<_>>())
    }

    #[test]
    fn the_claim_holds_fails_or_stays_open_by_the_intervals() {
        assert!(said(0.6, 0.4, 0.3).contains("\nholds at these settings:"));
        assert!(said(0.6, 0.3, 0.4).contains("\ndoes not hold at these settings:"));
        assert!(said(0.6, 0.3, 0.4).contains("relu ends below tanh: no ("));
        assert!(said(0.3, 0.4, 0.2).contains("tanh ends below sigmoid: no ("));
        let open = said(0.6, 0.4, 0.395);
        assert!(open.contains("\nis not decided at these settings:"), "{open}");
        assert!(open.contains("relu ends below tanh: open ("), "{open}");
        assert!(said(0.6, 0.4, f64::NAN).contains("is not decided"), "lost runs decide nothing");
    }
}
