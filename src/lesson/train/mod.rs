//! Section 6: an MLP trained with several activations, final losses compared.
//! Twin of `python_ref/train.py`.

mod output;
mod settings;

use anyhow::Result;
use tch::{Device, Kind, Tensor};
use torch_parity::nn::{Activation, Layer, Linear, Module, named_parameters};
use torch_parity::optim::Steps;
use torch_parity::trace::{Observer, Step};

pub use self::settings::{Run, Train};
use crate::fast;

/// Standard normal inputs; the label says whether they add up to more than 0.
pub fn make_data(samples: i64, features: i64) -> (Tensor, Tensor) {
    let x = Tensor::randn([samples, features], (Kind::Float, Device::Cpu)); // (N, D)
    let y = x.sum_dim_intlist(1, false, None).gt(0).to_kind(Kind::Int64); // (N,)
    (x, y)
}

/// One hidden layer between two linear ones.
#[derive(Debug)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
    activation: Activation,
}

impl Mlp {
    /// Draws the initial weights of `fc1`, then of `fc2`.
    pub fn new(features: i64, hidden: i64, activation: Activation) -> Self {
        let fc1 = Linear::new(features, hidden);
        let fc2 = Linear::new(hidden, 2);
        Self { fc1, fc2, activation }
    }
}

impl Layer for Mlp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let h = self.activation.apply(&self.fc1.forward(x)); // (N, H)
        self.fc2.forward(&h) // (N, C)
    }
}

impl Module for Mlp {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(&[("fc1", &self.fc1), ("fc2", &self.fc2)])
    }
}

/// Trains full-batch; returns the loss of every epoch.
pub fn fit(
    name: &str,
    model: &dyn Layer,
    criterion: impl Fn(&Tensor, &Tensor) -> Tensor,
    optimizer: &mut dyn Steps,
    (x, y): (&Tensor, &Tensor),
    epochs: usize,
    observer: &mut dyn Observer,
) -> Result<Vec<f64>> {
    let mut losses = Vec::with_capacity(epochs);
    for epoch in 1..=epochs {
        let logits = model.forward(x); // (N, C)
        let loss = criterion(&logits, y); // ()
        optimizer.zero_grad();
        optimizer.backward(&loss);
        optimizer.step();
        losses.push(loss.double_value(&[]));
        let forward = &[("logits", &logits)];
        observer.step(&Step { series: name, step: epoch, forward, loss: &loss, optimizer })?;
    }
    Ok(losses)
}

/// Trains every chosen activation in turn; returns each with its losses.
pub fn train(args: &Train, observer: &mut dyn Observer) -> Result<Vec<(Activation, Vec<f64>)>> {
    let Train { seed, run } = args;
    tch::set_num_threads(run.threads.count);
    tch::manual_seed(*seed);
    let (x, y) = make_data(run.samples, run.features);
    observer.data(&[("x", &x), ("y", &y)])?;
    let mut losses = Vec::new();
    for &activation in &run.activations {
        if run.same_init {
            tch::manual_seed(*seed);
        }
        let model = Mlp::new(run.features, run.hidden, activation);
        let name = activation.name();
        observer.init(name, &model)?;
        // `fit` with cross_entropy and Adam, to the bit, in a little over a third of its time.
        let fitted = fast::fit(name, activation, &model, run.lr, (&x, &y), run.epochs, observer)?;
        losses.push((activation, fitted));
    }
    Ok(losses)
}
