//! `torch.nn.init`: how tensors are filled before training.
//!
//! Each function does what PyTorch's Python code does, call by call, and works
//! out bounds in its order, since rounding differs in any other. All of them
//! leave gradients aside and draw from the default generator.

mod trunc_normal;

use std::f64::consts::SQRT_2;
use std::hint::black_box;

use tch::{Device, Kind, Tensor, no_grad};

pub use trunc_normal::trunc_normal_;

/// What a layer's output goes through, of `torch.nn.init.calculate_gain`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nonlinearity {
    /// `"linear"`, and the convolutions, which have the same gain.
    Linear,
    /// `"sigmoid"`
    Sigmoid,
    /// `"tanh"`
    Tanh,
    /// `"relu"`
    Relu,
    /// `"leaky_relu"` of this negative slope, which `kaiming_*_` call `a`: 0 by
    /// default there, 0.01 in `calculate_gain`.
    LeakyRelu(f64),
    /// `"selu"`
    Selu,
}

/// Whether the variance is to be kept in the forward or in the backward pass.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fan {
    /// `"fan_in"`, the default of `kaiming_*_`.
    #[default]
    In,
    /// `"fan_out"`
    Out,
}

/// `torch.nn.init.calculate_gain`.
pub fn calculate_gain(nonlinearity: Nonlinearity) -> f64 {
    match nonlinearity {
        Nonlinearity::Linear | Nonlinearity::Sigmoid => 1.0,
        Nonlinearity::Tanh => 5.0 / 3.0,
        Nonlinearity::Relu => SQRT_2,
        Nonlinearity::LeakyRelu(slope) => (2.0 / (1.0 + squared(slope))).sqrt(),
        Nonlinearity::Selu => 3.0 / 4.0,
    }
}

/// Python's `x ** 2`: C's pow, which the compiler must not make a product of.
fn squared(x: f64) -> f64 {
    x.powf(black_box(2.0))
}

/// `torch.nn.init._calculate_fan_in_and_fan_out` of a weight (out, in, ...).
pub fn fan_in_and_fan_out(tensor: &Tensor) -> (i64, i64) {
    let size = tensor.size();
    assert!(size.len() >= 2, "a tensor of shape {size:?} has no fan in: it takes 2 dimensions");
    let receptive_field_size: i64 = size[2..].iter().product();
    (size[1] * receptive_field_size, size[0] * receptive_field_size)
}

/// `torch.nn.init.uniform_`: from [a, b), by default [0, 1).
pub fn uniform_(tensor: &mut Tensor, a: f64, b: f64) {
    let _ = no_grad(|| tensor.uniform_(a, b));
}

/// `torch.nn.init.normal_`, by default of mean 0 and std 1.
pub fn normal_(tensor: &mut Tensor, mean: f64, std: f64) {
    let _ = no_grad(|| tensor.normal_(mean, std));
}

/// `torch.nn.init.constant_`.
pub fn constant_(tensor: &mut Tensor, value: f64) {
    let _ = no_grad(|| tensor.fill_(value));
}

/// `torch.nn.init.ones_`.
pub fn ones_(tensor: &mut Tensor) {
    constant_(tensor, 1.0);
}

/// `torch.nn.init.zeros_`.
pub fn zeros_(tensor: &mut Tensor) {
    let _ = no_grad(|| tensor.zero_());
}

/// `torch.nn.init.eye_` of a matrix: 1 on its diagonal, 0 elsewhere.
pub fn eye_(tensor: &mut Tensor) {
    let &[rows, columns] = &tensor.size()[..] else { panic!("eye_ takes 2 dimensions") };
    no_grad(|| tensor.copy_(&Tensor::eye_m(rows, columns, (tensor.kind(), tensor.device()))));
}

/// `torch.nn.init.dirac_` of a convolution's weight (out, in, ...): each group
/// hands its first channels on as they are. By default `groups` is 1.
pub fn dirac_(tensor: &mut Tensor, groups: i64) {
    let size = tensor.size();
    assert!((3..=5).contains(&size.len()), "dirac_ takes 3, 4 or 5 dimensions");
    assert!(size[0] % groups == 0, "dirac_ takes as many channels in each group");
    let per_group = size[0] / groups;
    zeros_(tensor);
    for group in 0..groups {
        for channel in 0..per_group.min(size[1]) {
            let start = tensor.get(group * per_group + channel).get(channel);
            let mut middle = size[2..].iter().fold(start, |field, &n| field.get(n / 2));
            ones_(&mut middle);
        }
    }
}

