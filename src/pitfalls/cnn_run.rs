//! A small convolutional network with parts to replace; left alone, it is
//! `python_ref/cnn.py`, bit for bit.

use anyhow::Result;
use tch::kind::{FLOAT_CPU, INT64_CPU};
use tch::{Tensor, no_grad};
use torch_parity::children;
use torch_parity::data::{DataLoader, TensorDataset};
use torch_parity::lr_scheduler::{LrScheduler, StepLr};
use torch_parity::nn::{
    BatchNorm2d, Children, Conv2d, ConvOptions, Dropout, Layer, Linear, MaxPool2d, Module,
    cross_entropy,
};
use torch_parity::optim::{Optimizer, RmsProp};
use torch_parity::trace::{Observer, Step, borrowed};

use super::Port;
use super::run::Named;
use crate::lesson::train::Train;

const NAME: &str = "cnn";
const EPOCHS: usize = 3;
/// 100 pictures in batches of 32, the last one smaller.
const BATCHES: usize = 4;

/// Pictures (N, 1, 6, 6) and what they show (N,).
pub type Pictures = TensorDataset<2>;

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Cnn {
    /// The batch norm of so many channels.
    pub batch_norm: fn(i64) -> BatchNorm2d,
    /// The batches of an epoch.
    pub batches: fn(&Pictures) -> Vec<[Tensor; 2]>,
    /// Of the parameters.
    pub optimizer: fn(Named) -> RmsProp,
    /// After each batch.
    pub after_batch: fn(&mut StepLr, &mut RmsProp),
    /// After each epoch.
    pub after_epoch: fn(&mut StepLr, &mut RmsProp),
    /// Before the network is evaluated.
    pub before_evaluation: fn(&dyn Module),
}

impl Cnn {
    /// What `python_ref/cnn.py` is made of.
    pub const RIGHT: Self = Self {
        batch_norm: BatchNorm2d::new,
        batches: |set| DataLoader::new(set, 32).shuffle().iter().collect(),
        optimizer: |params| RmsProp::new(params, 1e-2),
        after_batch: |_, _| {},
        after_epoch: |scheduler, optimizer| scheduler.step(optimizer),
        before_evaluation: |model| model.eval(),
    };
}

fn pictures(n: i64) -> Pictures {
    let shapes = Tensor::zeros([2, 6, 6], FLOAT_CPU);
    let _ = shapes.get(0).narrow(0, 2, 2).fill_(1);
    let _ = shapes.get(1).narrow(1, 2, 2).fill_(1);
    let y = Tensor::randint(2, [n], INT64_CPU);
    let x = shapes.index_select(0, &y).unsqueeze(1) + Tensor::randn([n, 1, 6, 6], FLOAT_CPU);
    TensorDataset([x, y])
}

struct Net {
    conv: Conv2d,
    bn: BatchNorm2d,
    pool: MaxPool2d,
    dropout: Dropout,
    fc: Linear,
}

impl Layer for Net {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.pool.forward(&self.bn.forward(&self.conv.forward(x)).relu()); // (N, 4, 3, 3)
        self.fc.forward(&self.dropout.forward(&x.flatten(1, -1))) // (N, 2)
    }
}

impl Module for Net {
    fn children(&self) -> Children<'_> {
        children!(self.conv, self.bn, self.pool, self.dropout, self.fc)
    }
}

impl Port for Cnn {
    fn name(&self) -> &'static str {
        NAME
    }

    fn steps(&self, _: &Train) -> usize {
        EPOCHS * BATCHES
    }

    fn train(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()> {
        tch::set_num_threads(settings.run.threads.count);
        tch::manual_seed(settings.seed);
        let (train_set, test_set) = (pictures(100), pictures(50));
        let padded = ConvOptions { padding: [1, 1], ..Default::default() };
        let model = Net {
            conv: Conv2d::with(1, 4, [3, 3], padded),
            bn: (self.batch_norm)(4),
            pool: MaxPool2d::new([2, 2]),
            dropout: Dropout::new(0.25),
            fc: Linear::new(4 * 3 * 3, 2),
        };
        observer.init(NAME, &model)?;
        let mut optimizer = (self.optimizer)(model.named_parameters());
        let mut scheduler = StepLr::new(&mut optimizer, 2, 0.5);
        let mut step = 0;
        for _ in 0..EPOCHS {
            model.train(true);
            for [x, y] in (self.batches)(&train_set) {
                step += 1;
                observer.tensors(NAME, step, "data", &[("x", &x), ("target", &y)])?;
                let logits = model.forward(&x);
                let loss = cross_entropy(&logits, &y);
                optimizer.zero_grad();
                optimizer.backward(&loss);
                optimizer.step();
                (self.after_batch)(&mut scheduler, &mut optimizer);
                let forward = &[("logits", &logits)];
                let optimizer = &optimizer;
                observer.step(&Step { series: NAME, step, forward, loss: &loss, optimizer })?;
                observer.tensors(NAME, step, "state", &borrowed(&model.named_buffers()))?;
            }
            (self.after_epoch)(&mut scheduler, &mut optimizer);
            (self.before_evaluation)(&model);
            let _logits = no_grad(|| model.forward(&test_set.0[0]));
        }
        Ok(())
    }

    fn train_right(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()> {
        Self::RIGHT.train(settings, observer)
    }
}
