//! A tensor's values: where they lie, and as copies.

use std::cell::Cell;

use tch::{Device, Kind, Tensor};

/// The values of `tensor`, which is float32 and contiguous, in its own memory.
///
/// They are cells, since another tensor may be a view of the same memory.
///
/// # Safety
/// While they are held, nothing may resize the tensor, or a view of it, or give
/// it other memory (`resize_`, `set_data`).
#[expect(unsafe_code, reason = "tch only gives the address")]
pub unsafe fn values(tensor: &Tensor) -> &[Cell<f32>] {
    assert_eq!((tensor.kind(), tensor.device()), (Kind::Float, Device::Cpu));
    assert!(tensor.is_contiguous());
    let (numel, data) = (tensor.numel(), tensor.data_ptr());
    if numel == 0 {
        return &[]; // libtorch has no address then
    }
    // SAFETY: a contiguous tensor has `numel` aligned values one behind the other
    // and keeps them alive, as the caller promises. Cells stay on this thread, and
    // a tensor is not shared with others either; libtorch reads and writes them
    // between our calls.
    unsafe { std::slice::from_raw_parts(data.cast(), numel) }
}

/// A copy of the values of `tensor`, which is float32.
pub fn read(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten(0, -1).try_into().expect("it is float32, of one dimension")
}

/// Writes `values` into `tensor`, which has as many.
pub fn write(tensor: &Tensor, values: &[f32]) {
    tensor.shallow_clone().copy_(&Tensor::from_slice(values).view_as(tensor));
}
