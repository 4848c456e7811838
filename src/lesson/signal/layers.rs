//! What flows through the layers of a network, forwards and backwards. Twin of
//! `python_ref/layers.py`.

use serde::Serialize;
use tch::{Device, Kind, Tensor};
use torch_parity::nn::{Activation, Layer, Module, cross_entropy};

use super::Network;
use super::network::DeepMlp;
use crate::export::{as_python, as_python_or_empty};
use crate::lesson::curve::value_and_derivative;

/// The activation's largest slope, as found on [-10, 10].
fn steepest(activation: Activation) -> f64 {
    let x = Tensor::linspace(-10, 10, 2001, (Kind::Double, Device::Cpu));
    let (_, derivative) = value_and_derivative(activation, &x);
    derivative.abs().max().double_value(&[])
}

/// What was found out about a network, under the twin's names: of hidden layer
/// i the outputs `hi`, (N, H), and single values `hi.mean`, ...
#[derive(Debug, Default)]
pub struct LayerValues(Vec<(String, Tensor)>);

impl LayerValues {
    fn add(&mut self, name: String, tensor: Tensor) {
        self.0.push((name, tensor));
    }

    /// Everything, in the order in which it was found.
    pub fn named(&self) -> &[(String, Tensor)] {
        &self.0
    }

    /// The single value of that name.
    fn number(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, tensor)| tensor.double_value(&[]))
    }

    /// The norm of the first layer's weight gradient by that of the output's.
    pub fn grad_share(&self) -> f64 {
        self.number("grad_share").expect("every network was measured")
    }
}

/// What flows forwards and backwards, layer by layer.
pub fn measure(model: &DeepMlp, x: &Tensor, y: &Tensor, saturation: f64) -> LayerValues {
    let layers = model.hidden(x);
    let loss = cross_entropy(&model.last.forward(&layers[layers.len() - 1].1), y);
    let parameters = model.named_parameters().into_iter().map(|(_, tensor)| tensor);
    let weights: Vec<_> = parameters.step_by(2).collect(); // no biases
    let threshold = saturation * steepest(model.activation);
    let mut found = LayerValues::default();
    for (i, (z, h)) in (1..).zip(&layers) {
        let (_, derivative) = value_and_derivative(model.activation, z);
        let saturated = derivative.abs().lt(threshold).to_kind(Kind::Float); // (N, H)
        found.add(format!("h{i}"), h.shallow_clone());
        found.add(format!("h{i}.mean"), h.mean(None));
        found.add(format!("h{i}.std"), h.std(false));
        found.add(format!("h{i}.saturated"), saturated.mean(None));
        found.add(format!("h{i}.dead"), saturated.amin(0, false).mean(None));
        let agreement = h.sign().mean_dim(1, false, None).abs().mean(None);
        found.add(format!("h{i}.sign_agreement"), agreement);
    }
    let grads = Tensor::run_backward(&[loss], &weights, false, false);
    let norms: Vec<_> = grads.iter().map(Tensor::norm).collect();
    let share = &norms[0] / &norms[norms.len() - 1];
    for (i, norm) in (1..).zip(norms) {
        found.add(format!("fc{i}.weight.grad_norm"), norm);
    }
    found.add("grad_share".to_owned(), share);
    found
}

/// A row of the CSV: one layer of one network, before or after training.
#[derive(Debug, Serialize)]
pub struct LayerRow {
    /// Of the hidden layers.
    pub activation: Activation,
    /// How many they are.
    pub depth: i64,
    /// 0, or the last.
    pub epoch: usize,
    /// From 1; the output layer is the last and has no activation, so that of
    /// it there is the gradient only.
    pub layer: i64,
    /// Of the outputs.
    #[serde(serialize_with = "as_python_or_empty")]
    pub mean: Option<f64>,
    /// Of the outputs.
    #[serde(serialize_with = "as_python_or_empty")]
    pub std: Option<f64>,
    /// Share of the outputs where the activation's slope is next to nothing.
    #[serde(serialize_with = "as_python_or_empty")]
    pub saturated: Option<f64>,
    /// Share of the units that are saturated on every sample.
    #[serde(serialize_with = "as_python_or_empty")]
    pub dead: Option<f64>,
    /// |Σ sign(h)| / H over a sample's H outputs, the mean over samples: where
    /// it is 1, a unit of the next layer gets gradients of one sign only.
    #[serde(serialize_with = "as_python_or_empty")]
    pub sign_agreement: Option<f64>,
    /// The Frobenius norm of the weight's gradient.
    #[serde(serialize_with = "as_python")]
    pub grad_norm: f64,
}

/// A row for each layer.
pub fn rows(network: &Network, epochs: usize) -> Vec<LayerRow> {
    let mut rows = Vec::new();
    for (epoch, found) in [(0, &network.before), (epochs, &network.after)] {
        for layer in 1..=network.depth + 1 {
            let of_layer = |part| found.number(&format!("h{layer}.{part}"));
            rows.push(LayerRow {
                activation: network.activation,
                depth: network.depth,
                epoch,
                layer,
                mean: of_layer("mean"),
                std: of_layer("std"),
                saturated: of_layer("saturated"),
                dead: of_layer("dead"),
                sign_agreement: of_layer("sign_agreement"),
                grad_norm: found
                    .number(&format!("fc{layer}.weight.grad_norm"))
                    .expect("every layer has a gradient"),
            });
        }
    }
    rows
}
