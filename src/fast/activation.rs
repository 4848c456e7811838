//! The activations' forward and backward kernels, writing into given tensors.

use tch::Tensor;
use torch_parity::nn::Activation::{self, *};

use crate::fast::tanh::tanh_out;

/// The constants of `torch.nn.functional.selu`, which is an elu.
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// Writes what [`Activation::apply`] returns for `z` into `h`.
pub fn forward_out(activation: Activation, z: &Tensor, h: &Tensor) {
    let _ = match activation {
        Sigmoid => z.sigmoid_out(h),
        Tanh => return tanh_out(z, h),
        Relu => z.relu_out(h),
        LeakyRelu => z.leaky_relu_out(h),
        Elu => z.elu_out(h),
        Gelu => z.gelu_out(h, "none"),
        Silu => z.silu_out(h),
        Softplus => z.softplus_out(h),
        Hardtanh => z.hardtanh_out(h),
        Softsign => z.div_out(h, &(z.abs() + 1)),
        Mish => z.mish_out(h),
        Selu => copied(h, &z.selu()),
        Hardswish => z.hardswish_out(h),
        Hardsigmoid => z.hardsigmoid_out(h),
    };
}

/// Writes the loss's gradient by `z` into `grad_z`, given that by `h`: for each
/// activation the kernel that autograd calls (PyTorch's `derivatives.yaml`), with
/// the arguments that the forward call defaulted.
pub fn backward_out(
    activation: Activation,
    grad_z: &Tensor,
    grad_h: &Tensor,
    z: &Tensor,
    h: &Tensor,
) {
    let _ = match activation {
        Sigmoid => Tensor::sigmoid_backward_grad_input(grad_z, grad_h, h),
        Tanh => Tensor::tanh_backward_grad_input(grad_z, grad_h, h),
        Relu => h.threshold_backward_grad_input(grad_z, grad_h, 0),
        LeakyRelu => z.leaky_relu_backward_grad_input(grad_z, grad_h, 0.01, false),
        Elu => Tensor::elu_backward_grad_input(grad_z, grad_h, 1.0, 1.0, 1.0, false, z),
        Gelu => z.gelu_backward_grad_input(grad_z, grad_h, "none"),
        Silu => z.silu_backward_grad_input(grad_z, grad_h),
        Softplus => z.softplus_backward_grad_input(grad_z, grad_h, 1.0, 20.0),
        Hardtanh => z.hardtanh_backward_grad_input(grad_z, grad_h, -1.0, 1.0),
        Softsign => {
            // z / (|z| + 1) has no kernel of its own: autograd walks back
            // through the division, then through abs, and adds up.
            let denom = z.abs() + 1;
            let by_denom = -grad_h * (h / &denom);
            (grad_h / denom).add_out(grad_z, &(by_denom * z.sgn()))
        }
        Mish => copied(grad_z, &z.mish_backward(grad_h)),
        Selu => {
            Tensor::elu_backward_grad_input(grad_z, grad_h, SELU_ALPHA, SELU_SCALE, 1.0, false, z)
        }
        Hardswish => z.hardswish_backward_out(grad_z, grad_h),
        Hardsigmoid => z.hardsigmoid_backward_grad_input(grad_z, grad_h),
    };
}

/// For a kernel that does not write into a given tensor.
fn copied(out: &Tensor, value: &Tensor) -> Tensor {
    out.shallow_clone().copy_(value);
    out.shallow_clone()
}
