//! PyTorch's layers and optimizers over tch, to the bit, and the record that
//! proves it.
//!
//! A port of a PyTorch script uses [`nn`], [`optim`], [`lr_scheduler`] and
//! [`data`], which do what PyTorch does in Python: the same libtorch kernels, in
//! the same order, on the same numbers. A [`trace::Recorder`] records what the
//! port does; the tool `parity` compares that with the record of the script, and
//! names the first tensor in which the two part. Here two runs that differ in their
//! learning rate:
//!
//! ```
//! use parity::compare::{Options, Verdict, compare};
//! use tch::Tensor;
//! use torch_parity::nn::{Layer, Linear, Module, mse_loss};
//! use torch_parity::optim::{Adam, Optimizer};
//! use torch_parity::trace::{Recorder, Trace};
//!
//! fn train(lr: f64, path: &std::path::Path) -> anyhow::Result<Trace> {
//!     tch::manual_seed(0);
//!     let (x, y) = (Tensor::randn([8, 3], tch::kind::FLOAT_CPU), Tensor::ones([8, 1], tch::kind::FLOAT_CPU));
//!     let model = Linear::new(3, 1);
//!     let mut optimizer = Adam::new(model.named_parameters(), lr);
//!     let recorder = Recorder::to_file("example", path)?; // from_env in a port
//!     let mut series = recorder.series("Linear-1", model.named_parameters())?;
//!     for _ in 0..3 {
//!         let output = model.forward(&x);
//!         let loss = mse_loss(&output, &y);
//!         optimizer.zero_grad();
//!         optimizer.backward(&loss);
//!         optimizer.step();
//!         series.step(&[("output", &output)], &loss, &optimizer)?;
//!     }
//!     recorder.finish()?;
//!     Ok(Trace::read(path)?)
//! }
//!
//! # fn main() -> anyhow::Result<()> {
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("a.safetensors");
//! let (a, again, b) = (train(1e-3, &path)?, train(1e-3, &path)?, train(1e-2, &path)?);
//! let report = |x, y| compare(["ours", "theirs"], x, y, &Options::default());
//! assert_eq!(report(&a, &again)?.verdict(), Verdict::Exact);
//! let report = report(&a, &b)?;
//! assert_eq!(report.first().unwrap().key.as_str(), "Linear-1/000001/param/weight");
//! println!("{report}"); // a table by phase, the place, both values, their bits
//! # Ok(())
//! # }
//! ```

pub mod cpu;
pub mod data;
mod defaults;
mod error;
pub mod lr_scheduler;
pub mod nn;
pub mod optim;
pub mod random;
pub mod trace;
mod values;

pub use self::error::{Error, Result};

/// The version of libtorch that this crate is linked to, as PyTorch spells it.
pub const TORCH_VERSION: &str = env!("TORCH_VERSION");

/// The folder of that libtorch when this crate was built, as `LIBTORCH` takes it.
pub const LIBTORCH: &str = env!("LIBTORCH_ROOT");

/// The version of tch.
pub const TCH_VERSION: &str = env!("TCH_VERSION");
