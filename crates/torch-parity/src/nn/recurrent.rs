//! What `torch.nn.RNN`, `LSTM` and `GRU` have in common: `torch.nn.RNNBase`.

use tch::Tensor;

use super::init::uniform_;
use super::module::{Training, empty};
use crate::defaults::defaults;

defaults! {
    /// The settings of a recurrent network.
    #[derive(Clone, Copy, Debug)]
    pub struct RecurrentOptions {
        /// 1 by default.
        pub num_layers: i64 = 1,
        /// true by default.
        pub bias: bool = true,
        /// Whether sequences are (N, L, ...) rather than (L, N, ...); false by
        /// default.
        pub batch_first: bool = false,
        /// The probability of dropping a value between two layers; 0 by default.
        pub dropout: f64 = 0.0,
        /// Whether a second network reads backwards (D = 2, else D = 1); false by
        /// default.
        pub bidirectional: bool = false,
    }
}

/// What the three have in common: the weights, by name, and the settings.
#[derive(Debug)]
pub(super) struct Recurrent {
    names: Vec<String>,
    pub(super) weights: Vec<Tensor>,
    hidden_size: i64,
    pub(super) options: RecurrentOptions,
    pub(super) training: Training,
}

impl Recurrent {
    /// Draws all weights and biases between ±1/√hidden, in the order of their
    /// names, as `torch.nn.RNNBase.reset_parameters` does.
    pub(super) fn new(
        gates: i64,
        input_size: i64,
        hidden_size: i64,
        options: RecurrentOptions,
    ) -> Self {
        let rows = gates * hidden_size;
        let directions = if options.bidirectional { ["", "_reverse"].as_slice() } else { &[""] };
        let (mut names, mut weights) = (Vec::new(), Vec::new());
        for layer in 0..options.num_layers {
            let width = if layer == 0 { input_size } else { hidden_size * directions.len() as i64 };
            for direction in directions {
                let shapes = [
                    ("weight_ih", vec![rows, width]),
                    ("weight_hh", vec![rows, hidden_size]),
                    ("bias_ih", vec![rows]),
                    ("bias_hh", vec![rows]),
                ];
                for (name, shape) in &shapes[..if options.bias { 4 } else { 2 }] {
                    names.push(format!("{name}_l{layer}{direction}"));
                    weights.push(empty(shape));
                }
            }
        }
        let bound = 1.0 / (hidden_size as f64).sqrt();
        for weight in &mut weights {
            uniform_(weight, -bound, bound);
        }
        Self { names, weights, hidden_size, options, training: Training::default() }
    }

    pub(super) fn named_parameters(&self) -> Vec<(String, Tensor)> {
        let weights = self.weights.iter().map(Tensor::shallow_clone);
        self.names.iter().cloned().zip(weights).collect()
    }

    /// A state of zeros for `x`.
    pub(super) fn zeros(&self, x: &Tensor) -> Tensor {
        let RecurrentOptions { num_layers, bidirectional, batch_first, .. } = self.options;
        let layers = num_layers * if bidirectional { 2 } else { 1 };
        let size = match x.size()[..] {
            [batch, _, _] if batch_first => vec![layers, batch, self.hidden_size],
            [_, batch, _] => vec![layers, batch, self.hidden_size],
            _ => vec![layers, self.hidden_size],
        };
        Tensor::zeros(size, (x.kind(), x.device()))
    }

    /// The dimension that a single sequence lacks; None of a batch.
    pub(super) fn missing(&self, x: &Tensor) -> Option<i64> {
        assert!([2, 3].contains(&x.dim()), "sequences have 2 or 3 dimensions, not {:?}", x.size());
        (x.dim() == 2).then_some(i64::from(!self.options.batch_first))
    }
}

/// libtorch's function for a network with one state, RNN or GRU.
pub(super) type Kernel =
    fn(&Tensor, &Tensor, &[Tensor], bool, i64, f64, bool, bool, bool) -> (Tensor, Tensor);

impl Recurrent {
    pub(super) fn run(&self, kernel: Kernel, x: &Tensor, hx: Option<&Tensor>) -> (Tensor, Tensor) {
        let hx = hx.map_or_else(|| self.zeros(x), Tensor::shallow_clone);
        let o = self.options;
        let call = |x: &Tensor, hx: &Tensor| {
            let training = self.training.get();
            let (layers, first) = (o.num_layers, o.batch_first);
            kernel(
                x,
                hx,
                &self.weights,
                o.bias,
                layers,
                o.dropout,
                training,
                o.bidirectional,
                first,
            )
        };
        match self.missing(x) {
            None => call(x, &hx),
            Some(dim) => {
                let (output, h) = call(&x.unsqueeze(dim), &hx.unsqueeze(1));
                (output.squeeze_dim(dim), h.squeeze_dim(1))
            }
        }
    }
}
