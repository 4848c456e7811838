//! The lesson's claim, answered by a sweep.

use std::fmt;

use anyhow::Result;
use parity::text::{Number, counted, table};
use serde::Serialize;
use torch_parity::nn::Activation;

use crate::sweep::columns::Columns;
use crate::sweep::plan::Plan;
use crate::sweep::row::checkpoints;
use crate::sweep::statistics::{Holds, Paired, mean, nan_last};
use crate::text::{number, percent};

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

/// Whether the lesson's claim holds.
#[derive(Debug, Serialize)]
pub struct Claim {
    /// The lesson's words.
    words: &'static str,
    /// Of all parts: `no` where one does not hold, `open` where one is not decided.
    holds: Holds,
    parts: Vec<Part>,
}

/// That one activation ends below another.
#[derive(Debug, Serialize)]
struct Part {
    lower: Activation,
    higher: Activation,
    holds: Holds,
    mean_difference: Number,
    /// The share of seeds in which it does.
    share_of_seeds: Number,
}

/// Whether the lesson's claim holds; None where not all of its activations were
/// trained.
pub fn claim(plan: &Plan, columns: &Columns) -> Result<Option<Claim>> {
    let (words, parts) = CLAIM;
    if parts.iter().flatten().any(|part| !plan.activations.contains(part)) {
        return Ok(None);
    }
    let part = |[lower, higher]: [Activation; 2]| {
        let paired = Paired::new(&columns.finals(lower)?, &columns.finals(higher)?);
        let holds = paired.a_is_lower();
        let mean_difference = Number(paired.mean);
        let share_of_seeds = Number(paired.a_ahead);
        Ok(Part { lower, higher, holds, mean_difference, share_of_seeds })
    };
    let parts = parts.into_iter().map(part).collect::<Result<Vec<_>>>()?;
    let holds = parts.iter().map(|part| part.holds).max().unwrap_or(Holds::Yes);
    Ok(Some(Claim { words, holds, parts }))
}

impl fmt::Display for Claim {
    /// A sentence, and its parts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.holds {
            Holds::Yes => "holds",
            Holds::Open => "is not decided",
            Holds::No => "does not hold",
        };
        write!(f, "\nThe lesson's claim, \"{}\",\n{verdict} at these settings:\n", self.words)?;
        for Part { lower, higher, holds, mean_difference, share_of_seeds } in &self.parts {
            let answer = match holds {
                Holds::Yes => "yes",
                Holds::Open => "open",
                Holds::No => "no",
            };
            writeln!(
                f,
                "  {} ends below {}: {answer} ({} on average, below in {} of seeds)",
                lower.name(),
                higher.name(),
                number(mean_difference.0),
                percent(share_of_seeds.0)
            )?;
        }
        Ok(())
    }
}

/// The activation whose mean loss is the lowest at an epoch.
#[derive(Debug, Serialize)]
pub struct Leader {
    epoch: usize,
    activation: Activation,
    /// Whether the runner-up's interval of the difference is above 0.
    decided: bool,
}

/// Which activation leads at which epoch.
pub fn leaders(plan: &Plan, columns: &Columns) -> Result<Vec<Leader>> {
    let epochs = plan.epochs;
    let kept = checkpoints(epochs);
    let mut shown: Vec<_> =
        LEAD_EPOCHS.into_iter().filter(|epoch| kept.contains(epoch) || *epoch == epochs).collect();
    if !shown.contains(&epochs) {
        shown.push(epochs);
    }
    let shown = &shown[shown.len().saturating_sub(SHOWN)..];
    shown.iter().map(|&epoch| leader(plan, columns, epoch)).collect()
}

/// Which activation leads at which epoch, a line for each sweep of this lr; they
/// differ in nothing else.
pub fn leaders_table(sweeps: &[(&str, &[Leader])]) -> String {
    let header = sweeps[0].1.iter().map(|leader| counted(leader.epoch, "epoch"));
    let header: Vec<_> = ["lr".to_owned()].into_iter().chain(header).collect();
    let header: Vec<_> = header.iter().map(String::as_str).collect();
    let line = |(lr, leaders): &(&str, &[Leader])| {
        let sure = |leader: &Leader| if leader.decided { "" } else { "?" };
        let leaders =
            leaders.iter().map(|leader| leader.activation.name().to_owned() + sure(leader));
        [(*lr).to_owned()].into_iter().chain(leaders).collect::<Vec<_>>()
    };
    format!(
        "Lowest mean loss (? where the runner-up's interval of the difference includes 0)\n{}",
        table(&header, sweeps.iter().map(line))
    )
}

/// The activation whose mean loss at `epoch` is the lowest.
fn leader(plan: &Plan, columns: &Columns, epoch: usize) -> Result<Leader> {
    let losses = |activation| columns.losses(activation, epoch);
    let means = plan.activations.iter().map(|&a| Ok((a, mean(&losses(a)?))));
    let mut ranked = means.collect::<Result<Vec<_>>>()?;
    ranked.sort_by(|(_, a), (_, b)| nan_last(a, b));
    let decided = match ranked[..] {
        [(a, _), (b, _), ..] => Paired::new(&losses(a)?, &losses(b)?).a_is_lower() == Holds::Yes,
        _ => true,
    };
    Ok(Leader { epoch, activation: ranked[0].0, decided })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::row::SeedRow;

    /// A sweep of networks whose losses are around these.
    fn around(sigmoid: f64, tanh: f64, relu: f64) -> (Plan, Columns) {
        let activations = [Activation::Sigmoid, Activation::Tanh, Activation::Relu];
        let plan = Plan::small(1, &activations, "0..20");
        let row = |seed: i64, activation, loss: f64| {
            let loss = loss + (seed * 7 % 11) as f64 / 1000.0 * f64::from(activation as u8 + 1);
            SeedRow::new(seed, activation, &[loss])
        };
        let losses = [sigmoid, tanh, relu];
        let seed_rows =
            |seed| activations.into_iter().zip(losses).map(move |(a, x)| row(seed, a, x));
        let mut columns = Columns::new(&plan, None);
        for seed in 0..20 {
            columns.push(&seed_rows(seed).collect::<Vec<_>>()).unwrap();
        }
        (plan, columns)
    }

    /// What is said of them.
    fn said(sigmoid: f64, tanh: f64, relu: f64) -> String {
        let (plan, columns) = around(sigmoid, tanh, relu);
        claim(&plan, &columns).unwrap().map_or(String::new(), |claim| claim.to_string())
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

    #[test]
    fn a_leader_is_decided_where_the_runner_up_is_clearly_behind() {
        let (plan, columns) = around(0.6, 0.4, 0.3);
        let Leader { activation, decided, .. } = leader(&plan, &columns, 1).unwrap();
        assert_eq!((activation, decided), (Activation::Relu, true));
        let (plan, columns) = around(0.6, 0.4, 0.395);
        assert!(!leader(&plan, &columns, 1).unwrap().decided);
        let alone = Plan::small(1, &[Activation::Relu], "0..20");
        assert!(leader(&alone, &columns, 1).unwrap().decided, "there is no other");
    }
}
