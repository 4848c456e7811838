//! The training run with parts to replace; left alone, it is the right run of
//! `lesson::train`, which itself knows nothing of mistakes.

use tch::{Tensor, nn};

use crate::lesson::train::{Mlp, fit, make_data};
use crate::pytorch::activation::Activation;
use crate::pytorch::nn::{Linear, Module, cross_entropy, named_parameters, parameters};
use crate::pytorch::optim::{Adam, Optimizer, State};
use crate::settings::Settings;
use crate::trace::{Observer, Step};

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// From N and D: inputs (N, D) and labels (N,).
    pub data: fn(i64, i64) -> (Tensor, Tensor),
    /// What happens before the network of this index is made.
    pub before_network: fn(&Settings, usize, &mut (Tensor, Tensor)),
    /// The network, with its initial weights.
    pub network: fn(&Settings, Activation) -> Box<dyn Module>,
    /// The loss (), of logits (N, C) and labels (N,).
    pub criterion: fn(&Tensor, &Tensor) -> Tensor,
    /// From the parameters and the learning rate.
    pub optimizer: fn(Vec<Tensor>, f64) -> Box<dyn Optimizer>,
    /// The loss that is reported, of the loss before the step and a function
    /// that evaluates it after the step.
    pub reported: fn(&Tensor, &dyn Fn() -> Tensor) -> Tensor,
}

impl Parts {
    /// What `lesson::train` is made of.
    pub const RIGHT: Self = Self {
        data: make_data,
        before_network: |settings, _, _| {
            if settings.same_init {
                tch::manual_seed(settings.seed);
            }
        },
        network: |settings, activation| {
            Box::new(Mlp::new(settings.features, settings.hidden, activation))
        },
        criterion: cross_entropy,
        optimizer: |params, lr| Box::new(Adam::new(params, lr)),
        reported: |before, _| before.shallow_clone(),
    };

    /// Trains every chosen activation in turn, as `lesson::train::train` does.
    pub fn train(&self, settings: &Settings, observer: &mut impl Observer) {
        tch::set_num_threads(settings.threads);
        tch::manual_seed(settings.seed);
        let mut data = (self.data)(settings.samples, settings.features);
        observer.data(&[("x", &data.0), ("y", &data.1)]);
        for (i, &activation) in settings.activations.iter().enumerate() {
            (self.before_network)(settings, i, &mut data);
            let (x, y) = (&data.0, &data.1);
            let name = activation.name();
            let model = (self.network)(settings, activation);
            let mut optimizer = (self.optimizer)(parameters(&model), settings.lr);
            observer.init(&name, &model.named_parameters());
            let report = |before: &Tensor| {
                (self.reported)(before, &|| (self.criterion)(&model.forward(x), y))
            };
            let mut observer = Reporting { report, observer: &mut *observer };
            let epochs = settings.epochs;
            fit(&name, &model, self.criterion, &mut optimizer, (x, y), epochs, &mut observer);
        }
    }
}

/// Tells the observer another loss than that of the step.
struct Reporting<'a, R, O> {
    report: R,
    observer: &'a mut O,
}

impl<R: Fn(&Tensor) -> Tensor, O: Observer> Observer for Reporting<'_, R, O> {
    fn step(&mut self, step: &Step) {
        self.observer.step(&Step { loss: &(self.report)(step.loss), ..*step });
    }
}

/// The lesson's network with parts to replace.
pub struct Net {
    /// From D to H.
    pub fc1: Box<dyn Module>,
    /// From H to C.
    pub fc2: Box<dyn Module>,
    /// Between the two.
    pub activation: Box<dyn Fn(&Tensor) -> Tensor>,
    /// After the second.
    pub head: fn(Tensor) -> Tensor,
}

impl Net {
    /// The right network; its layers are made by `layer`, from fan-in and
    /// fan-out.
    pub fn of<M: Module + 'static>(
        settings: &Settings,
        activation: Activation,
        layer: fn(i64, i64) -> M,
    ) -> Self {
        let fc1 = Box::new(layer(settings.features, settings.hidden));
        let fc2 = Box::new(layer(settings.hidden, 2));
        Self { fc1, fc2, activation: Box::new(move |x| activation.apply(x)), head: |logits| logits }
    }

    /// The right network.
    pub fn right(settings: &Settings, activation: Activation) -> Self {
        Self::of(settings, activation, Linear::new)
    }
}

impl Module for Net {
    fn forward(&self, x: &Tensor) -> Tensor {
        let h = (self.activation)(&self.fc1.forward(x)); // (N, H)
        (self.head)(self.fc2.forward(&h)) // (N, C)
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(&[("fc1", &*self.fc1), ("fc2", &*self.fc2)])
    }
}

/// tch's own layer; with `ws` and `bs` public, also one of any initial weights.
impl Module for nn::Linear {
    fn forward(&self, x: &Tensor) -> Tensor {
        nn::Module::forward(self, x)
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let bias = self.bs.as_ref().map(|bias| ("bias".to_owned(), bias.shallow_clone()));
        [("weight".to_owned(), self.ws.shallow_clone())].into_iter().chain(bias).collect()
    }
}

impl Module for Box<dyn Module> {
    fn forward(&self, x: &Tensor) -> Tensor {
        (**self).forward(x)
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        (**self).named_parameters()
    }
}

impl Optimizer for Box<dyn Optimizer> {
    fn backward(&mut self, loss: &Tensor) -> Vec<Tensor> {
        (**self).backward(loss)
    }

    fn step(&mut self, grads: &[Tensor]) {
        (**self).step(grads);
    }

    fn params(&self) -> &[Tensor] {
        (**self).params()
    }

    fn state(&self) -> &[State] {
        (**self).state()
    }
}
