//! All tests of the library, in one binary: it is linked once, and one Python that has
//! imported PyTorch does for all.

mod build;
mod data;
mod digest;
mod init;
mod layers;
mod lbfgs;
mod live;
mod losses;
mod lr_scheduler;
mod optim;
mod python_to_rust;
mod rng_state;
mod state;
mod tch_optim;
mod tch_own;
