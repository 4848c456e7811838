//! `torch.nn.utils.clip_grad_norm_` and `clip_grad_value_`.

use tch::{Tensor, no_grad};

use super::{Byproduct, Parameters};

/// `torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)` (Pascanu et al.,
/// 2013): scales the gradients of `named_parameters` by one factor, so that the norm
/// of them all is `max_norm` at most, and gives what it was, (). `norm_type` is 2.0
/// by default in PyTorch, and may be infinite. All gradients must have one dtype.
///
/// `optimizer` is [`parameters_mut`](super::Optimizer::parameters_mut) of the
/// optimizer, which holds the gradients. They are added up in the order of
/// `named_parameters`, which is the model's where it is given
/// [`model.named_parameters()`](crate::nn::Module::named_parameters), whatever the
/// optimizer's groups are. Those that the optimizer does not train, or that have no
/// gradient, are passed over.
pub fn clip_grad_norm_(
    optimizer: &mut Parameters,
    named_parameters: &[(String, Tensor)],
    max_norm: f64,
    norm_type: f64,
) -> Byproduct {
    no_grad(|| {
        // libtorch's norm over no dimension is linalg.vector_norm over all.
        let norm = |x: &Tensor| x.norm_scalaropt_dim(norm_type, [0_i64; 0], false);
        let norms: Vec<_> = optimizer.grads_of(named_parameters).map(|grad| norm(grad)).collect();
        if norms.is_empty() {
            return Tensor::from(0.0_f32).into();
        }
        let total_norm = norm(&Tensor::stack(&norms, 0));
        // Python's number / tensor: a reciprocal, then a product.
        let clip_coef = (&total_norm + 1e-6).reciprocal() * max_norm;
        // Multiplied even if it is 1, as PyTorch does.
        let clip_coef = clip_coef.clamp_max(1.0);
        optimizer.grads_of(named_parameters).for_each(|grad| *grad = &*grad * &clip_coef);
        total_norm.into()
    })
}

/// `torch.nn.utils.clip_grad_value_(model.parameters(), clip_value)`: no value of
/// these parameters' gradients is outside of -`clip_value` to `clip_value`
/// afterwards. The arguments are those of [`clip_grad_norm_`].
pub fn clip_grad_value_(
    optimizer: &mut Parameters,
    named_parameters: &[(String, Tensor)],
    clip_value: f64,
) {
    let clipped = |grad: &Tensor| grad.clamp_min(-clip_value).clamp_max(clip_value);
    no_grad(|| optimizer.grads_of(named_parameters).for_each(|grad| *grad = clipped(grad)));
}
