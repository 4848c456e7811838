//! `tch::nn::Adam` itself, under the interface of our optimizers.

use tch::nn::{Adam, OptimizerConfig, VarStore};
use tch::{Device, Tensor, nn};

use crate::pytorch::optim::{Optimizer, State};

/// tch's optimizer and the parameters that it trains.
#[derive(Debug)]
pub struct TchAdam {
    optimizer: nn::Optimizer,
    params: Vec<Tensor>,
}

impl TchAdam {
    /// An optimizer of `params`, which it updates in place.
    pub fn new(params: Vec<Tensor>, lr: f64) -> Self {
        let vs = VarStore::new(Device::Cpu);
        for (i, param) in params.iter().enumerate() {
            let _ = vs.root().add(&i.to_string(), param.shallow_clone(), true);
        }
        let optimizer = Adam::default().build(&vs, lr).expect("these are Adam's defaults");
        Self { optimizer, params }
    }
}

impl Optimizer for TchAdam {
    fn backward(&mut self, loss: &Tensor) -> Vec<Tensor> {
        self.optimizer.zero_grad();
        loss.backward();
        self.params.iter().map(Tensor::grad).collect()
    }

    fn step(&mut self, _grads: &[Tensor]) {
        self.optimizer.step();
    }

    fn params(&self) -> &[Tensor] {
        &self.params
    }

    /// Nothing: tch does not let it be read.
    fn state(&self) -> &[State] {
        &[]
    }
}
