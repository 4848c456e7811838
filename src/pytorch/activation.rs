//! The activations of `torch.nn.functional`, with its default arguments.
//! Twin of `python_ref/activation.py`.

use clap::ValueEnum;
use serde::Serialize;
use tch::Tensor;

/// An activation, by its name on the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// σ(x) = 1 / (1 + exp(-x)), in (0, 1)
    Sigmoid,
    /// tanh(x) = 2σ(2x) - 1, in (-1, 1)
    Tanh,
    /// max(0, x)
    Relu,
    /// x where positive, 0.01x elsewhere
    LeakyRelu,
    /// x where positive, exp(x) - 1 elsewhere
    Elu,
    /// x · Φ(x), by the error function
    Gelu,
    /// x · σ(x)
    Silu,
    /// log(1 + exp(x)), x itself above 20
    Softplus,
    /// x clamped to [-1, 1]
    Hardtanh,
    /// x / (1 + |x|)
    Softsign,
}

impl Activation {
    /// Applies it to every value of `x`; the shape stays.
    pub fn apply(self, x: &Tensor) -> Tensor {
        match self {
            Self::Sigmoid => x.sigmoid(),
            Self::Tanh => x.tanh(),
            Self::Relu => x.relu(),
            Self::LeakyRelu => x.leaky_relu(),
            Self::Elu => x.elu(),
            Self::Gelu => x.gelu("none"),
            Self::Silu => x.silu(),
            Self::Softplus => x.softplus(),
            Self::Hardtanh => x.hardtanh(),
            // torch.nn.functional.softsign is written in Python, and like this.
            Self::Softsign => x / (x.abs() + 1),
        }
    }

    /// Its name on the command line, in CSVs and in trace keys.
    pub fn name(self) -> String {
        self.to_possible_value().expect("no activation is skipped").get_name().to_owned()
    }
}
