//! Recurrent cells with a choice of activation. Twin of `python_ref/rnn.py`.
//!
//! `torch.nn.RNN` offers tanh and relu, `torch.nn.LSTM` tanh alone. With these,
//! the cells here compute the same; parameters have the same names, order and
//! start.

use clap::ValueEnum;
use serde::Serialize;
use tch::{Device, Kind, Tensor, no_grad};
use torch_parity::nn::{Activation, Module};

/// Which cell, by its name on the command line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// h = activation(gate) (Elman, 1990)
    Rnn,
    /// Gates decide what is kept, added and shown (Hochreiter and Schmidhuber, 1997)
    Lstm,
}

impl CellKind {
    /// G, the gates of the cell.
    fn gates(self) -> i64 {
        match self {
            Self::Rnn => 1,
            Self::Lstm => 4,
        }
    }

    /// Its name on the command line, in CSVs and in trace keys.
    pub fn name(self) -> String {
        self.to_possible_value().expect("no cell is skipped").get_name().to_owned()
    }
}

/// The parameters of `torch.nn.RNN` (one gate) or `torch.nn.LSTM` (four), and
/// the activation in their tanh's place.
#[derive(Debug)]
pub struct Cell {
    kind: CellKind,
    weight_ih_l0: Tensor, // (GH, D)
    weight_hh_l0: Tensor, // (GH, H)
    bias_ih_l0: Tensor,   // (GH,)
    bias_hh_l0: Tensor,   // (GH,)
    activation: Activation,
}

impl Cell {
    /// Draws every parameter from U(-1/√H, 1/√H), as
    /// `torch.nn.RNNBase.reset_parameters` does.
    pub fn new(kind: CellKind, features: i64, hidden: i64, activation: Activation) -> Self {
        let rows = kind.gates() * hidden;
        let bound = 1.0 / (hidden as f64).sqrt();
        let uniform = |shape: &[i64]| {
            let mut param = Tensor::empty(shape, (Kind::Float, Device::Cpu));
            let _ = no_grad(|| param.uniform_(-bound, bound));
            param.set_requires_grad(true)
        };
        Self {
            kind,
            weight_ih_l0: uniform(&[rows, features]),
            weight_hh_l0: uniform(&[rows, hidden]),
            bias_ih_l0: uniform(&[rows]),
            bias_hh_l0: uniform(&[rows]),
            activation,
        }
    }

    /// What the inputs add to the gates, for all steps at once.
    fn inputs(&self, x: &Tensor) -> Vec<Tensor> {
        x.linear(&self.weight_ih_l0, Some(&self.bias_ih_l0)).unbind(0) // T times (N, GH)
    }

    /// What the last hidden state adds to the gates.
    fn recall(&self, h: &Tensor) -> Tensor {
        h.linear(&self.weight_hh_l0, Some(&self.bias_hh_l0)) // (N, GH)
    }

    /// The hidden state before the first step.
    fn start(&self, x: &Tensor) -> Tensor {
        x.new_zeros([x.size()[1], self.weight_hh_l0.size()[1]], (Kind::Float, Device::Cpu)) // (N, H)
    }

    /// `torch.nn.RNN` with any activation.
    fn rnn(&self, x: &Tensor) -> Tensor {
        let mut h = self.start(x);
        for inputs in self.inputs(x) {
            h = self.activation.apply(&(self.recall(&h) + inputs));
        }
        h
    }

    /// `torch.nn.LSTM` with any candidate and output activation.
    #[allow(clippy::many_single_char_names)] // the names in PyTorch's formulas
    fn lstm(&self, x: &Tensor) -> Tensor {
        let mut h = self.start(x);
        let mut c = h.shallow_clone();
        for inputs in self.inputs(x) {
            let gates = (self.recall(&h) + inputs).chunk(4, 1); // (N, H) each
            let [i, f, g, o] = &gates[..] else { unreachable!("an LSTM has four gates") };
            c = f.sigmoid() * c + i.sigmoid() * self.activation.apply(g);
            h = o.sigmoid() * self.activation.apply(&c);
        }
        h
    }

    /// The last hidden state, (N, H), after the sequences `x`, (T, N, D).
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self.kind {
            CellKind::Rnn => self.rnn(x),
            CellKind::Lstm => self.lstm(x),
        }
    }
}

impl Module for Cell {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        [
            ("weight_ih_l0", &self.weight_ih_l0),
            ("weight_hh_l0", &self.weight_hh_l0),
            ("bias_ih_l0", &self.bias_ih_l0),
            ("bias_hh_l0", &self.bias_hh_l0),
        ]
        .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
        .into()
    }
}
