//! What `signal` found, beside what the lesson says. Twin of
//! `python_ref/claims.py`.

use parity::text::repr;
use torch_parity::nn::Activation::{self, Relu, Sigmoid, Tanh};

use super::Network;
use super::layers::LayerRow;
use crate::text::{fixed, scientific};

/// What the lesson says of the hidden layers of one activation.
struct Claim {
    activation: Activation,
    what: &'static str,
    /// None for the output layer.
    measure: fn(&LayerRow) -> Option<f64>,
    /// Of every layer, before and after training; else of any.
    all: bool,
    above: bool,
    bound: f64,
}

const fn claim(
    activation: Activation,
    what: &'static str,
    measure: fn(&LayerRow) -> Option<f64>,
    (all, above, bound): (bool, bool, f64),
) -> Claim {
    Claim { activation, what, measure, all, above, bound }
}

const ALL: bool = true;
const ANY: bool = false;
const ABOVE: bool = true;
const BELOW: bool = false;

const CLAIMS: [Claim; 7] = [
    claim(Sigmoid, "mean output", |row| row.mean, (ALL, ABOVE, 0.0)),
    claim(Tanh, "size of the mean output", |row| row.mean.map(f64::abs), (ALL, BELOW, 0.1)),
    claim(Sigmoid, "agreement of signs", |row| row.sign_agreement, (ALL, ABOVE, 0.5)),
    claim(Tanh, "agreement of signs", |row| row.sign_agreement, (ALL, BELOW, 0.5)),
    claim(Sigmoid, "saturated share", |row| row.saturated, (ANY, ABOVE, 0.01)),
    claim(Tanh, "saturated share", |row| row.saturated, (ANY, ABOVE, 0.01)),
    claim(Relu, "dead share", |row| row.dead, (ANY, ABOVE, 0.01)),
];

/// How much of the output layer's gradient reaches the first layer, in lines.
pub fn gradients(networks: &[Network]) -> Vec<String> {
    let mut lines = vec![
        "norm of the first layer's weight gradient, as a share of the output layer's".to_owned(),
        "activation  depth    before     after  final loss".to_owned(),
    ];
    lines.extend(networks.iter().map(|Network { activation, depth, before, after, loss }| {
        let [before, after] = [before, after].map(|found| scientific(found.grad_share(), 2));
        format!("{:10}  {depth:5}  {before}  {after}  {}", activation.name(), repr(*loss))
    }));
    lines
}

/// Which of the lesson's claims hold here, in lines.
pub fn claims(networks: &[Network], rows: &[LayerRow]) -> Vec<String> {
    let mut lines =
        vec!["what the lesson says of the hidden layers, before and after training".to_owned()];
    for Claim { activation, what, measure, all, above, bound } in CLAIMS {
        let of_activation = rows.iter().filter(|row| row.activation == activation);
        // The value on which it depends whether all, or any, are so.
        let extreme = of_activation.filter_map(measure).reduce(|extreme, value| {
            let replaces = if all == above { value < extreme } else { value > extreme };
            if replaces { value } else { extreme }
        });
        if let Some(value) = extreme {
            let quantifier = if all { "all" } else { "any" };
            let relation = if above { "above" } else { "below" };
            let words = format!("{what}, {quantifier} {relation} {}", repr(bound));
            let holds = if above { value > bound } else { value < bound };
            lines.push(verdict(activation, &words, value, holds));
        }
    }
    let deepest = networks.iter().map(|network| network.depth).max();
    let deep_tanh = networks
        .iter()
        .find(|network| network.activation == Tanh && Some(network.depth) == deepest);
    if let Some(Network { depth, before, .. }) = deep_tanh {
        let words = format!("gradient share at the start, depth {depth}, below 0.01");
        let share = before.grad_share();
        lines.push(verdict(Tanh, &words, share, share < 0.01));
    }
    lines
}

/// One claim, the value that decides it, and the decision.
fn verdict(activation: Activation, words: &str, value: f64, holds: bool) -> String {
    let decision = if holds { "holds" } else { "does not hold" };
    format!("{}: {words}: {}, {decision}", activation.name(), fixed(value, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(activation: Activation, layer: i64, mean: Option<f64>) -> LayerRow {
        let (depth, epoch, grad_norm) = (1, 0, 1.0);
        let (std, saturated, dead, sign_agreement) = (mean, mean, mean, mean);
        LayerRow {
            activation,
            depth,
            epoch,
            layer,
            mean,
            std,
            saturated,
            dead,
            sign_agreement,
            grad_norm,
        }
    }

    #[test]
    fn the_layer_on_which_a_claim_depends_decides_it() {
        let decided = |rows: &[LayerRow], words: &str| {
            let lines = claims(&[], rows);
            lines.iter().find(|line| line.contains(words)).unwrap().clone()
        };
        let tanh = [row(Tanh, 1, Some(0.02)), row(Tanh, 2, Some(-0.2)), row(Tanh, 3, None)];
        let line = decided(&tanh, "size of the mean output");
        assert_eq!(line, "tanh: size of the mean output, all below 0.1: 0.2000, does not hold");
        assert!(decided(&tanh, "saturated share").ends_with("any above 0.01: 0.0200, holds"));
        assert!(decided(&tanh[..1], "size of the mean output").ends_with("0.0200, holds"));
        let sigmoid = [row(Sigmoid, 1, Some(0.5)), row(Sigmoid, 2, Some(0.0))];
        assert!(decided(&sigmoid, "mean output").ends_with("above 0.0: 0.0000, does not hold"));
        assert!(decided(&sigmoid[..1], "mean output").ends_with("0.5000, holds"));
    }
}
