//! Section 6: an MLP trained with several activations, final losses compared.
//! Twin of `python_ref/train.py`.

use tch::{Device, Kind, Tensor};

use crate::fast;
use crate::lesson::Experiment;
use crate::pytorch::activation::Activation;
use crate::pytorch::nn::{Linear, Module, cross_entropy, named_parameters, names, parameters};
use crate::pytorch::optim::{Adam, Optimizer};
use crate::settings::Settings;
use crate::trace::{Observer, Step};

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
    /// Between the two.
    pub activation: Activation,
}

impl Mlp {
    /// Draws the initial weights of `fc1`, then of `fc2`.
    pub fn new(features: i64, hidden: i64, activation: Activation) -> Self {
        let fc1 = Linear::new(features, hidden);
        let fc2 = Linear::new(hidden, 2);
        Self { fc1, fc2, activation }
    }
}

impl Module for Mlp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let h = self.activation.apply(&self.fc1.forward(x)); // (N, H)
        self.fc2.forward(&h) // (N, C)
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(&[("fc1", &self.fc1), ("fc2", &self.fc2)])
    }
}

/// Trains full-batch; returns the loss of every epoch.
///
/// [`train`] runs [`fast::fit`], which does just this, to the bit; `signal`,
/// `recurrent` and `generator` train by this one.
pub fn fit(
    name: &str,
    model: &impl Module,
    criterion: impl Fn(&Tensor, &Tensor) -> Tensor,
    optimizer: &mut impl Optimizer,
    (x, y): (&Tensor, &Tensor),
    epochs: usize,
    observer: &mut impl Observer,
) -> Vec<f64> {
    let names = names(model);
    let mut losses = Vec::with_capacity(epochs);
    for epoch in 1..=epochs {
        let logits = model.forward(x); // (N, C)
        let loss = criterion(&logits, y); // ()
        let grads = optimizer.backward(&loss);
        optimizer.step(&grads);
        losses.push(loss.double_value(&[]));
        observer.step(&Step {
            series: name,
            epoch,
            logits: &logits,
            loss: &loss,
            grads: &grads,
            names: &names,
            params: optimizer.params(),
            state: optimizer.state(),
        });
    }
    losses
}

/// Everything random of a run: the data and the untrained networks.
#[derive(Debug)]
pub struct Drawn {
    x: Tensor, // (N, D)
    y: Tensor, // (N,)
    models: Vec<Mlp>,
}

/// Draws the data, then the network of every chosen activation. Training draws
/// nothing, so each network is as if drawn when its turn came; and a sweep can
/// train several seeds at once, though libtorch has a single generator. Train
/// in the thread that drew, since the number of intra-op threads is a thread's.
pub fn draw(settings: &Settings) -> Drawn {
    tch::set_num_threads(settings.threads);
    tch::manual_seed(settings.seed);
    let (x, y) = make_data(settings.samples, settings.features);
    let network = |&activation: &Activation| {
        if settings.same_init {
            tch::manual_seed(settings.seed);
        }
        Mlp::new(settings.features, settings.hidden, activation)
    };
    let models = settings.activations.iter().map(network).collect();
    Drawn { x, y, models }
}

/// Which loop trains a network. Both give the same bits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Loop {
    /// [`fit`], the lesson's.
    Plain,
    /// [`fast::fit`], in two fifths of the time.
    Fast,
}

/// Trains every chosen activation in turn, by the fast loop; returns each with
/// its losses.
pub fn train(settings: &Settings, observer: &mut impl Observer) -> Vec<(Activation, Vec<f64>)> {
    train_drawn(Loop::Fast, settings, draw(settings), observer)
}

/// The part of [`train`] that needs no generator, by the loop of choice.
pub fn train_drawn(
    how: Loop,
    settings: &Settings,
    Drawn { x, y, models }: Drawn,
    observer: &mut impl Observer,
) -> Vec<(Activation, Vec<f64>)> {
    observer.data(&[("x", &x), ("y", &y)]);
    let mut losses = Vec::new();
    for model in models {
        let name = model.activation.name();
        observer.init(&name, &model.named_parameters());
        let data = (&x, &y);
        let fitted = match how {
            Loop::Plain => {
                let mut optimizer = Adam::new(parameters(&model), settings.lr);
                fit(&name, &model, cross_entropy, &mut optimizer, data, settings.epochs, observer)
            }
            Loop::Fast => fast::fit(&name, &model, settings.lr, data, settings.epochs, observer),
        };
        losses.push((model.activation, fitted));
    }
    losses
}

impl Experiment for Settings {
    const NAME: &'static str = "train";

    type Findings = Vec<(Activation, Vec<f64>)>;

    fn settings(&self) -> Vec<(&'static str, String)> {
        self.named()
    }

    fn threads(&self) -> i32 {
        self.threads
    }

    fn steps(&self) -> usize {
        self.epochs * self.activations.len()
    }

    fn run(&self, observer: &mut impl Observer) -> Self::Findings {
        train(self, observer)
    }
}