/// `torch.nn.init.xavier_uniform_` (Glorot and Bengio, 2010), by default of
/// gain 1.
pub fn xavier_uniform_(tensor: &mut Tensor, gain: f64) {
    let a = 3_f64.sqrt() * xavier_std(tensor, gain);
    uniform_(tensor, -a, a);
}

/// `torch.nn.init.xavier_normal_` (Glorot and Bengio, 2010), by default of
/// gain 1.
pub fn xavier_normal_(tensor: &mut Tensor, gain: f64) {
    let std = xavier_std(tensor, gain);
    normal_(tensor, 0.0, std);
}

fn xavier_std(tensor: &Tensor, gain: f64) -> f64 {
    let (fan_in, fan_out) = fan_in_and_fan_out(tensor);
    gain * (2.0 / (fan_in + fan_out) as f64).sqrt()
}

/// `torch.nn.init.kaiming_uniform_` (He et al., 2015), by default for
/// [`Fan::In`] and [`LeakyRelu(0.0)`](Nonlinearity::LeakyRelu).
pub fn kaiming_uniform_(tensor: &mut Tensor, fan: Fan, nonlinearity: Nonlinearity) {
    if tensor.numel() > 0 {
        let bound = 3_f64.sqrt() * kaiming_std(tensor, fan, nonlinearity);
        uniform_(tensor, -bound, bound);
    }
}

/// `torch.nn.init.kaiming_normal_` (He et al., 2015), with the same defaults.
pub fn kaiming_normal_(tensor: &mut Tensor, fan: Fan, nonlinearity: Nonlinearity) {
    if tensor.numel() > 0 {
        let std = kaiming_std(tensor, fan, nonlinearity);
        normal_(tensor, 0.0, std);
    }
}

fn kaiming_std(tensor: &Tensor, fan: Fan, nonlinearity: Nonlinearity) -> f64 {
    let (fan_in, fan_out) = fan_in_and_fan_out(tensor);
    let fan = if fan == Fan::In { fan_in } else { fan_out };
    calculate_gain(nonlinearity) / (fan as f64).sqrt()
}

/// What every layer of `torch.nn` with a weight (out, in, ...) begins with:
/// `weight`, then `bias`, between ±1/√(fan in).
pub(super) fn reset_parameters(weight: &mut Tensor, bias: Option<&mut Tensor>) {
    kaiming_uniform_(weight, Fan::In, Nonlinearity::LeakyRelu(5_f64.sqrt()));
    if let Some(bias) = bias {
        let (fan_in, _) = fan_in_and_fan_out(weight);
        let bound = if fan_in > 0 { 1.0 / (fan_in as f64).sqrt() } else { 0.0 };
        uniform_(bias, -bound, bound);
    }
}

/// `torch.nn.init.orthogonal_` (Saxe et al., 2013), by default of gain 1: rows
/// or columns, whichever are fewer, are orthogonal.
pub fn orthogonal_(tensor: &mut Tensor, gain: f64) {
    let size = tensor.size();
    assert!(size.len() >= 2, "orthogonal_ takes 2 dimensions or more");
    if tensor.numel() == 0 {
        return;
    }
    let (rows, columns) = (size[0], size[1..].iter().product());
    no_grad(|| {
        let mut flattened =
            Tensor::empty([rows, columns], (tensor.kind(), tensor.device())).normal_(0.0, 1.0);
        if rows < columns {
            flattened = flattened.t_();
        }
        let (mut q, r) = Tensor::linalg_qr(&flattened, "reduced");
        q *= r.diag(0).sign();
        if rows < columns {
            q = q.t_();
        }
        tensor.view_as(&q).copy_(&q);
        let _ = tensor.g_mul_scalar_(gain);
    });
}

/// `torch.nn.init.sparse_` of a matrix (Martens, 2010), by default of std 0.01:
/// normal values, with this fraction of each column set to 0.
pub fn sparse_(tensor: &mut Tensor, sparsity: f64, std: f64) {
    let &[rows, columns] = &tensor.size()[..] else { panic!("sparse_ takes 2 dimensions") };
    let zeros = (sparsity * rows as f64).ceil() as i64;
    normal_(tensor, 0.0, std);
    for column in 0..columns {
        let chosen = Tensor::randperm(rows, (Kind::Int64, Device::Cpu)).narrow(0, 0, zeros);
        let _ = no_grad(|| tensor.select(1, column).index_fill_(0, &chosen, 0.0));
    }
}
