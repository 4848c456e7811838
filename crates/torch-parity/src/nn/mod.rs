//! `torch.nn`: layers with PyTorch's default initial weights, and losses.
//!
//! A layer's `new` takes what PyTorch has no default for; `with` takes the other
//! settings too. A model names its parts:
//!
//! ```
//! use tch::Tensor;
//! use torch_parity::children;
//! use torch_parity::nn::{Children, Conv2d, ConvOptions, Dropout, Layer, Linear, Module};
//!
//! struct Net {
//!     conv: Conv2d,
//!     dropout: Dropout,
//!     fc: Linear,
//! }
//!
//! impl Net {
//!     fn new() -> Self {
//!         let padded = ConvOptions { padding: [1, 1], ..ConvOptions::default() };
//!         Self {
//!             conv: Conv2d::with(1, 8, [3, 3], padded),
//!             dropout: Dropout::new(0.5),
//!             fc: Linear::new(8 * 4 * 4, 10),
//!         }
//!     }
//!
//!     fn forward(&self, x: &Tensor) -> Tensor {
//!         let x = self.conv.forward(x).relu().flatten(1, -1);
//!         self.fc.forward(&self.dropout.forward(&x))
//!     }
//! }
//!
//! impl Module for Net {
//!     fn children(&self) -> Children<'_> {
//!         children!(self.conv, self.dropout, self.fc)
//!     }
//! }
//!
//! let net = Net::new();
//! net.eval();
//! let logits = net.forward(&Tensor::zeros([2, 1, 4, 4], tch::kind::FLOAT_CPU));
//! assert_eq!(logits.size(), [2, 10]);
//! assert_eq!(net.named_parameters()[0].0, "conv.weight");
//! ```

mod module;
mod state_dict;

pub mod init;

mod bilinear;
mod linear;

mod conv;

mod pool;

mod batch_norm;
mod norm;

mod dropout;
mod embedding;

mod activation;
mod nonlinear;

mod recurrent;
mod rnn;

mod attend;
mod attention;
mod mask;
mod transformer;

mod sequential;

mod loss;

use attend::multi_head_attention_forward;

pub use activation::Activation;
pub use attention::{Attend, AttentionOptions, MultiheadAttention};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d, BatchNormOptions};
pub use bilinear::Bilinear;
pub use conv::{
    Conv, Conv1d, Conv2d, Conv3d, ConvOptions, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d,
};
pub use dropout::{Dropout, Dropout2d};
pub use embedding::Embedding;
pub use linear::Linear;
pub use loss::*;
pub use mask::generate_square_subsequent_mask;
pub use module::{Children, Layer, Module, named_parameters};
pub use nonlinear::{
    ELU, GELU, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyReLU, LogSigmoid, LogSoftmax, Mish,
    ReLU, ReLU6, SELU, SiLU, Sigmoid, Softmax, Softplus, Softsign, Tanh,
};
pub use norm::{GroupNorm, LayerNorm, NormOptions};
pub use pool::{
    AdaptiveAvgPool2d, AvgPool, AvgPool1d, AvgPool2d, Flatten, MaxPool, MaxPool1d, MaxPool2d,
};
pub use recurrent::RecurrentOptions;
pub use rnn::{GRU, LSTM, RNN};
pub use sequential::Sequential;
pub use transformer::{EncoderLayerOptions, TransformerEncoderLayer};
