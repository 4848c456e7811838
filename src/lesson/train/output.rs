//! What `train` prints and writes.

use anyhow::Result;
use parity::text::repr;
use serde::Serialize;
use torch_parity::nn::Activation;
use torch_parity::trace::Observer;

use super::{Train, train};
use crate::export::{as_python, to_csv};
use crate::lesson::{Experiment, File};
use parity::plot::{self, Line, Panel, Scale, look};

/// Each activation with the loss of every epoch.
type Runs = Vec<(Activation, Vec<f64>)>;

impl Experiment for Train {
    const NAME: &'static str = "train";
    const ABOUT: &'static str = "Train the networks and print their final losses";
    const AFTER_HELP: &'static str = "\
Examples:
  tanh-parity train
  tanh-parity train --activations tanh,relu --same-init --history -
  tanh-parity train --epochs 500 --plot losses.svg";

    type Findings = Runs;

    const FILES: &'static [File<Runs>] = &[
        File {
            flag: "csv",
            name: "losses.csv",
            help: "Write the final losses: activation,final_loss (- for standard output)",
            shows: "",
            render: |runs| to_csv(runs.iter().map(final_loss)),
        },
        File {
            flag: "history",
            name: "history.csv",
            help: "Write the loss of every epoch: activation,epoch,loss (or -)",
            shows: "",
            render: |runs| to_csv(runs.iter().flat_map(history)),
        },
        File {
            flag: "plot",
            name: "losses.svg",
            help: "Draw the loss of every epoch, as SVG (or -)",
            shows: "The loss of every epoch, a line for each activation: which network learns \
                    faster, and which is still behind at the end",
            render: |runs| Ok(loss_curves(runs)?.into_bytes()),
        },
    ];

    fn validate(&self) -> Result<()> {
        self.run.validate()
    }

    fn threads(&self) -> i32 {
        self.run.threads.count
    }

    fn steps(&self) -> usize {
        self.run.epochs * self.run.activations.len()
    }

    fn run(&self, observer: &mut dyn Observer) -> Result<Runs> {
        train(self, observer)
    }

    fn summary(runs: &Runs) -> String {
        let line = |run| {
            let FinalLoss { activation, final_loss } = final_loss(run);
            format!("{}: {}\n", activation.name(), repr(final_loss))
        };
        runs.iter().map(line).collect()
    }
}

/// A row of the CSV of final losses.
#[derive(Serialize)]
struct FinalLoss {
    activation: Activation,
    #[serde(serialize_with = "as_python")]
    final_loss: f64,
}

fn final_loss((activation, losses): &(Activation, Vec<f64>)) -> FinalLoss {
    FinalLoss { activation: *activation, final_loss: losses[losses.len() - 1] }
}

/// A row of the CSV of every epoch.
#[derive(Serialize)]
struct EpochLoss {
    activation: Activation,
    epoch: usize,
    #[serde(serialize_with = "as_python")]
    loss: f64,
}

fn history((activation, losses): &(Activation, Vec<f64>)) -> impl Iterator<Item = EpochLoss> {
    (1..).zip(losses).map(|(epoch, &loss)| EpochLoss { activation: *activation, epoch, loss })
}

/// The loss of every epoch, a line for each activation.
fn loss_curves(runs: &Runs) -> Result<String> {
    let line = |(activation, losses): &(Activation, Vec<f64>)| Line {
        label: activation.name().to_owned(),
        look: look(*activation as usize),
        dashed: false,
        points: (1..).zip(losses).map(|(epoch, &loss)| (f64::from(epoch), loss)).collect(),
    };
    let panel = Panel {
        x: "epoch".to_owned(),
        y: "cross-entropy loss (nats)".to_owned(),
        x_scale: Scale::Whole,
        lines: runs.iter().map(line).collect(),
        ..Panel::default()
    };
    plot::draw("Training loss by epoch", &[panel], 1, (800, 430))
}
