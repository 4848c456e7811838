//! What a run of `signal` depends on; the doc comments are the help.

use clap::Args;
use serde::Serialize;

use crate::lesson::settings::{DATA, share, whole};
use crate::lesson::train::Train;

/// The settings of `signal`: those of `train`, and two more.
#[derive(Args, Clone, Debug, PartialEq, Serialize)]
#[command(next_help_heading = DATA)]
pub struct Signal {
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub train: Train,
    /// Numbers of hidden layers, from 1 to 100; each is a run of its own
    #[arg(long, value_delimiter = ',', value_name = "N,...", default_value = "1,2,4,8,16", value_parser = whole::<i64>(1..=100), allow_negative_numbers = true)]
    pub depths: Vec<i64>,
    /// An output is saturated where the activation's slope is below this share
    /// of its largest one, from 0 to 1
    #[arg(long, default_value_t = 0.01, value_parser = share, allow_negative_numbers = true)]
    pub saturation: f64,
}
