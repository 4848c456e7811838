//! Section 4: recurrent cells on a task that needs memory, by activation.
//! Twin of `python_ref/recurrent.py`.

mod cell;
mod output;
mod settings;

use anyhow::Result;
use serde::Serialize;
use tch::{Device, Kind, Tensor, no_grad};
use torch_parity::nn::{Activation, Layer, Linear, Module, cross_entropy, named_parameters};
use torch_parity::optim::Adam;
use torch_parity::trace::Observer;

use self::cell::Cell;
pub use self::cell::CellKind;
pub use self::settings::Recurrent;
use crate::export::as_python;
use crate::lesson::train::fit;

/// The share of samples to get right that counts as knowing them.
const KNOWN: f64 = 0.9;

/// Standard normal sequences; the label says whether the first input's features
/// add up to more than 0. All inputs after it are a distraction.
pub fn make_data(steps: i64, samples: i64, features: i64) -> (Tensor, Tensor) {
    let x = Tensor::randn([steps, samples, features], (Kind::Float, Device::Cpu)); // (T, N, D)
    let y = x.get(0).sum_dim_intlist(1, false, None).gt(0).to_kind(Kind::Int64); // (N,)
    (x, y)
}

/// Reads a sequence, then says which class its first input had.
#[derive(Debug)]
pub struct Classifier {
    rnn: Cell,
    fc: Linear,
}

impl Classifier {
    /// Draws the initial weights of `rnn`, then of `fc`.
    pub fn new(cell: CellKind, features: i64, hidden: i64, activation: Activation) -> Self {
        let rnn = Cell::new(cell, features, hidden, activation);
        let fc = Linear::new(hidden, 2);
        Self { rnn, fc }
    }
}

impl Layer for Classifier {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.fc.forward(&self.rnn.forward(x)) // (N, C)
    }
}

impl Module for Classifier {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(&[("rnn", &self.rnn), ("fc", &self.fc)])
    }
}

/// What became of one network; a row of the CSV.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Its cell.
    pub cell: CellKind,
    /// What stands in tanh's place.
    pub activation: Activation,
    /// The length of its sequences.
    pub steps: i64,
    /// The loss of the last epoch.
    #[serde(serialize_with = "as_python")]
    pub loss: f64,
    /// The share of training samples that it gets right, after training.
    #[serde(serialize_with = "as_python")]
    pub accuracy: f64,
    /// The same for as many new samples.
    #[serde(serialize_with = "as_python")]
    pub new_accuracy: f64,
    /// Norm of the loss's gradient at the first input, before training.
    #[serde(serialize_with = "as_python")]
    pub first_grad_before: f64,
    /// At the last input, before training.
    #[serde(serialize_with = "as_python")]
    pub last_grad_before: f64,
    /// At the first input, after training.
    #[serde(serialize_with = "as_python")]
    pub first_grad_after: f64,
    /// At the last input, after training.
    #[serde(serialize_with = "as_python")]
    pub last_grad_after: f64,
}

impl Finding {
    /// Whether it knows the task.
    pub fn learned(&self) -> bool {
        self.new_accuracy >= KNOWN
    }

    /// Whether it knows the training samples but not the task.
    pub fn by_heart(&self) -> bool {
        self.accuracy >= KNOWN && !self.learned()
    }
}

/// The gradient of the loss at every input, (T, N, D).
fn input_grad(model: &Classifier, (x, y): (&Tensor, &Tensor)) -> Tensor {
    let x = x.copy().set_requires_grad(true);
    let loss = cross_entropy(&model.forward(&x), y);
    Tensor::run_backward(&[&loss], &[&x], false, false).remove(0)
}

/// The norms of the gradient at the first and at the last input.
fn ends(grad: &Tensor) -> [f64; 2] {
    [0, -1].map(|t| grad.get(t).norm().double_value(&[]))
}

/// The share of samples whose larger logit is that of their class.
fn accuracy(logits: &Tensor, y: &Tensor) -> f64 {
    let right = logits.argmax(1, false).eq_tensor(y).sum(None).int64_value(&[]);
    right as f64 / y.size()[0] as f64
}

/// Trains one network from the seed, which it shares with all others.
fn run_one(
    args: &Recurrent,
    (cell, activation, steps): (CellKind, Activation, i64),
    (x, y): (&Tensor, &Tensor),
    (new_x, new_y): (&Tensor, &Tensor),
    observer: &mut dyn Observer,
) -> Result<Finding> {
    tch::manual_seed(args.seed);
    let model = Classifier::new(cell, args.features, args.hidden, activation);
    let optimizer = &mut Adam::new(model.named_parameters(), args.lr);
    let series = format!("{}-{}-{steps}", cell.name(), activation.name());
    observer.init(&series, &model)?;

    let before = input_grad(&model, (x, y));
    observer.measure(&series, 0, &[("x.grad", &before)])?;
    let losses = fit(&series, &model, cross_entropy, optimizer, (x, y), args.epochs, observer)?;
    let after = input_grad(&model, (x, y));
    let (logits, new_logits) = no_grad(|| (model.forward(x), model.forward(new_x)));
    let measured = [("x.grad", &after), ("logits", &logits), ("new_logits", &new_logits)];
    observer.measure(&series, args.epochs, &measured)?;
    let [first_grad_before, last_grad_before] = ends(&before);
    let [first_grad_after, last_grad_after] = ends(&after);
    Ok(Finding {
        cell,
        activation,
        steps,
        loss: losses[losses.len() - 1],
        accuracy: accuracy(&logits, y),
        new_accuracy: accuracy(&new_logits, new_y),
        first_grad_before,
        last_grad_before,
        first_grad_after,
        last_grad_after,
    })
}

/// Trains every cell with every activation on every length.
pub fn recurrent(args: &Recurrent, observer: &mut dyn Observer) -> Result<Vec<Finding>> {
    tch::set_num_threads(args.threads.count);
    let mut findings = Vec::new();
    for &steps in &args.steps {
        // Seeded anew, so that each network comes out the same whatever else is
        // trained.
        tch::manual_seed(args.seed);
        let (x, y) = make_data(steps, args.samples, args.features);
        let (new_x, new_y) = make_data(steps, args.samples, args.features);
        for (name, tensor) in [("x", &x), ("y", &y), ("new_x", &new_x), ("new_y", &new_y)] {
            observer.data(&[(&format!("{name}{steps}"), tensor)])?;
        }
        for &cell in &args.cells {
            for &activation in &args.activations {
                let network = (cell, activation, steps);
                findings.push(run_one(args, network, (&x, &y), (&new_x, &new_y), observer)?);
            }
        }
    }
    Ok(findings)
}
