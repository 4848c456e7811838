//! Pooling, and `torch.nn.Flatten`.

use tch::Tensor;

use super::{Layer, Module};

/// `torch.nn.MaxPool1d`: (N, C, L) -> (N, C, L').
pub type MaxPool1d = MaxPool<1>;
/// `torch.nn.MaxPool2d`: (N, C, H, W) -> (N, C, H', W').
pub type MaxPool2d = MaxPool<2>;
/// `torch.nn.AvgPool1d`: (N, C, L) -> (N, C, L').
pub type AvgPool1d = AvgPool<1>;
/// `torch.nn.AvgPool2d`: (N, C, H, W) -> (N, C, H', W').
pub type AvgPool2d = AvgPool<2>;

/// The largest value of each window over `D` dimensions.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool<const D: usize> {
    /// Of the window.
    pub kernel_size: [i64; D],
    /// The kernel's size by default.
    pub stride: [i64; D],
    /// 0 by default.
    pub padding: [i64; D],
    /// 1 by default.
    pub dilation: [i64; D],
    /// Whether a window may reach over the edge; false by default.
    pub ceil_mode: bool,
}

/// The mean of each window over `D` dimensions.
#[derive(Clone, Copy, Debug)]
pub struct AvgPool<const D: usize> {
    /// Of the window.
    pub kernel_size: [i64; D],
    /// The kernel's size by default.
    pub stride: [i64; D],
    /// 0 by default.
    pub padding: [i64; D],
    /// Whether a window may reach over the edge; false by default.
    pub ceil_mode: bool,
    /// Whether the zeros of the padding count; true by default.
    pub count_include_pad: bool,
}

impl<const D: usize> MaxPool<D> {
    /// With PyTorch's default settings; change the fields for others.
    pub fn new(kernel_size: [i64; D]) -> Self {
        let stride = kernel_size;
        Self { kernel_size, stride, padding: [0; D], dilation: [1; D], ceil_mode: false }
    }
}

impl<const D: usize> AvgPool<D> {
    /// With PyTorch's default settings; change the fields for others.
    pub fn new(kernel_size: [i64; D]) -> Self {
        let stride = kernel_size;
        let padding = [0; D];
        Self { kernel_size, stride, padding, ceil_mode: false, count_include_pad: true }
    }
}

impl<const D: usize> Layer for MaxPool<D> {
    fn forward(&self, x: &Tensor) -> Tensor {
        let &Self { kernel_size, stride, padding, dilation, ceil_mode } = self;
        match D {
            1 => x.max_pool1d(kernel_size, stride, padding, dilation, ceil_mode),
            2 => x.max_pool2d(kernel_size, stride, padding, dilation, ceil_mode),
            _ => panic!("no pooling over {D} dimensions"),
        }
    }
}

impl<const D: usize> Module for MaxPool<D> {}

impl<const D: usize> Layer for AvgPool<D> {
    fn forward(&self, x: &Tensor) -> Tensor {
        let &Self { kernel_size: kernel, stride, padding, ceil_mode: ceil, count_include_pad } =
            self;
        match D {
            1 => x.avg_pool1d(kernel, stride, padding, ceil, count_include_pad),
            2 => x.avg_pool2d(kernel, stride, padding, ceil, count_include_pad, None),
            _ => panic!("no pooling over {D} dimensions"),
        }
    }
}

impl<const D: usize> Module for AvgPool<D> {}

/// `torch.nn.AdaptiveAvgPool2d`: (N, C, H, W) -> (N, C, ...) of this size.
#[derive(Clone, Copy, Debug)]
pub struct AdaptiveAvgPool2d(pub [i64; 2]);

impl Layer for AdaptiveAvgPool2d {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.adaptive_avg_pool2d(self.0)
    }
}

impl Module for AdaptiveAvgPool2d {}

/// `torch.nn.Flatten` with its defaults: (N, ...) -> (N, all).
#[derive(Clone, Copy, Debug)]
pub struct Flatten;

impl Layer for Flatten {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.flatten(1, -1)
    }
}

impl Module for Flatten {}
