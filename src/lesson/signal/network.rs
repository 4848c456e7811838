//! A network of many layers.

use tch::Tensor;
use torch_parity::nn::{Activation, Layer, Linear, Module, named_parameters};

/// So many hidden layers; with one it is the MLP of `train`.
#[derive(Debug)]
pub struct DeepMlp {
    hidden: Vec<Linear>,
    /// The output layer.
    pub last: Linear,
    /// Between the layers.
    pub activation: Activation,
}

impl DeepMlp {
    /// Draws the initial weights of `fc1`, `fc2` and so on.
    pub fn new(features: i64, hidden: i64, depth: i64, activation: Activation) -> Self {
        let fan_in = |i| if i == 0 { features } else { hidden };
        let layers = (0..depth).map(|i| Linear::new(fan_in(i), hidden)).collect();
        Self { hidden: layers, last: Linear::new(hidden, 2), activation }
    }

    /// Every hidden layer's inputs to the activation and outputs, (N, H) each.
    pub fn hidden(&self, x: &Tensor) -> Vec<(Tensor, Tensor)> {
        let mut x = x.shallow_clone();
        let layer = |fc: &Linear| {
            let z = fc.forward(&x);
            x = self.activation.apply(&z);
            (z, x.shallow_clone())
        };
        self.hidden.iter().map(layer).collect()
    }
}

impl Layer for DeepMlp {
    fn forward(&self, x: &Tensor) -> Tensor {
        let layers = self.hidden(x);
        let (_, h) = &layers[layers.len() - 1];
        self.last.forward(h) // (N, C)
    }
}

impl Module for DeepMlp {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let layers = self.hidden.iter().chain([&self.last]);
        let named: Vec<_> = (1..).zip(layers).map(|(i, fc)| (format!("fc{i}"), fc)).collect();
        let parts: Vec<_> = named.iter().map(|(name, fc)| (&**name, *fc as &dyn Module)).collect();
        named_parameters(&parts)
    }
}
