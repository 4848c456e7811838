//! Records a PyTorch script and its port, names the first place where they part,
//! and why. It loads no libtorch.

pub mod compare;
pub mod text;
