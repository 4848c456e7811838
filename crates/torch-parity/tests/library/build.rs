//! Layers as a case's JSON describes them, with PyTorch's names of settings.

use serde_json::Value;
use tch::Tensor;
use torch_parity::nn::{self, Layer, Module};

/// A layer, as what it can be called as.
pub enum Built {
    Plain(Box<dyn Layer>),
    Bilinear(nn::Bilinear),
    Rnn(nn::RNN),
    Gru(nn::GRU),
    Lstm(nn::LSTM),
    Attention(nn::MultiheadAttention),
    Encoder(Box<nn::TransformerEncoderLayer>),
}

/// A setting, or PyTorch's default.
fn get<T: serde::de::DeserializeOwned>(case: &Value, key: &str, default: T) -> T {
    case["kwargs"].get(key).map_or(default, |value| serde_json::from_value(value.clone()).unwrap())
}

fn arg<T: serde::de::DeserializeOwned>(case: &Value, i: usize) -> T {
    serde_json::from_value(case["args"][i].clone()).unwrap()
}

fn conv<const D: usize, const T: bool>(case: &Value) -> Box<dyn Layer>
where
    [i64; D]: serde::de::DeserializeOwned,
{
    let options = nn::ConvOptions {
        stride: get(case, "stride", [1; D]),
        padding: get(case, "padding", [0; D]),
        dilation: get(case, "dilation", [1; D]),
        output_padding: get(case, "output_padding", [0; D]),
        groups: get(case, "groups", 1),
        bias: get(case, "bias", true),
    };
    Box::new(nn::Conv::<D, T>::with(arg(case, 0), arg(case, 1), arg(case, 2), options))
}

fn batch_norm<const D: usize>(case: &Value) -> Box<dyn Layer> {
    let options = nn::BatchNormOptions {
        eps: get(case, "eps", 1e-5),
        momentum: get(case, "momentum", Some(0.1)),
        affine: get(case, "affine", true),
        track_running_stats: get(case, "track_running_stats", true),
    };
    Box::new(nn::BatchNorm::<D>::with(arg(case, 0), options))
}

fn max_pool<const D: usize>(case: &Value) -> Box<dyn Layer>
where
    [i64; D]: serde::de::DeserializeOwned,
{
    let pool = nn::MaxPool::<D>::new(arg(case, 0));
    Box::new(nn::MaxPool {
        stride: get(case, "stride", pool.stride),
        padding: get(case, "padding", pool.padding),
        dilation: get(case, "dilation", pool.dilation),
        ceil_mode: get(case, "ceil_mode", false),
        ..pool
    })
}

fn avg_pool<const D: usize>(case: &Value) -> Box<dyn Layer>
where
    [i64; D]: serde::de::DeserializeOwned,
{
    let pool = nn::AvgPool::<D>::new(arg(case, 0));
    Box::new(nn::AvgPool {
        stride: get(case, "stride", pool.stride),
        padding: get(case, "padding", pool.padding),
        ceil_mode: get(case, "ceil_mode", false),
        count_include_pad: get(case, "count_include_pad", true),
        ..pool
    })
}

fn recurrent(case: &Value) -> nn::RecurrentOptions {
    nn::RecurrentOptions {
        num_layers: get(case, "num_layers", 1),
        bias: get(case, "bias", true),
        batch_first: get(case, "batch_first", false),
        dropout: get(case, "dropout", 0.0),
        bidirectional: get(case, "bidirectional", false),
    }
}

fn norm(case: &Value, affine: &str) -> nn::NormOptions {
    nn::NormOptions {
        eps: get(case, "eps", 1e-5),
        affine: get(case, affine, true),
        bias: get(case, "bias", true),
    }
}

fn attention(case: &Value) -> nn::MultiheadAttention {
    let options = nn::AttentionOptions {
        dropout: get(case, "dropout", 0.0),
        bias: get(case, "bias", true),
        batch_first: get(case, "batch_first", false),
    };
    nn::MultiheadAttention::with(arg(case, 0), arg(case, 1), options)
}

