//! `torch.nn.Conv1d`, `Conv2d`, `Conv3d` and their transposed kin.

use tch::Tensor;

use super::init::reset_parameters;
use super::module::{empty, named};
use super::{Layer, Module};
use crate::defaults::defaults;

/// `torch.nn.Conv1d`: (N, in, L) -> (N, out, L').
pub type Conv1d = Conv<1, false>;
/// `torch.nn.Conv2d`: (N, in, H, W) -> (N, out, H', W').
pub type Conv2d = Conv<2, false>;
/// `torch.nn.Conv3d`: (N, in, D, H, W) -> (N, out, D', H', W').
pub type Conv3d = Conv<3, false>;
/// `torch.nn.ConvTranspose1d`: (N, in, L) -> (N, out, L').
pub type ConvTranspose1d = Conv<1, true>;
/// `torch.nn.ConvTranspose2d`: (N, in, H, W) -> (N, out, H', W').
pub type ConvTranspose2d = Conv<2, true>;
/// `torch.nn.ConvTranspose3d`: (N, in, D, H, W) -> (N, out, D', H', W').
pub type ConvTranspose3d = Conv<3, true>;

/// A convolution over `D` dimensions, padded with zeros.
///
/// Not `tch::nn::conv`, whose initial weights are drawn from a range √6 times as
/// wide, and whose bias begins as 0.
#[derive(Debug)]
pub struct Conv<const D: usize, const TRANSPOSED: bool> {
    /// (out, in / groups, kernel...); transposed (in, out / groups, kernel...)
    pub weight: Tensor,
    /// (out,)
    pub bias: Option<Tensor>,
    options: ConvOptions<D>,
}

defaults! {
    /// The settings of a convolution, one number for each of the `D` dimensions.
    #[derive(Clone, Copy, Debug)]
    pub struct ConvOptions<const D: usize> {
        /// 1 by default.
        pub stride: [i64; D] = [1; D],
        /// 0 by default.
        pub padding: [i64; D] = [0; D],
        /// 1 by default.
        pub dilation: [i64; D] = [1; D],
        /// Of transposed convolutions only; 0 by default.
        pub output_padding: [i64; D] = [0; D],
        /// 1 by default.
        pub groups: i64 = 1,
        /// true by default.
        pub bias: bool = true,
    }
}

impl<const D: usize, const TRANSPOSED: bool> Conv<D, TRANSPOSED> {
    /// With PyTorch's default settings.
    pub fn new(in_channels: i64, out_channels: i64, kernel_size: [i64; D]) -> Self {
        Self::with(in_channels, out_channels, kernel_size, ConvOptions::default())
    }

    /// Draws `weight`, then `bias`, from the default generator, as
    /// `torch.nn.modules.conv._ConvNd.reset_parameters` does.
    pub fn with(
        in_channels: i64,
        out_channels: i64,
        kernel_size: [i64; D],
        options: ConvOptions<D>,
    ) -> Self {
        assert!(
            in_channels % options.groups == 0 && out_channels % options.groups == 0,
            "{in_channels} and {out_channels} channels do not make {} groups",
            options.groups
        );
        let (first, second) = if TRANSPOSED {
            (in_channels, out_channels / options.groups)
        } else {
            (out_channels, in_channels / options.groups)
        };
        let mut weight = empty([&[first, second], &kernel_size[..]].concat());
        let mut bias = options.bias.then(|| empty([out_channels]));
        reset_parameters(&mut weight, bias.as_mut());
        Self { weight, bias, options }
    }
}

impl<const D: usize, const TRANSPOSED: bool> Layer for Conv<D, TRANSPOSED> {
    fn forward(&self, x: &Tensor) -> Tensor {
        let (weight, bias) = (&self.weight, self.bias.as_ref());
        let ConvOptions { stride, padding, dilation, output_padding: out_padding, groups, .. } =
            self.options;
        match (D, TRANSPOSED) {
            (1, false) => x.conv1d(weight, bias, stride, padding, dilation, groups),
            (2, false) => x.conv2d(weight, bias, stride, padding, dilation, groups),
            (3, false) => x.conv3d(weight, bias, stride, padding, dilation, groups),
            (1, true) => {
                x.conv_transpose1d(weight, bias, stride, padding, out_padding, groups, dilation)
            }
            (2, true) => {
                x.conv_transpose2d(weight, bias, stride, padding, out_padding, groups, dilation)
            }
            (3, true) => {
                x.conv_transpose3d(weight, bias, stride, padding, out_padding, groups, dilation)
            }
            _ => panic!("libtorch has no convolution over {D} dimensions"),
        }
    }
}

impl<const D: usize, const TRANSPOSED: bool> Module for Conv<D, TRANSPOSED> {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named([("weight", Some(&self.weight)), ("bias", self.bias.as_ref())])
    }
}
