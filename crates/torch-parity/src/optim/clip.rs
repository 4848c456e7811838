//! `torch.nn.utils.clip_grad_norm_` and `clip_grad_value_`.

use tch::{Tensor, no_grad};

use super::Parameters;

/// `torch.nn.utils.clip_grad_norm_` (Pascanu et al., 2013): scales all gradients
/// by one factor, so that the norm of them all is `max_norm` at most, and gives
/// what it was, (). `norm_type` is 2.0 by default in PyTorch, and may be
/// infinite. All gradients must have one dtype.
pub fn clip_grad_norm_(parameters: &mut Parameters, max_norm: f64, norm_type: f64) -> Tensor {
    no_grad(|| {
        // libtorch's norm over no dimension is linalg.vector_norm over all.
        let norm = |x: &Tensor| x.norm_scalaropt_dim(norm_type, [0_i64; 0], false);
        let norms: Vec<_> = parameters.grads().iter().flatten().map(norm).collect();
        if norms.is_empty() {
            return Tensor::from(0.0_f32);
        }
        let total_norm = norm(&Tensor::stack(&norms, 0));
        // Python's number / tensor: a reciprocal, then a product.
        let clip_coef = (&total_norm + 1e-6).reciprocal() * max_norm;
        // Multiplied even if it is 1, as PyTorch does.
        let clip_coef = clip_coef.clamp_max(1.0);
        parameters.map_grads(|grad| grad * &clip_coef);
        total_norm
    })
}

/// `torch.nn.utils.clip_grad_value_`: no gradient's value is outside of
/// -`clip_value` to `clip_value` afterwards.
pub fn clip_grad_value_(parameters: &mut Parameters, clip_value: f64) {
    no_grad(|| parameters.map_grads(|grad| grad.clamp_min(-clip_value).clamp_max(clip_value)));
}