fn encoder(case: &Value) -> nn::TransformerEncoderLayer {
    let options = nn::EncoderLayerOptions {
        dim_feedforward: get(case, "dim_feedforward", 2048),
        dropout: get(case, "dropout", 0.1),
        activation: get(case, "activation", "relu".to_owned()).parse().unwrap(),
        layer_norm_eps: get(case, "layer_norm_eps", 1e-5),
        batch_first: get(case, "batch_first", false),
        norm_first: get(case, "norm_first", false),
        bias: get(case, "bias", true),
    };
    nn::TransformerEncoderLayer::with(arg(case, 0), arg(case, 1), options)
}

fn plain(case: &Value) -> Box<dyn Layer> {
    let padding_idx: Option<i64> = get(case, "padding_idx", None);
    match case["layer"].as_str().unwrap() {
        "Sequential" => {
            let parts: nn::Sequential =
                case["args"].as_array().unwrap().iter().map(plain).collect();
            Box::new(parts)
        }
        "Linear" if get(case, "bias", true) => {
            Box::new(nn::Linear::new(arg(case, 0), arg(case, 1)))
        }
        "Linear" => Box::new(nn::Linear::without_bias(arg(case, 0), arg(case, 1))),
        "Conv1d" => conv::<1, false>(case),
        "Conv2d" => conv::<2, false>(case),
        "Conv3d" => conv::<3, false>(case),
        "ConvTranspose1d" => conv::<1, true>(case),
        "ConvTranspose2d" => conv::<2, true>(case),
        "ConvTranspose3d" => conv::<3, true>(case),
        "BatchNorm1d" => batch_norm::<1>(case),
        "BatchNorm2d" => batch_norm::<2>(case),
        "BatchNorm3d" => batch_norm::<3>(case),
        "LayerNorm" => {
            let shape: Vec<_> = arg(case, 0);
            Box::new(nn::LayerNorm::with(&shape, norm(case, "elementwise_affine")))
        }
        "GroupNorm" => {
            Box::new(nn::GroupNorm::with(arg(case, 0), arg(case, 1), norm(case, "affine")))
        }
        "Embedding" => Box::new(match padding_idx {
            None => nn::Embedding::new(arg(case, 0), arg(case, 1)),
            Some(row) => nn::Embedding::with_padding(arg(case, 0), arg(case, 1), row),
        }),
        "Dropout" => Box::new(nn::Dropout::new(arg(case, 0))),
        "Dropout2d" => Box::new(nn::Dropout2d::new(arg(case, 0))),
        "MaxPool1d" => max_pool::<1>(case),
        "MaxPool2d" => max_pool::<2>(case),
        "AvgPool1d" => avg_pool::<1>(case),
        "AvgPool2d" => avg_pool::<2>(case),
        "AdaptiveAvgPool2d" => Box::new(nn::AdaptiveAvgPool2d(arg(case, 0))),
        "Flatten" => Box::new(nn::Flatten),
        _ => activation(case),
    }
}

fn activation(case: &Value) -> Box<dyn Layer> {
    match case["layer"].as_str().unwrap() {
        "Identity" => Box::new(nn::Identity),
        "Sigmoid" => Box::new(nn::Sigmoid),
        "Tanh" => Box::new(nn::Tanh),
        "ReLU" => Box::new(nn::ReLU),
        "ReLU6" => Box::new(nn::ReLU6),
        "SELU" => Box::new(nn::SELU),
        "SiLU" => Box::new(nn::SiLU),
        "Mish" => Box::new(nn::Mish),
        "Softplus" => Box::new(nn::Softplus),
        "Softsign" => Box::new(nn::Softsign),
        "LogSigmoid" => Box::new(nn::LogSigmoid),
        "Hardsigmoid" => Box::new(nn::Hardsigmoid),
        "Hardswish" => Box::new(nn::Hardswish),
        "GELU" if get(case, "approximate", "none".to_owned()) == "tanh" => Box::new(nn::GELU::Tanh),
        "GELU" => Box::new(nn::GELU::None),
        "LeakyReLU" => Box::new(nn::LeakyReLU(arg(case, 0))),
        "ELU" => Box::new(nn::ELU(arg(case, 0))),
        "Hardtanh" => Box::new(nn::Hardtanh { min_val: arg(case, 0), max_val: arg(case, 1) }),
        "Softmax" => Box::new(nn::Softmax(arg(case, 0))),
        "LogSoftmax" => Box::new(nn::LogSoftmax(arg(case, 0))),
        other => panic!("no layer {other}"),
    }
}

