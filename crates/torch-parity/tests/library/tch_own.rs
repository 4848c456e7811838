//! Where tch's own layers of the same name part from PyTorch's, measured
//! against ours, which the other tests hold to PyTorch. The README's table says
//! it in words.

use crate::live;
use tch::nn::VarStore;
use tch::{Device, Tensor};
use torch_parity::nn::{
    self, BatchNorm2d, Conv2d, ConvTranspose2d, Embedding, GRU, GroupNorm, LSTM, LayerNorm, Linear,
    Module,
};

/// The initial values of a layer of tch and of ours, from one seed.
fn both(
    theirs: impl Fn(&tch::nn::Path<'_>),
    ours: impl Fn() -> Box<dyn Module>,
) -> Vec<(String, Tensor, Tensor)> {
    tch::manual_seed(1);
    let store = VarStore::new(Device::Cpu);
    theirs(&store.root());
    let variables = store.variables();
    tch::manual_seed(1);
    let pair = |(name, ours): (String, Tensor)| {
        let theirs = variables[&name].shallow_clone();
        (name, theirs, ours)
    };
    ours().named_parameters().into_iter().map(pair).collect()
}

/// How many times as wide theirs is spread.
fn ratio(theirs: &Tensor, ours: &Tensor) -> f64 {
    theirs.std(false).double_value(&[]) / ours.std(false).double_value(&[])
}

fn equal(all: &[(String, Tensor, Tensor)]) -> bool {
    all.iter().all(|(_, theirs, ours)| theirs == ours)
}

#[test]
fn linear_and_convolutions_are_drawn_wider() {
    let _held = live::alone();
    let six = 6_f64.sqrt();
    let linear = both(
        |path| drop(tch::nn::linear(path, 300, 200, tch::nn::LinearConfig::default())),
        || Box::new(Linear::new(300, 200)),
    );
    let conv = both(
        |path| drop(tch::nn::conv2d(path, 30, 40, 5, tch::nn::ConvConfig::default())),
        || Box::new(Conv2d::new(30, 40, [5, 5])),
    );
    for all in [&linear, &conv] {
        let (_, theirs, ours) = &all[0];
        assert!((ratio(theirs, ours) - six).abs() < 0.02, "{}", ratio(theirs, ours));
    }
    let (_, bias, _) = &conv[1];
    assert_eq!(bias, &bias.zeros_like());
    let transposed = both(
        |path| {
            let config = tch::nn::ConvTransposeConfig::default();
            drop(tch::nn::conv_transpose2d(path, 30, 40, 5, config));
        },
        || Box::new(ConvTranspose2d::new(30, 40, [5, 5])),
    );
    let (_, theirs, ours) = &transposed[0];
    assert!((ratio(theirs, ours) - six).abs() < 0.02, "{}", ratio(theirs, ours));
}

#[test]
fn batch_norm_begins_with_a_random_weight() {
    let _held = live::alone();
    let all = both(
        |path| drop(tch::nn::batch_norm2d(path, 300, tch::nn::BatchNormConfig::default())),
        || Box::new(BatchNorm2d::new(300)),
    );
    let (_, weight, ones) = &all[0];
    assert_eq!(ones, &ones.ones_like());
    let (low, high) = (weight.min().double_value(&[]), weight.max().double_value(&[]));
    assert!((0.0..0.05).contains(&low) && (0.95..1.0).contains(&high), "{low} {high}");
    let config = tch::nn::BatchNormConfig::default();
    let ours = nn::BatchNormOptions::default();
    assert_eq!((config.eps, Some(config.momentum)), (ours.eps, ours.momentum));
}

#[test]
fn layer_norm_group_norm_and_embedding_begin_equal() {
    let _held = live::alone();
    let layer = both(
        |path| drop(tch::nn::layer_norm(path, vec![30], tch::nn::LayerNormConfig::default())),
        || Box::new(LayerNorm::new(&[30])),
    );
    let group = both(
        |path| drop(tch::nn::group_norm(path, 3, 30, tch::nn::GroupNormConfig::default())),
        || Box::new(GroupNorm::new(3, 30)),
    );
    let embedding = |padding_idx: i64, ours: fn() -> Box<dyn Module>| {
        let config = tch::nn::EmbeddingConfig { padding_idx, ..Default::default() };
        both(move |path| drop(tch::nn::embedding(path, 30, 20, config)), ours)
    };
    assert!(equal(&layer) && equal(&group));
    assert!(equal(&embedding(-1, || Box::new(Embedding::new(30, 20)))));
    // The row of padding is not cleared.
    let padded = embedding(3, || Box::new(Embedding::with_padding(30, 20, 3)));
    let (_, theirs, ours) = &padded[0];
    assert_eq!(theirs.ne_tensor(ours).any_dim(1, false).sum(None).int64_value(&[]), 1);
}

#[test]
fn recurrent_networks_are_drawn_as_for_a_relu() {
    let _held = live::alone();
    let config = tch::nn::RNNConfig::default();
    assert!(config.batch_first); // PyTorch's default is false
    let lstm =
        both(|path| drop(tch::nn::lstm(path, 60, 50, config)), || Box::new(LSTM::new(60, 50)));
    let gru = both(|path| drop(tch::nn::gru(path, 60, 50, config)), || Box::new(GRU::new(60, 50)));
    for all in [lstm, gru] {
        // √(6 / fan in) against 1 / √hidden
        for ((_, theirs, ours), fan_in) in all.iter().zip([60.0, 50.0]) {
            let expected = f64::sqrt(6.0 * 50.0 / fan_in);
            assert!((ratio(theirs, ours) - expected).abs() < 0.05, "{}", ratio(theirs, ours));
        }
        let (_, bias, _) = &all[2];
        assert_eq!(bias, &bias.zeros_like());
    }
}

/// tch's `Init` against `nn::init`, for tensors of 12 and of 600 values: libtorch
/// draws 16 normal numbers or more at a time.
#[test]
fn initialisers_of_one_name_are_not_all_equal() {
    use tch::nn::init::{FanInOut, NonLinearity, NormalOrUniform};
    use tch::nn::{Init, init};
    use torch_parity::nn::init::{Fan, Nonlinearity, kaiming_normal_, kaiming_uniform_};
    use torch_parity::nn::init::{normal_, orthogonal_, uniform_};
    let _held = live::alone();
    let kaiming =
        |dist| Init::Kaiming { dist, fan: FanInOut::FanIn, non_linearity: NonLinearity::ReLU };
    let equal = |theirs: Init, ours: &dyn Fn(&mut Tensor)| {
        [[3, 4], [20, 30]].map(|size| {
            tch::manual_seed(1);
            let theirs = init(theirs, &size, Device::Cpu);
            tch::manual_seed(1);
            let mut tensor = Tensor::empty(size, tch::kind::FLOAT_CPU);
            ours(&mut tensor);
            (&theirs - &tensor).abs().max().double_value(&[])
        })
    };
    let uniform = kaiming(NormalOrUniform::Uniform);
    assert_eq!(equal(uniform, &|t| kaiming_uniform_(t, Fan::In, Nonlinearity::Relu)), [0.0; 2]);
    let uniform = Init::Uniform { lo: -0.3, up: 0.7 };
    assert_eq!(equal(uniform, &|t| uniform_(t, -0.3, 0.7)), [0.0; 2]);
    assert_eq!(equal(Init::Orthogonal { gain: 1.3 }, &|t| orthogonal_(t, 1.3)), [0.0; 2]);
    let normal = kaiming(NormalOrUniform::Normal);
    // A factor after the draw rounds otherwise than one in it.
    let kaiming = equal(normal, &|t| kaiming_normal_(t, Fan::In, Nonlinearity::Relu));
    let normal = equal(Init::Randn { mean: 0.1, stdev: 0.3 }, &|t| normal_(t, 0.1, 0.3));
    for distance in [kaiming[0], normal[0], normal[1]] {
        assert!(0.0 < distance && distance < 1e-7, "{distance}");
    }
}
