//! `tch::nn::Adam` itself, under the interface of our optimizers.

use tch::nn::{Adam, OptimizerConfig, VarStore};
use tch::{Device, Tensor, nn};
use torch_parity::optim::{Optimizer, Parameters, Steps};

/// tch's optimizer and the parameters that it trains.
#[derive(Debug)]
pub struct TchAdam {
    optimizer: nn::Optimizer,
    parameters: Parameters,
}

impl TchAdam {
    /// An optimizer of these parameters, which it updates in place.
    pub fn new(named: Vec<(String, Tensor)>, lr: f64) -> Self {
        let vs = VarStore::new(Device::Cpu);
        for (i, (_, param)) in named.iter().enumerate() {
            let _ = vs.root().add(&i.to_string(), param.shallow_clone(), true);
        }
        let optimizer = Adam::default().build(&vs, lr).expect("these are Adam's defaults");
        Self { optimizer, parameters: Parameters::new(named) }
    }
}

impl Optimizer for TchAdam {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// Nothing: tch does not let it be read.
    fn state(&self, _: usize) -> Vec<(&'static str, Tensor)> {
        Vec::new()
    }
}

impl Steps for TchAdam {
    /// tch's optimizer finds the gradients where libtorch keeps them.
    fn step(&mut self) {
        for (_, param, grad) in self.parameters.trained() {
            let mut theirs = param.grad();
            if theirs.defined() {
                theirs.copy_(grad);
            } else {
                // There is no way to set it but a backward pass: that of param · grad.
                (&*param * grad).sum(None).backward();
            }
        }
        self.optimizer.step();
    }
}
