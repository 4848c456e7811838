//! What a run of `curve` depends on; the doc comments are the help.

use clap::Args;
use serde::Serialize;
use torch_parity::nn::Activation;

use crate::lesson::settings::{DATA, Threads, activation, number, share, whole};

/// The settings of `curve`, as its flags.
#[derive(Args, Clone, Debug, PartialEq, Serialize)]
#[command(next_help_heading = DATA)]
pub struct Curve {
    /// Points to look at, evenly spaced, from 2 to 1000000
    #[arg(long, default_value_t = 400, value_parser = whole::<i64>(2..=1_000_000), allow_negative_numbers = true)]
    pub points: i64,
    /// The first point, from -1e6 to 1e6
    #[arg(long, default_value_t = -10.0, value_parser = abscissa, allow_negative_numbers = true)]
    pub from: f64,
    /// The last point, from -1e6 to 1e6
    #[arg(long, default_value_t = 10.0, value_parser = abscissa, allow_negative_numbers = true)]
    pub to: f64,
    /// An activation is saturated where its slope is below this share of its
    /// largest one, from 0 to 1
    #[arg(long, default_value_t = 0.01, value_parser = share, allow_negative_numbers = true)]
    pub saturation: f64,
    /// Activations to look at, in this order
    #[arg(long, value_parser = activation(), value_delimiter = ',', value_name = "NAME,...", default_value = "tanh")]
    pub activations: Vec<Activation>,
    #[command(flatten)]
    #[serde(skip)]
    #[allow(missing_docs)]
    pub threads: Threads,
}

fn abscissa(text: &str) -> Result<f64, String> {
    number(text, -1e6..=1e6, "-1e6 to 1e6")
}
