//! `train`: trains the networks, prints and writes what came of it.

use anyhow::Result;
use tanh_parity::cli::TrainArgs;
use tanh_parity::output::open_outputs;
use tanh_parity::pytorch::activation::Activation;
use tanh_parity::pytorch::float::repr;
use tanh_parity::{export, plot};

use super::experiment;

/// Runs the command.
pub fn run(args: &TrainArgs) -> Result<()> {
    let settings = args.settings.settings()?;
    let [csv, history, plot, trace] =
        open_outputs([&args.csv, &args.history, &args.plot, &args.trace])?;
    experiment::run(
        &settings,
        |runs| final_losses(runs),
        [
            (csv, |runs| export::losses_csv(runs)),
            (history, |runs| export::history_csv(runs)),
            (plot, |runs| Ok(plot::loss_curves(runs)?.into_bytes())),
        ],
        trace,
    )
}

fn final_losses(runs: &[(Activation, Vec<f64>)]) -> String {
    let line = |(activation, losses): &(Activation, Vec<f64>)| {
        format!("{}: {}\n", activation.name(), repr(losses[losses.len() - 1]))
    };
    runs.iter().map(line).collect()
}
