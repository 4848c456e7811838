//! `train`: trains the networks, prints and writes what came of it.

use std::io::Write;

use anyhow::Result;
use tanh_parity::cli::TrainArgs;
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::train::train;
use tanh_parity::output::{Output, open_outputs, print};
use tanh_parity::progress::Progress;
use tanh_parity::pytorch::activation::Activation;
use tanh_parity::pytorch::float::repr;
use tanh_parity::{export, plot};

/// Runs the command.
pub fn run(args: &TrainArgs) -> Result<()> {
    let settings = args.settings.settings()?;
    let [csv, history, plot, trace] =
        open_outputs([&args.csv, &args.history, &args.plot, &args.trace])?;
    // Where an output takes standard output, the lines step aside.
    let stdout_taken =
        [&csv, &history, &plot, &trace].into_iter().flatten().any(|o| matches!(o, Output::Stdout));

    let recording = trace.is_some().then(|| settings.trace());
    let progress = Progress::new(settings.epochs * settings.activations.len());
    let mut observer = (recording, progress);
    let runs = train(&settings, &mut observer);
    let (recording, progress) = observer;
    drop(progress);

    let line = |(activation, losses): &(Activation, Vec<f64>)| {
        format!("{}: {}\n", activation.name(), repr(losses[losses.len() - 1]))
    };
    let lines = runs.iter().map(line).collect::<Vec<_>>().concat();
    if stdout_taken {
        let _ = std::io::stderr().write_all(lines.as_bytes());
    } else {
        print(lines.as_bytes())?;
    }
    if let Some(output) = csv {
        output.write(&export::losses_csv(&runs)?)?;
    }
    if let Some(output) = history {
        output.write(&export::history_csv(&runs)?)?;
    }
    if let Some(output) = plot {
        output.write(plot::loss_curves(&runs)?.as_bytes())?;
    }
    if let (Some(output), Some(recording)) = (trace, recording) {
        output.write(&recording.to_bytes()?)?;
    }
    Ok(())
}
