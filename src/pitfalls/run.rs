//! The training run with parts to replace; left alone, it is the right run of
//! `lesson::train`, which itself knows nothing of mistakes.

use anyhow::Result;
use tch::Tensor;
use torch_parity::nn::{Activation, Layer, Linear, Module, cross_entropy, named_parameters};
use torch_parity::optim::{Adam, Steps};
use torch_parity::trace::{self, Observer, Step};

use super::Port;
use crate::lesson::Experiment;
use crate::lesson::train::{Mlp, Train, fit, make_data};

/// Parameters with their names.
pub type Named = Vec<(String, Tensor)>;

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// From N and D: inputs (N, D) and labels (N,).
    pub data: fn(i64, i64) -> (Tensor, Tensor),
    /// What happens before the network of this index is made.
    pub before_network: fn(&Train, usize, &mut (Tensor, Tensor)),
    /// The network, with its initial weights.
    pub network: fn(&Train, Activation) -> Box<dyn Layer>,
    /// The loss (), of logits (N, C) and labels (N,).
    pub criterion: fn(&Tensor, &Tensor) -> Tensor,
    /// From the parameters and the learning rate.
    pub optimizer: fn(Named, f64) -> Box<dyn Steps>,
    /// The loss that is reported, of the loss before the step and a function
    /// that evaluates it after the step.
    pub reported: fn(&Tensor, &dyn Fn() -> Tensor) -> Tensor,
}

impl Parts {
    /// What `lesson::train` is made of.
    pub const RIGHT: Self = Self {
        data: make_data,
        before_network: |settings, _, _| {
            if settings.run.same_init {
                tch::manual_seed(settings.seed);
            }
        },
        network: |settings, activation| {
            Box::new(Mlp::new(settings.run.features, settings.run.hidden, activation))
        },
        criterion: cross_entropy,
        optimizer: |params, lr| Box::new(Adam::new(params, lr)),
        reported: |before, _| before.shallow_clone(),
    };
}

impl Port for Parts {
    fn name(&self) -> &'static str {
        Train::NAME
    }

    fn step_word(&self) -> &'static str {
        "epoch"
    }

    fn steps(&self, settings: &Train) -> usize {
        settings.steps()
    }

    fn twin_flags(&self, settings: &Train) -> Vec<String> {
        settings.twin_flags()
    }

    /// Trains every chosen activation in turn, as `lesson::train::train` does.
    fn train(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()> {
        let Train { seed, run } = settings;
        tch::set_num_threads(run.threads.count);
        tch::manual_seed(*seed);
        let mut data = (self.data)(run.samples, run.features);
        observer.data(&[("x", &data.0), ("y", &data.1)])?;
        for (i, &activation) in run.activations.iter().enumerate() {
            (self.before_network)(settings, i, &mut data);
            let (x, y) = (&data.0, &data.1);
            let name = activation.name();
            let model = (self.network)(settings, activation);
            let mut optimizer = (self.optimizer)(model.named_parameters(), run.lr);
            observer.init(name, &*model)?;
            let report = |before: &Tensor| {
                (self.reported)(before, &|| (self.criterion)(&model.forward(x), y))
            };
            let mut observer = Reporting { report, observer: &mut *observer };
            fit(name, &*model, self.criterion, &mut *optimizer, (x, y), run.epochs, &mut observer)?;
        }
        Ok(())
    }

    fn train_right(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()> {
        settings.run(observer).map(drop)
    }
}

/// Tells the observer another loss than that of the step.
struct Reporting<'a, R> {
    report: R,
    observer: &'a mut dyn Observer,
}

impl<R: Fn(&Tensor) -> Tensor> Observer for Reporting<'_, R> {
    fn tensors(
        &mut self,
        series: &str,
        step: usize,
        phase: &str,
        named: &trace::Named,
    ) -> torch_parity::Result<()> {
        self.observer.tensors(series, step, phase, named)
    }

    fn step(&mut self, at: &Step) -> torch_parity::Result<()> {
        self.observer.step(&Step { loss: &(self.report)(at.loss), ..*at })
    }
}

/// The lesson's network with parts to replace.
pub struct Net {
    /// From D to H.
    pub fc1: Box<dyn Layer>,
    /// From H to C.
    pub fc2: Box<dyn Layer>,
    /// Between the two.
    pub activation: Box<dyn Fn(&Tensor) -> Tensor>,
    /// After the second.
    pub head: fn(Tensor) -> Tensor,
}

impl Net {
    /// The right network; its layers are made by `layer`, from fan-in and
    /// fan-out.
    pub fn of<M: Layer + 'static>(
        settings: &Train,
        activation: Activation,
        layer: fn(i64, i64) -> M,
    ) -> Self {
        let fc1 = Box::new(layer(settings.run.features, settings.run.hidden));
        let fc2 = Box::new(layer(settings.run.hidden, 2));
        Self { fc1, fc2, activation: Box::new(move |x| activation.apply(x)), head: |logits| logits }
    }

    /// The right network.
    pub fn right(settings: &Train, activation: Activation) -> Self {
        Self::of(settings, activation, Linear::new)
    }
}

impl Layer for Net {
    fn forward(&self, x: &Tensor) -> Tensor {
        let h = (self.activation)(&self.fc1.forward(x)); // (N, H)
        (self.head)(self.fc2.forward(&h)) // (N, C)
    }
}

impl Module for Net {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(&[("fc1", &*self.fc1), ("fc2", &*self.fc2)])
    }
}
