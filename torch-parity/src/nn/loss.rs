//! The losses of `torch.nn.functional`, with its default arguments.

use tch::{Reduction, Tensor};

/// `torch.nn.functional.cross_entropy` with its defaults: the mean over the N
/// samples of -log softmax(logits)\[y\]. `logits` is (N, C), `y` (N,) int64.
pub fn cross_entropy(logits: &Tensor, y: &Tensor) -> Tensor {
    logits.cross_entropy_loss::<Tensor>(y, None, Reduction::Mean, -100, 0.0)
}

/// `torch.nn.functional.mse_loss` with its defaults: the mean of (x - y)² over
/// all values; `x` and `y` have one shape.
pub fn mse_loss(x: &Tensor, y: &Tensor) -> Tensor {
    x.mse_loss(y, Reduction::Mean)
}
