//! What a run of `curve` depends on; the doc comments are the help.

use anyhow::{Result, ensure};
use clap::Args;

use super::{joined, unique, whole};
use crate::pytorch::activation::Activation;
use crate::pytorch::float::repr;

/// The settings of `curve`, as its flags.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct Curve {
    /// Points to look at, equally far apart
    #[arg(long, default_value_t = 400, value_parser = whole::<i64>(2..=1_000_000), allow_negative_numbers = true)]
    pub points: i64,
    /// The first point, from -1e6
    #[arg(long, default_value_t = -10.0, value_parser = abscissa, allow_negative_numbers = true)]
    pub from: f64,
    /// The last point, up to 1e6
    #[arg(long, default_value_t = 10.0, value_parser = abscissa, allow_negative_numbers = true)]
    pub to: f64,
    /// An activation is saturated where its slope is below this share of its
    /// largest one, from 0 to 1
    #[arg(long, default_value_t = 0.01, value_parser = share, allow_negative_numbers = true)]
    pub saturation: f64,
    /// What to look at, in this order
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "NAME,...",
        default_value = "tanh"
    )]
    pub activations: Vec<Activation>,
    /// Threads of libtorch; at these sizes one is fastest
    #[arg(long, default_value_t = 1, value_parser = whole::<i32>(1..=1024), allow_negative_numbers = true)]
    pub threads: i32,
}

impl Curve {
    /// Refuses an empty span, and a list that names an activation twice.
    pub fn validated(&self) -> Result<&Self> {
        ensure!(self.from < self.to, "--from must be less than --to");
        unique("--activations", &self.activations, |activation| activation.name())?;
        Ok(self)
    }

    /// Everything that the results depend on, as name and text.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        vec![
            ("points", self.points.to_string()),
            ("from", repr(self.from)),
            ("to", repr(self.to)),
            ("saturation", repr(self.saturation)),
            ("activations", joined(&self.activations, |activation| activation.name())),
        ]
    }
}

fn abscissa(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if (-1e6..=1e6).contains(&x) => Ok(x),
        _ => Err("it is a number from -1e6 to 1e6".to_owned()),
    }
}

/// A part of a whole.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if (0.0..=1.0).contains(&x) => Ok(x),
        _ => Err("it is a number from 0 to 1".to_owned()),
    }
}
