//! A port of @SCRIPT@. It starts out red: fill in what the script does, run
//! `make check`, and mend the first place where the two part.

use tch::{Device, Kind, Tensor};
use torch_parity::Result;
use torch_parity::nn::{Layer, Linear, Module, cross_entropy, named_parameters};
use torch_parity::optim::{Adam, Optimizer};
use torch_parity::trace::Recorder;

/// The script's model: the same layers, made in the same order.
struct Model {
    fc1: Linear,
    fc2: Linear,
}

impl Model {
    fn new() -> Self {
        Self { fc1: Linear::new(10, 64), fc2: Linear::new(64, 2) }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        self.fc2.forward(&self.fc1.forward(x).relu())
    }
}

impl Module for Model {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(&[("fc1", &self.fc1), ("fc2", &self.fc2)])
    }
}

fn main() -> Result<()> {
    tch::set_num_threads(1);
    // Records where TORCH_PARITY_TRACE says; off otherwise, at no cost.
    let recorder = Recorder::from_env("@SCRIPT@")?;
    tch::manual_seed(0);
    let x = Tensor::randn([512, 10], (Kind::Float, Device::Cpu));
    let y = x.sum_dim_intlist(1, false, None).gt(0).to_kind(Kind::Int64);

    let model = Model::new();
    let mut optimizer = Adam::new(model.named_parameters(), 1e-3);
    // The script's class and the number of its models so far.
    let mut series = recorder.series("Model-1", model.named_parameters())?;
    for _ in 0..50 {
        let logits = model.forward(&x);
        let loss = cross_entropy(&logits, &y);
        optimizer.zero_grad();
        optimizer.backward(&loss);
        optimizer.step();
        series.data(&[("x", &x), ("target", &y)])?;
        series.step(&[("logits", &logits)], &loss, &optimizer)?;
    }
    recorder.finish()
}
