//! The part of PyTorch that is written in Python, done again over tch, so that
//! the same libtorch kernels run in the same order on the same numbers.

pub mod activation;
pub mod failure;
pub mod float;
pub mod nn;
pub mod optim;
pub mod rnn;

/// The version of libtorch that this binary is linked to, as PyTorch spells it.
pub const VERSION: &str = env!("TORCH_VERSION");
