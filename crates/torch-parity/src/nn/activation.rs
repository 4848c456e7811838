//! The activations of `torch.nn.functional`, with its default arguments.

use std::str::FromStr;

use serde::{Serialize, Serializer};
use tch::Tensor;

/// An activation function.
///
/// To add one: a variant, its line in [`ALL`](Self::ALL), and its call in
/// [`apply`](Self::apply).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs)] // ALL says what each is
pub enum Activation {
    Sigmoid,
    Tanh,
    Relu,
    LeakyRelu,
    Elu,
    Gelu,
    Silu,
    Softplus,
    Hardtanh,
    Softsign,
    Mish,
    Selu,
    Hardswish,
    Hardsigmoid,
}

impl Activation {
    /// Every activation with its name and its formula.
    pub const ALL: &[(Self, &str, &str)] = &[
        (Self::Sigmoid, "sigmoid", "σ(x) = 1 / (1 + exp(-x)), in (0, 1)"),
        (Self::Tanh, "tanh", "tanh(x) = 2σ(2x) - 1, in (-1, 1)"),
        (Self::Relu, "relu", "max(0, x)"),
        (Self::LeakyRelu, "leaky-relu", "x where positive, 0.01x elsewhere"),
        (Self::Elu, "elu", "x where positive, exp(x) - 1 elsewhere"),
        (Self::Gelu, "gelu", "x · Φ(x), by the error function"),
        (Self::Silu, "silu", "x · σ(x)"),
        (Self::Softplus, "softplus", "log(1 + exp(x)), x itself above 20"),
        (Self::Hardtanh, "hardtanh", "x clamped to [-1, 1]"),
        (Self::Softsign, "softsign", "x / (1 + |x|)"),
        (Self::Mish, "mish", "x · tanh(softplus(x))"),
        (Self::Selu, "selu", "1.0507x where positive, 1.7581(exp(x) - 1) elsewhere"),
        (Self::Hardswish, "hardswish", "x · hardsigmoid(x)"),
        (Self::Hardsigmoid, "hardsigmoid", "x / 6 + 1/2, clamped to [0, 1]"),
    ];

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
            Self::Mish => x.mish(),
            Self::Selu => x.selu(),
            Self::Hardswish => x.hardswish(),
            Self::Hardsigmoid => x.hardsigmoid(),
        }
    }

    /// Its name in flags, CSVs and keys of a record.
    pub fn name(self) -> &'static str {
        let (_, name, _) = Self::ALL[self as usize];
        name
    }
}

impl FromStr for Activation {
    type Err = String;

    /// Reads a [`name`](Self::name).
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, name, _)| *name == text);
        found.map(|(activation, ..)| *activation).ok_or_else(|| format!("no activation {text}"))
    }
}

impl Serialize for Activation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Activation;

    #[test]
    fn the_list_is_in_the_order_of_the_variants() {
        for (activation, name, _) in Activation::ALL {
            assert_eq!(activation.name(), *name);
            assert_eq!(name.parse(), Ok(*activation));
        }
    }
}
