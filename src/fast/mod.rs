//! The lesson's training loop without autograd, with the same bits as
//! [`lesson::train::fit`][plain], in well under half the time. Read that one to
//! learn what is done here.
//!
//! At the lesson's sizes a step is some seventy short calls, and what costs is
//! to build a graph, to walk it, and to allocate. Here
//! - the backward pass is written out: the calls that autograd would make, with
//!   their operands in its order, which rounding on some CPUs depends on;
//! - every tensor is made once, and kernels write into it (`_out`);
//! - Adam walks twice through all parameters, as one vector;
//! - log-softmax runs on the transposed logits;
//! - the first weight's gradient and tanh, in which MKL is slow on AMD's CPUs, are
//!   computed here, to its bits.
//!
//! The last three and Adam rest on how libtorch's kernels round on the CPU at hand, which
//! is tried first; where they round otherwise, its own are called.
//! `tests/suite/fast.rs` trains by both loops and compares every tensor.
//!
//! [plain]: crate::lesson::train::fit

mod activation;
mod adam;
mod cross_entropy;
mod pass;
mod product;
mod tanh;
mod values;
mod weight_grad;

use anyhow::Result;
use tch::{Device, Kind, Tensor};
use torch_parity::nn::{Activation, Module};
use torch_parity::trace::{Observer, Step};

use self::adam::FlatAdam;
use self::cross_entropy::CrossEntropy;
use self::pass::Pass;

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Whether libtorch runs on one thread, as what is computed here does.
fn has_one_thread() -> bool {
    tch::get_num_threads() == 1
}

#[cfg(test)]
fn is_amd() -> bool {
    std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains("AuthenticAMD"))
}

/// Trains `model`, two linear layers with `activation` between them, full-batch
/// on cross-entropy with Adam; returns the loss of every epoch. Does and tells
/// what [`lesson::train::fit`][plain] does, bit for bit.
///
/// [plain]: crate::lesson::train::fit
pub fn fit(
    name: &str,
    activation: Activation,
    model: &dyn Module,
    lr: f64,
    (x, y): (&Tensor, &Tensor),
    epochs: usize,
    observer: &mut dyn Observer,
) -> Result<Vec<f64>> {
    let _no_grad = tch::no_grad_guard();
    let mut optimizer = FlatAdam::new(model.named_parameters(), lr);
    let pass = Pass::new(activation, &optimizer, x);
    let mut criterion = CrossEntropy::new(&pass.logits, y);
    let mut losses = Vec::with_capacity(epochs);
    for epoch in 1..=epochs {
        pass.forward();
        losses.push(criterion.forward(&pass.logits));
        criterion.backward(&pass.grad_logits);
        pass.backward();
        optimizer.step();
        observer.step(&Step {
            series: name,
            step: epoch,
            forward: &[("logits", &pass.logits)],
            loss: criterion.loss(),
            optimizer: &optimizer,
        })?;
    }
    Ok(losses)
}