impl Built {
    pub fn of(case: &Value) -> Self {
        let (i, h) = (|| arg(case, 0), || arg(case, 1));
        match case["layer"].as_str().unwrap() {
            "RNN" if get(case, "nonlinearity", "tanh".to_owned()) == "relu" => {
                Self::Rnn(nn::RNN::relu(i(), h(), recurrent(case)))
            }
            "Bilinear" if get(case, "bias", true) => {
                Self::Bilinear(nn::Bilinear::new(i(), arg(case, 1), arg(case, 2)))
            }
            "Bilinear" => {
                Self::Bilinear(nn::Bilinear::without_bias(i(), arg(case, 1), arg(case, 2)))
            }
            "RNN" => Self::Rnn(nn::RNN::with(i(), h(), recurrent(case))),
            "GRU" => Self::Gru(nn::GRU::with(i(), h(), recurrent(case))),
            "LSTM" => Self::Lstm(nn::LSTM::with(i(), h(), recurrent(case))),
            "MultiheadAttention" => Self::Attention(attention(case)),
            "TransformerEncoderLayer" => Self::Encoder(Box::new(encoder(case))),
            _ => Self::Plain(plain(case)),
        }
    }

    pub fn module(&self) -> &dyn Module {
        match self {
            Self::Plain(module) => module,
            Self::Bilinear(module) => module,
            Self::Rnn(module) => module,
            Self::Gru(module) => module,
            Self::Lstm(module) => module,
            Self::Attention(module) => module,
            Self::Encoder(module) => module,
        }
    }

    /// The outputs by name, as layers.py calls them.
    pub fn call(&self, case: &Value, x: &Tensor, other: Option<&Tensor>) -> Vec<(String, Tensor)> {
        let again = case["again"] == true;
        let (padding, mask) = (mask(case, "padding"), mask(case, "mask"));
        let how = || nn::Attend {
            key_padding_mask: padding.as_ref(),
            attn_mask: mask.as_ref(),
            need_weights: case["need_weights"] == true,
            average_attn_weights: case["average"] == true,
            is_causal: case["is_causal"] == true,
        };
        let all = match self {
            Self::Plain(module) => vec![module.forward(x)],
            Self::Bilinear(module) => vec![module.forward(x, other.unwrap())],
            Self::Rnn(module) => {
                let (output, h) = module.forward(x, None);
                let (output, h) = if again { module.forward(x, Some(&h)) } else { (output, h) };
                vec![output, h]
            }
            Self::Gru(module) => {
                let (output, h) = module.forward(x, None);
                let (output, h) = if again { module.forward(x, Some(&h)) } else { (output, h) };
                vec![output, h]
            }
            Self::Lstm(module) => {
                let (output, (h, c)) = module.forward(x, None);
                let (output, (h, c)) =
                    if again { module.forward(x, Some((&h, &c))) } else { (output, (h, c)) };
                vec![output, h, c]
            }
            Self::Attention(module) => {
                let twice = other.map(|other| other * 2);
                let (output, weights) = match case["kind"].as_str().unwrap() {
                    "self" => module.forward(x, x, x, how()),
                    "cross" => module.forward(x, other.unwrap(), other.unwrap(), how()),
                    _ => module.forward(x, other.unwrap(), twice.as_ref().unwrap(), how()),
                };
                let named = [("output", Some(output)), ("weights", weights)].into_iter();
                return named.filter_map(|(name, t)| Some((name.to_owned(), t?))).collect();
            }
            Self::Encoder(module) => vec![module.encode(x, how())],
        };
        let names = ["output", "state0", "state1"].map(str::to_owned);
        names.into_iter().zip(all).collect()
    }
}

/// One of the masks of attention, a row or several: bool, or -inf where bool has
/// true.
fn mask(case: &Value, key: &str) -> Option<Tensor> {
    let rows = case.get(key)?.as_array()?;
    let row = |row: &Value| {
        Tensor::from_slice(&serde_json::from_value::<Vec<bool>>(row.clone()).unwrap())
    };
    let bits = if rows[0].is_array() {
        Tensor::stack(&rows.iter().map(row).collect::<Vec<_>>(), 0)
    } else {
        row(&case[key])
    };
    if case["float_mask"] != true {
        return Some(bits);
    }
    let zeros = Tensor::zeros(bits.size(), tch::kind::FLOAT_CPU);
    Some(zeros.masked_fill(&bits, f64::NEG_INFINITY))
}
