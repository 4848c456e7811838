//! A tensor's values where they lie.

use std::cell::Cell;

use tch::{Device, Kind, Tensor};

/// The values of `tensor`, which is float32 and contiguous, in its own memory.
///
/// They are cells, since another tensor may be a view of the same memory. While
/// they are held, nothing may resize that tensor or give it other memory
/// (`set_data`); all callers hold them within a function that does not.
#[expect(unsafe_code, reason = "tch only gives the address")]
pub fn values(tensor: &Tensor) -> &[Cell<f32>] {
    assert_eq!((tensor.kind(), tensor.device()), (Kind::Float, Device::Cpu));
    assert!(tensor.is_contiguous());
    let (numel, data) = (tensor.numel(), tensor.data_ptr());
    if numel == 0 {
        return &[]; // libtorch has no address then
    }
    // SAFETY: a contiguous tensor has `numel` aligned values one behind the other
    // and keeps them alive. Cells stay on this thread, and a tensor is not shared
    // with others either; libtorch reads and writes them between our calls.
    unsafe { std::slice::from_raw_parts(data.cast(), numel) }
}
