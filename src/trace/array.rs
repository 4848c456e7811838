//! A tensor's values, apart from libtorch.

use std::borrow::Cow;

use safetensors::{Dtype, View};
use tch::{Kind, Tensor};

/// A tensor's values, as bytes in native order, apart from libtorch.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The type of a value.
    pub dtype: Dtype,
    /// Empty for a single value.
    pub shape: Vec<usize>,
    /// The values in row-major order.
    pub bytes: Vec<u8>,
}

impl From<&Tensor> for Array {
    fn from(tensor: &Tensor) -> Self {
        let (dtype, width) = match tensor.kind() {
            Kind::Float => (Dtype::F32, 4),
            Kind::Double => (Dtype::F64, 8),
            Kind::Int64 => (Dtype::I64, 8),
            Kind::Uint8 => (Dtype::U8, 1),
            kind => unreachable!("no experiment records a tensor of kind {kind:?}"),
        };
        let mut bytes = vec![0; tensor.numel() * width];
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        let shape = tensor.size().iter().map(|&n| n as usize).collect();
        Self { dtype, shape, bytes }
    }
}

impl View for &Array {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}
