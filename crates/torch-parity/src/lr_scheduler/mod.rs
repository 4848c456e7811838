//! `torch.optim.lr_scheduler`: the rates as Python's floats, to the last bit.
//!
//! A scheduler is made for an optimizer, whose first rates it sets, and is
//! stepped with it:
//!
//! ```ignore
//! let mut scheduler = StepLr::new(&mut optimizer, 30, 0.1);
//! for epoch in 0..90 {
//!     // ... optimizer.step();
//!     scheduler.step(&mut optimizer);
//! }
//! ```
//!
//! The rates are computed from those before, as PyTorch's `get_lr` does: the
//! closed forms of textbooks round otherwise.

mod base;
mod cosine;
mod exponential;
mod lambda;
mod linear;
mod multi_step;
mod one_cycle;
mod plateau;
mod sequential;
mod step;
mod warm_restarts;

pub use base::{Base, Counter, LrScheduler};
pub use cosine::CosineAnnealingLr;
pub use exponential::ExponentialLr;
pub use lambda::{Factor, LambdaLr};
pub use linear::LinearLr;
pub use multi_step::MultiStepLr;
pub use one_cycle::{Anneal, OneCycleLr, OneCycleSettings};
pub use plateau::{Mode, PlateauSettings, ReduceLrOnPlateau, ThresholdMode};
pub use sequential::SequentialLr;
pub use step::StepLr;
pub use warm_restarts::CosineAnnealingWarmRestarts;
