//! Sections 2, 3, 7: what flows through networks of many layers. Twin of
//! `python_ref/signal.py`.

use tch::Tensor;

use crate::lesson::Experiment;
use crate::lesson::layers::{Found, Row, measure, rows};
use crate::lesson::train::{fit, make_data};
use crate::pytorch::activation::Activation;
use crate::pytorch::nn::{Linear, Module, cross_entropy, named_parameters, parameters};
use crate::pytorch::optim::Adam;
use crate::settings::Signal;
use crate::trace::Observer;

/// So many hidden layers; with one it is the MLP of `train`.
#[derive(Debug)]
pub struct DeepMlp {
    hidden: Vec<Linear>,
    pub(super) last: Linear,
    pub(super) activation: Activation,
}

impl DeepMlp {
    /// Draws the initial weights of `fc1`, `fc2` and so on.
    pub fn new(features: i64, hidden: i64, depth: i64, activation: Activation) -> Self {
        let fan_in = |i| if i == 0 { features } else { hidden };
        let layers = (0..depth).map(|i| Linear::new(fan_in(i), hidden)).collect();
        Self { hidden: layers, last: Linear::new(hidden, 2), activation }
    }

    /// Every hidden layer's inputs to the activation and outputs, (N, H) each.
    pub(super) fn hidden(&self, x: &Tensor) -> Vec<(Tensor, Tensor)> {
        let mut x = x.shallow_clone();
        let layer = |fc: &Linear| {
            let z = fc.forward(&x);
            x = self.activation.apply(&z);
            (z, x.shallow_clone())
        };
        self.hidden.iter().map(layer).collect()
    }
}

impl Module for DeepMlp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let layers = self.hidden(x);
        let (_, h) = &layers[layers.len() - 1];
        self.last.forward(h) // (N, C)
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let layers = self.hidden.iter().chain([&self.last]);
        let named: Vec<_> = (1..).zip(layers).map(|(i, fc)| (format!("fc{i}"), fc)).collect();
        let parts: Vec<_> = named.iter().map(|(name, fc)| (&**name, *fc as &dyn Module)).collect();
        named_parameters(&parts)
    }
}

/// One network before and after training.
#[derive(Debug)]
pub struct Network {
    /// Of its hidden layers.
    pub activation: Activation,
    /// How many they are.
    pub depth: i64,
    /// What was found with the initial parameters.
    pub before: Found,
    /// What was found with the final ones.
    pub after: Found,
    /// The loss of the last epoch.
    pub loss: f64,
}

/// What `signal` finds.
#[derive(Debug)]
pub struct Findings {
    /// In the order in which they were trained.
    pub networks: Vec<Network>,
    /// Of every network, every layer.
    pub rows: Vec<Row>,
}

/// Measures every network before and after training.
///
/// Each depth is a run of its own, from the seed on, so that depth 1 is the run
/// of `train`.
pub fn signal(settings: &Signal, observer: &mut impl Observer) -> Findings {
    let Signal { train, depths, saturation } = settings;
    tch::set_num_threads(train.threads);
    let mut networks = Vec::new();
    for &depth in depths {
        tch::manual_seed(train.seed);
        let (x, y) = make_data(train.samples, train.features);
        observer.data(&[("x", &x), ("y", &y)]);
        for &activation in &train.activations {
            if train.same_init {
                tch::manual_seed(train.seed);
            }
            let series = format!("{}-{depth}", activation.name());
            let model = DeepMlp::new(train.features, train.hidden, depth, activation);
            let mut optimizer = Adam::new(parameters(&model), train.lr);
            observer.init(&series, &model.named_parameters());
            let before = measure(&model, &x, &y, *saturation);
            observer.measure(&series, 0, before.named());
            let data = (&x, &y);
            let losses =
                fit(&series, &model, cross_entropy, &mut optimizer, data, train.epochs, observer);
            let after = measure(&model, &x, &y, *saturation);
            observer.measure(&series, train.epochs, after.named());
            let loss = losses[losses.len() - 1];
            networks.push(Network { activation, depth, before, after, loss });
        }
    }
    let rows = networks.iter().flat_map(|network| rows(network, train.epochs)).collect();
    Findings { networks, rows }
}

impl Experiment for Signal {
    const NAME: &'static str = "signal";

    type Findings = Findings;

    fn settings(&self) -> Vec<(&'static str, String)> {
        self.named()
    }

    fn threads(&self) -> i32 {
        self.train.threads
    }

    fn steps(&self) -> usize {
        self.depths.len() * self.train.steps()
    }

    fn run(&self, observer: &mut impl Observer) -> Self::Findings {
        signal(self, observer)
    }
}
