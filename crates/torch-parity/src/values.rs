//! A tensor of libtorch as a record has it, and back.

use crate::error::{Error, Result, ensure};
use parity_record::{Array, Dtype, View};
use tch::{Device, Kind, Tensor};

/// A tensor's values, apart from libtorch.
pub trait OfTensor: Sized {
    /// Copies the values of `tensor`, of any dtype that .safetensors has.
    fn of(tensor: &Tensor) -> Result<Self>;

    /// The same as a tensor on the CPU, of its own memory. Fails for a digest.
    fn to_tensor(&self) -> Result<Tensor>;
}

impl OfTensor for Array {
    fn of(tensor: &Tensor) -> Result<Self> {
        Ok(InOrder::of(tensor)?.view()?.to_array())
    }

    fn to_tensor(&self) -> Result<Tensor> {
        let values = self.view()?;
        let shape: Vec<_> = values.shape().iter().map(|&n| n as i64).collect();
        let Some((kind, _)) = DTYPES.iter().find(|(_, dtype)| *dtype == values.dtype()) else {
            return Err(Error::Tensor(format!("libtorch has no dtype {}", values.dtype())));
        };
        Ok(Tensor::f_from_data_size(values.bytes(), &shape, *kind)?)
    }
}

/// A tensor whose memory is its values in row-major order: itself where it is so
/// already, or else a copy. A conjugate and a negative may be the memory of another
/// tensor and a flag.
pub(crate) struct InOrder {
    tensor: Tensor,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl InOrder {
    pub fn of(tensor: &Tensor) -> Result<Self> {
        let dtype = dtype_of(tensor.kind())?;
        ensure!(
            !tensor.is_sparse() && !tensor.is_mkldnn(),
            Tensor,
            "a tensor without strides has no place in a .safetensors file: convert it"
        );
        let is_flagged = tensor.is_conj() || tensor.is_neg();
        let tensor = if is_flagged { &tensor.f_resolve_conj()?.f_resolve_neg()? } else { tensor };
        let here = tensor.device() == Device::Cpu;
        let tensor = if here { tensor } else { &tensor.f_to_device(Device::Cpu)? };
        let shape = tensor.size().iter().map(|&n| n as usize).collect();
        Ok(Self { tensor: tensor.f_contiguous()?, dtype, shape })
    }

    /// Its values, which nothing is to change meanwhile.
    #[allow(unsafe_code)] // tch only copies values, to where they would be copied again
    pub fn view(&self) -> Result<View<'_>> {
        let size = self.tensor.numel() * self.tensor.kind().elt_size_in_bytes();
        let bytes: &[u8] = if size == 0 {
            &[]
        } else {
            // SAFETY: a contiguous tensor on the CPU has so many bytes there, for as
            // long as this handle lives; they are read before the run goes on.
            unsafe { std::slice::from_raw_parts(self.tensor.data_ptr().cast(), size) }
        };
        Ok(View::new(self.dtype, &self.shape, bytes)?)
    }
}

/// The dtypes that libtorch and .safetensors share.
const DTYPES: [(Kind, Dtype); 11] = [
    (Kind::Float, Dtype::F32),
    (Kind::Double, Dtype::F64),
    (Kind::Half, Dtype::F16),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Int64, Dtype::I64),
    (Kind::Int, Dtype::I32),
    (Kind::Int16, Dtype::I16),
    (Kind::Int8, Dtype::I8),
    (Kind::Uint8, Dtype::U8),
    (Kind::Bool, Dtype::BOOL),
    (Kind::ComplexFloat, Dtype::C64),
];

fn dtype_of(kind: Kind) -> Result<Dtype> {
    match DTYPES.iter().find(|(known, _)| *known == kind) {
        Some((_, dtype)) => Ok(*dtype),
        None => Err(Error::Tensor(format!(
            "a tensor of kind {kind:?} has no place in a .safetensors file: convert it"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_of_every_dtype_is_copied_and_comes_back() {
        let x = Tensor::from_slice(&[0.0_f32, 1.0, 2.0, 3.0]).view([2, 2]);
        for (kind, dtype) in DTYPES {
            let array = Array::of(&x.to_kind(kind).tr()).unwrap();
            assert_eq!((array.dtype(), array.shape()), (dtype, &[2, 2][..]));
            let back = array.to_tensor().unwrap();
            assert_eq!(back.kind(), kind);
            assert_eq!(back, x.to_kind(kind).tr());
        }
        let error = Array::of(&x.to_kind(Kind::ComplexDouble)).unwrap_err().to_string();
        assert!(error.starts_with("a tensor of kind ComplexDouble has no place"), "{error}");
        assert_eq!(
            Array::of(&Tensor::zeros([0, 3], tch::kind::FLOAT_CPU)).unwrap().shape(),
            [0, 3]
        );
    }

    /// Which may be flags of another tensor's memory.
    #[test]
    fn conjugates_and_negatives_have_their_own_values() {
        let z = Tensor::complex(&Tensor::from(2.0_f32), &Tensor::from(3.0_f32));
        let floats = |tensor: &Tensor| {
            let array = Array::of(tensor).unwrap();
            assert_eq!(Array::of(&array.to_tensor().unwrap()).unwrap(), array);
            let floats = array.bytes().as_chunks().0.iter().map(|&x| f32::from_ne_bytes(x));
            floats.collect::<Vec<_>>()
        };
        let conjugate = z.conj();
        let negative = conjugate.imag();
        assert!(conjugate.is_conj() && negative.is_neg());
        assert_eq!((floats(&conjugate), floats(&negative)), (vec![2.0, -3.0], vec![-3.0]));
    }

    #[test]
    fn what_is_in_order_is_not_copied() {
        let x = Tensor::arange(6, (Kind::Float, Device::Cpu)).view([2, 3]);
        let at = |tensor: &Tensor| InOrder::of(tensor).unwrap().tensor.data_ptr();
        assert_eq!(at(&x), x.data_ptr());
        assert_eq!(at(&x.get(1)), x.get(1).data_ptr());
        assert_ne!(at(&x.tr()), x.data_ptr());
    }

    #[test]
    fn a_sparse_tensor_is_refused_in_words() {
        let sparse = Tensor::eye(2, (Kind::Float, Device::Cpu)).to_sparse_sparse_dim(2);
        let error = Array::of(&sparse).unwrap_err().to_string();
        assert!(error.starts_with("a tensor without strides has no place"), "{error}");
    }
}
