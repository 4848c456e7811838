//! `torch.nn`: layers with PyTorch's default initial weights, and losses.

mod module;
mod state_dict;

pub mod init;

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
pub use conv::{
    Conv, Conv1d, Conv2d, Conv3d, ConvOptions, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d,
};
pub use dropout::{Dropout, Dropout2d};
pub use embedding::Embedding;
pub use linear::Linear;
pub use loss::*;
pub use mask::generate_square_subsequent_mask;
pub use module::{Children, Module, named_parameters};
pub use nonlinear::{
    ELU, GELU, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyReLU, LogSigmoid, LogSoftmax, Mish,
    ReLU, ReLU6, SELU, SiLU, Sigmoid, Softmax, Softplus, Softsign, Tanh,
};
pub use norm::{GroupNorm, LayerNorm, NormOptions};
pub use pool::{
    AdaptiveAvgPool2d, AvgPool, AvgPool1d, AvgPool2d, Flatten, MaxPool, MaxPool1d, MaxPool2d,
};
pub use recurrent::{GRU, LSTM, RNN, RecurrentOptions};
pub use sequential::Sequential;
pub use transformer::{EncoderLayerOptions, TransformerEncoderLayer};
