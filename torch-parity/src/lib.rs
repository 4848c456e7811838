//! PyTorch's layers and optimizers over tch, to the bit, and the record that
//! proves it.

pub mod compare;
pub mod data;
pub mod failure;
pub mod lr_scheduler;
pub mod nn;
pub mod optim;
pub mod random;
pub mod text;
pub mod trace;

/// The version of libtorch that this crate is linked to, as PyTorch spells it.
pub const TORCH_VERSION: &str = env!("TORCH_VERSION");

/// The folder of that libtorch when this crate was built, as `LIBTORCH` takes it.
pub const LIBTORCH: &str = env!("LIBTORCH_ROOT");

/// The version of tch.
pub const TCH_VERSION: &str = env!("TCH_VERSION");
