//! A run of the catalogue of mistakes as a program of its own, so that its operations can
//! be watched: with the mistake of that name, or the right run of `train`, `cnn` or `gpt`.

use anyhow::{Context, Result};
use clap::Parser;
use tanh_parity::lesson::train::Train;
use tanh_parity::pitfalls::{self, Cnn, Gpt, Parts, Port};
use torch_parity::trace::{Observer, Step};

#[derive(Parser)]
struct Args {
    name: String,
    #[command(flatten)]
    train: Train,
}

fn main() -> Result<()> {
    let Args { name, train } = Args::parse();
    let rights: [&'static dyn Port; 3] = [&Parts::RIGHT, &Cnn::RIGHT, &Gpt::RIGHT];
    let right = rights.into_iter().find(|it| it.name() == name);
    let wrong = || pitfalls::all().find(|it| it.name == name).map(|it| it.parts);
    let port = right.or_else(wrong).context("no run has this name")?;
    port.train(&train, &mut Losses)
}

/// Reads the loss that is reported of each step, as programs do, and nothing else.
struct Losses;

impl Observer for Losses {
    fn step(&mut self, at: &Step) -> torch_parity::Result<()> {
        at.loss.double_value(&[]);
        Ok(())
    }
}
