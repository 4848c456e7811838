//! `add`, `addcmul` and `addcdiv` with a factor, which tch leaves out, to the
//! bits that libtorch's kernels give with one.

use tch::{Kind, Tensor};

/// `a.add(b, alpha=alpha)`. The kernel rounds once: fma(b, alpha, a). So does
/// addcmul's, fma(1 · t1, t2, a), and both round twice on a CPU without fma;
/// hence alpha goes in as a tensor.
pub fn add(a: &Tensor, b: &Tensor, alpha: f64) -> Tensor {
    a.addcmul(b, &scalar(alpha, a))
}

/// `a.add_(b, alpha=alpha)`.
pub fn add_(a: &mut Tensor, b: &Tensor, alpha: f64) {
    let alpha = scalar(alpha, a);
    let _ = a.addcmul_(b, &alpha);
}

/// `a.addcmul(t1, t2, value=value)`. The kernel evaluates (value · t1) · t2, so
/// scaling t1 beforehand gives the same bits.
pub fn addcmul(a: &Tensor, t1: &Tensor, t2: &Tensor, value: f64) -> Tensor {
    a.addcmul(&(t1 * value), t2)
}

/// `a.addcmul_(t1, t2, value=value)`.
pub fn addcmul_(a: &mut Tensor, t1: &Tensor, t2: &Tensor, value: f64) {
    let _ = a.addcmul_(&(t1 * value), t2);
}

/// `a.addcdiv_(t1, t2, value=value)`. The kernel evaluates (value · t1) / t2.
pub fn addcdiv_(a: &mut Tensor, t1: &Tensor, t2: &Tensor, value: f64) {
    let _ = a.addcdiv_(&(t1 * value), t2);
}

/// A number as a tensor, (), of the dtype of `like`: rounded as a kernel rounds
/// its factor.
fn scalar(value: f64, like: &Tensor) -> Tensor {
    let kind = like.kind();
    let is_taken = matches!(kind, Kind::Float | Kind::Double);
    assert!(is_taken, "optimizers of torch-parity take Float and Double, not {kind:?}");
    Tensor::from(value).to_kind(kind)
}
