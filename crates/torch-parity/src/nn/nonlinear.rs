//! The activations of `torch.nn` as modules.

use tch::Tensor;

use super::{Activation, Layer, Module};
use crate::defaults::defaults;

impl Layer for Activation {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.apply(x)
    }
}

impl Module for Activation {}

/// Modules without settings: name, formula, call.
macro_rules! activations {
    ($($name:ident, $formula:literal, |$x:ident| $call:expr;)*) => {$(
        #[doc = concat!("`torch.nn.", stringify!($name), "`: ", $formula, ".")]
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $name;

        impl Layer for $name {
            fn forward(&self, $x: &Tensor) -> Tensor {
                $call
            }
        }

        impl Module for $name {}
    )*};
}

activations! {
    Identity, "x itself", |x| x.shallow_clone();
    Sigmoid, "1 / (1 + exp(-x))", |x| x.sigmoid();
    Tanh, "2σ(2x) - 1", |x| x.tanh();
    ReLU, "max(0, x)", |x| x.relu();
    ReLU6, "x clamped to [0, 6]", |x| Hardtanh { min_val: 0.0, max_val: 6.0 }.forward(x);
    SELU, "ELU, scaled to keep mean 0 and variance 1", |x| x.selu();
    SiLU, "x · σ(x)", |x| x.silu();
    Mish, "x · tanh(softplus(x))", |x| x.mish();
    Softplus, "log(1 + exp(x)), x itself above 20", |x| x.softplus();
    Softsign, "x / (1 + |x|)", |x| Activation::Softsign.apply(x);
    LogSigmoid, "log σ(x)", |x| x.log_sigmoid();
    Hardsigmoid, "x/6 + 1/2, clamped to [0, 1]", |x| x.hardsigmoid();
    Hardswish, "x · hardsigmoid(x)", |x| x.hardswish();
}

/// `torch.nn.GELU` (Hendrycks and Gimpel, 2016): x · Φ(x), with Φ by the error
/// function, or by tanh, which is `approximate="tanh"`.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub enum GELU {
    #[default]
    None,
    Tanh,
}

impl Layer for GELU {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.gelu(match self {
            Self::None => "none",
            Self::Tanh => "tanh",
        })
    }
}

impl Module for GELU {}

/// `torch.nn.LeakyReLU`: x where positive, slope · x elsewhere; PyTorch's default
/// slope is 0.01.
#[derive(Clone, Copy, Debug)]
pub struct LeakyReLU(pub f64);

impl Layer for LeakyReLU {
    fn forward(&self, x: &Tensor) -> Tensor {
        // tch's leaky_relu takes no slope; prelu with a fixed one is the same
        // arithmetic.
        x.prelu(&Tensor::from(self.0).to_kind(x.kind()).view([1]))
    }
}

impl Module for LeakyReLU {}

/// `torch.nn.ELU`: x where positive, α · (exp(x) - 1) elsewhere; PyTorch's default
/// α is 1.
#[derive(Clone, Copy, Debug)]
pub struct ELU(pub f64);

impl Layer for ELU {
    fn forward(&self, x: &Tensor) -> Tensor {
        // tch's elu takes no α. A factor for each value, not two branches whose
        // gradients are added: 0 + -0 would be another number.
        let alpha = Tensor::from(self.0).to_kind(x.kind());
        x.elu() * x.ones_like().where_self(&x.gt(0), &alpha)
    }
}

impl Module for ELU {}

defaults! {
    /// `torch.nn.Hardtanh`: x clamped; PyTorch's default range is [-1, 1].
    #[derive(Clone, Copy, Debug)]
    pub struct Hardtanh {
        /// -1 by default.
        pub min_val: f64 = -1.0,
        /// 1 by default.
        pub max_val: f64 = 1.0,
    }
}

impl Layer for Hardtanh {
    fn forward(&self, x: &Tensor) -> Tensor {
        // tch's hardtanh takes no range, and clamp has a gradient at its ends.
        let outside = x.le(self.min_val).logical_or(&x.ge(self.max_val));
        x.detach().clamp(self.min_val, self.max_val).where_self(&outside, x)
    }
}

impl Module for Hardtanh {}

/// `torch.nn.Softmax` over this dimension.
#[derive(Clone, Copy, Debug)]
pub struct Softmax(pub i64);

impl Layer for Softmax {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.softmax(self.0, None)
    }
}

impl Module for Softmax {}

/// `torch.nn.LogSoftmax` over this dimension.
#[derive(Clone, Copy, Debug)]
pub struct LogSoftmax(pub i64);

impl Layer for LogSoftmax {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.log_softmax(self.0, None)
    }
}

impl Module for LogSoftmax {}
