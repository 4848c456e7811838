//! Mistakes in the initial weights.

use tch::nn::{self, VarStore};
use tch::{Device, Kind, Tensor, no_grad};

use super::run::Net;
use super::{Code, Parts, Pitfall, Shows};

const RIGHT_LAYER: Code = Code {
    rust: "let fc1 = Linear::new(d, h); // torch_parity's",
    pytorch: "fc1 = nn.Linear(d, h)",
};

/// The run whose network has such layers.
macro_rules! made_of {
    (|$fan_in:ident, $fan_out:ident| $layer:expr) => {
        Parts {
            network: |settings, activation| {
                Box::new(Net::of(settings, activation, |$fan_in, $fan_out| $layer))
            },
            ..Parts::RIGHT
        }
    };
}

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "tch-linear",
        mistake: "the initial weights of tch::nn::linear",
        origin: "tch's own layer, as its examples use it",
        wrong: Code {
            rust: "let fc1 = tch::nn::linear(vs.root() / \"fc1\", d, h, Default::default());",
            pytorch: "bound = 1 / math.sqrt(d)\n\
                      bias = torch.empty(h).uniform_(-bound, bound)\n\
                      bound = math.sqrt(6 / d)\n\
                      weight = torch.empty(h, d).uniform_(-bound, bound)",
        },
        right: RIGHT_LAYER,
        found: "tch draws the bias first, then the weight from a range √6 times as wide. \
                tch's parity test covers forward alone, so nothing there notices.",
        shows: Shows::Always,
        parts: &made_of!(|fan_in, fan_out| {
            let vs = VarStore::new(Device::Cpu);
            nn::linear(vs.root(), fan_in, fan_out, nn::LinearConfig::default())
        }),
    },
    Pitfall {
        name: "bias-first",
        mistake: "a layer's bias drawn before its weight",
        origin: "the order in tch's constructor",
        wrong: Code {
            rust: "let bias = uniform([h], bound);\nlet weight = uniform([h, d], bound);",
            pytorch: "nn.init.uniform_(fc1.bias, -bound, bound)\n\
                      nn.init.kaiming_uniform_(fc1.weight, a=math.sqrt(5))",
        },
        right: Code {
            rust: "let weight = uniform([h, d], bound);\nlet bias = uniform([h], bound);",
            pytorch: "nn.init.kaiming_uniform_(fc1.weight, a=math.sqrt(5))\n\
                      nn.init.uniform_(fc1.bias, -bound, bound)",
        },
        found: "The ranges are right and every plot of the weights looks right; the first \
                weight is simply another random number.",
        shows: Shows::Always,
        parts: &made_of!(|fan_in, fan_out| {
            let bias = uniform([fan_out], bound(fan_in, DEFAULT_GAIN));
            layer(uniform([fan_out, fan_in], bound(fan_in, DEFAULT_GAIN)), bias)
        }),
    },
    Pitfall {
        name: "relu-gain",
        mistake: "PyTorch's default initial weights, with gain √2",
        origin: "kaiming_uniform_'s own default; nn.Linear passes a = √5",
        wrong: Code {
            rust: "let gain = 2_f64.sqrt(); // \"Kaiming uniform is for relu\"",
            pytorch: "nn.init.kaiming_uniform_(fc1.weight, nonlinearity=\"relu\")",
        },
        right: Code {
            rust: "let gain = (2.0 / (1.0 + 5_f64.sqrt().powi(2))).sqrt(); // a = √5",
            pytorch: "nn.init.kaiming_uniform_(fc1.weight, a=math.sqrt(5))",
        },
        found: "Each weight is √6 times what it should be; the biases are right. The \
                ratio of the first two values that differ tells the gain.",
        shows: Shows::Always,
        parts: &made_of!(|fan_in, fan_out| {
            let weight = uniform([fan_out, fan_in], bound(fan_in, 2_f64.sqrt()));
            layer(weight, uniform([fan_out], bound(fan_in, DEFAULT_GAIN)))
        }),
    },
    Pitfall {
        name: "weight-transposed",
        mistake: "the weight drawn as (in, out), then transposed",
        origin: "the layout of Keras, Flax and burn",
        wrong: Code {
            rust: "let weight = uniform([d, h], bound).tr();",
            pytorch: "weight = torch.empty(d, h).uniform_(-bound, bound).T",
        },
        right: Code {
            rust: "let weight = uniform([h, d], bound); // (out, in)",
            pytorch: "weight = torch.empty(h, d).uniform_(-bound, bound)  # (out, in)",
        },
        found: "The same numbers in another order: mean, range and the corner [0, 0] \
                agree, so a comparison of statistics passes.",
        shows: Shows::Where { needs: "two hidden units", holds: |s| s.run.hidden > 1 },
        parts: &made_of!(|fan_in, fan_out| {
            let weight = uniform([fan_in, fan_out], bound(fan_in, DEFAULT_GAIN));
            let weight = weight.tr().contiguous();
            layer(weight, uniform([fan_out], bound(fan_in, DEFAULT_GAIN)))
        }),
    },
    Pitfall {
        name: "bias-zero",
        mistake: "biases that start at 0",
        origin: "the default of Keras and Flax",
        wrong: Code {
            rust: "let bias = Tensor::zeros([h], (Kind::Float, Device::Cpu));",
            pytorch: "nn.init.zeros_(fc1.bias)",
        },
        right: RIGHT_LAYER,
        found: "fc1.weight is right, fc1.bias is 0, and fc2.weight is another random \
                number, since fewer were drawn before it.",
        shows: Shows::Always,
        parts: &made_of!(|fan_in, fan_out| {
            let weight = uniform([fan_out, fan_in], bound(fan_in, DEFAULT_GAIN));
            layer(weight, Tensor::zeros([fan_out], (Kind::Float, Device::Cpu)))
        }),
    },
];

/// Of `torch.nn.Linear`: √(2 / (1 + a²)) with a = √5, which makes the weights'
/// bound `1/√fan_in`, the same as that of the biases.
const DEFAULT_GAIN: f64 = 0.577_350_269_189_625_7;

fn bound(fan_in: i64, gain: f64) -> f64 {
    3_f64.sqrt() * (gain / (fan_in as f64).sqrt())
}

fn uniform<const N: usize>(size: [i64; N], bound: f64) -> Tensor {
    let mut tensor = Tensor::empty(size, (Kind::Float, Device::Cpu));
    let _ = no_grad(|| tensor.uniform_(-bound, bound));
    tensor
}

fn layer(weight: Tensor, bias: Tensor) -> nn::Linear {
    let [ws, bs] = [weight, bias].map(|tensor| tensor.set_requires_grad(true));
    nn::Linear { ws, bs: Some(bs) }
}
