//! `torch.nn.RNN`, `torch.nn.LSTM` and `torch.nn.GRU`.

use tch::Tensor;

use super::recurrent::{Kernel, Recurrent};
use super::{Module, RecurrentOptions};

/// `torch.nn.RNN` (Elman, 1990): h = tanh(x · `weight_ih`ᵀ + b + h · `weight_hh`ᵀ + b),
/// or relu.
#[derive(Debug)]
pub struct RNN(Recurrent, Kernel);

/// `torch.nn.GRU` (Cho et al., 2014), its gates in the order r, z, n.
///
/// Not `tch::nn::gru`, which draws weights as for a relu and begins with
/// biases of 0.
#[derive(Debug)]
pub struct GRU(Recurrent);

/// `torch.nn.LSTM` (Hochreiter and Schmidhuber, 1997), its gates in the order i,
/// f, g, o.
///
/// Not `tch::nn::lstm`, which draws weights as for a relu and begins with
/// biases of 0.
#[derive(Debug)]
pub struct LSTM(Recurrent);

impl RNN {
    /// With tanh and PyTorch's default settings.
    pub fn new(input_size: i64, hidden_size: i64) -> Self {
        Self::with(input_size, hidden_size, RecurrentOptions::default())
    }

    /// With tanh.
    pub fn with(input_size: i64, hidden_size: i64, options: RecurrentOptions) -> Self {
        Self(Recurrent::new(1, input_size, hidden_size, options), Tensor::rnn_tanh::<Tensor>)
    }

    /// `nonlinearity="relu"`
    pub fn relu(input_size: i64, hidden_size: i64, options: RecurrentOptions) -> Self {
        Self(Recurrent::new(1, input_size, hidden_size, options), Tensor::rnn_relu::<Tensor>)
    }

    /// The outputs (L, N, D · H) and the last state (D · layers, N, H), of `x`
    /// (L, N, in) and a first state, 0 where None. A single sequence lacks N.
    pub fn forward(&self, x: &Tensor, hx: Option<&Tensor>) -> (Tensor, Tensor) {
        self.0.run(self.1, x, hx)
    }
}

impl GRU {
    /// With PyTorch's default settings.
    pub fn new(input_size: i64, hidden_size: i64) -> Self {
        Self::with(input_size, hidden_size, RecurrentOptions::default())
    }

    /// With these settings.
    pub fn with(input_size: i64, hidden_size: i64, options: RecurrentOptions) -> Self {
        Self(Recurrent::new(3, input_size, hidden_size, options))
    }

    /// As [`RNN::forward`].
    pub fn forward(&self, x: &Tensor, hx: Option<&Tensor>) -> (Tensor, Tensor) {
        self.0.run(Tensor::gru::<Tensor>, x, hx)
    }
}

impl LSTM {
    /// With PyTorch's default settings.
    pub fn new(input_size: i64, hidden_size: i64) -> Self {
        Self::with(input_size, hidden_size, RecurrentOptions::default())
    }

    /// With these settings.
    pub fn with(input_size: i64, hidden_size: i64, options: RecurrentOptions) -> Self {
        Self(Recurrent::new(4, input_size, hidden_size, options))
    }

    /// As [`RNN::forward`], with a state of two: h and c.
    pub fn forward(
        &self,
        x: &Tensor,
        hx: Option<(&Tensor, &Tensor)>,
    ) -> (Tensor, (Tensor, Tensor)) {
        let Recurrent { weights, options: o, training, .. } = &self.0;
        let zeros = self.0.zeros(x);
        let (h, c) = hx.unwrap_or((&zeros, &zeros));
        let (layers, training) = (o.num_layers, training.get());
        let (bias, dropout, both, first) = (o.bias, o.dropout, o.bidirectional, o.batch_first);
        let call = |x: &Tensor, hx: [Tensor; 2]| {
            x.lstm(&hx, weights, bias, layers, dropout, training, both, first)
        };
        match self.0.missing(x) {
            None => {
                let (output, h, c) = call(x, [h.shallow_clone(), c.shallow_clone()]);
                (output, (h, c))
            }
            Some(dim) => {
                let (output, h, c) = call(&x.unsqueeze(dim), [h.unsqueeze(1), c.unsqueeze(1)]);
                (output.squeeze_dim(dim), (h.squeeze_dim(1), c.squeeze_dim(1)))
            }
        }
    }
}

macro_rules! modules {
    ($($name:ident),*) => {$(
        impl Module for $name {
            fn named_parameters(&self) -> Vec<(String, Tensor)> {
                self.0.named_parameters()
            }

            fn train(&self, on: bool) {
                self.0.training.set(on);
            }
        }
    )*};
}

modules!(RNN, GRU, LSTM);
