//! The activations' forward and backward kernels, writing into given tensors.

use tch::Tensor;
use torch_parity::nn::Activation as Is;

use crate::fast::tanh::tanh_out;

/// The constants of `torch.nn.functional.selu`, which is an elu.
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// Writes what [`Activation::apply`](torch_parity::nn::Activation::apply) returns for `z` into `h`.
pub fn forward_out(activation: Is, z: &Tensor, h: &Tensor) {
    let _ = match activation {
        Is::Sigmoid => z.sigmoid_out(h),
        Is::Tanh => return tanh_out(z, h),
        Is::Relu => z.relu_out(h),
        Is::LeakyRelu => z.leaky_relu_out(h),
        Is::Elu => z.elu_out(h),
        Is::Gelu => z.gelu_out(h, "none"),
        Is::Silu => z.silu_out(h),
        Is::Softplus => z.softplus_out(h),
        Is::Hardtanh => z.hardtanh_out(h),
        Is::Softsign => z.div_out(h, &(z.abs() + 1)),
        Is::Mish => z.mish_out(h),
        Is::Selu => copied(h, &z.selu()),
        Is::Hardswish => z.hardswish_out(h),
        Is::Hardsigmoid => z.hardsigmoid_out(h),
    };
}

/// Writes the loss's gradient by `z` into `grad_z`, given that by `h`: for each
/// activation the kernel that autograd calls (PyTorch's `derivatives.yaml`), with
/// the arguments that the forward call defaulted.
pub fn backward_out(activation: Is, grad_z: &Tensor, grad_h: &Tensor, z: &Tensor, h: &Tensor) {
    let _ = match activation {
        Is::Sigmoid => Tensor::sigmoid_backward_grad_input(grad_z, grad_h, h),
        Is::Tanh => Tensor::tanh_backward_grad_input(grad_z, grad_h, h),
        Is::Relu => h.threshold_backward_grad_input(grad_z, grad_h, 0),
        Is::LeakyRelu => z.leaky_relu_backward_grad_input(grad_z, grad_h, 0.01, false),
        Is::Elu => Tensor::elu_backward_grad_input(grad_z, grad_h, 1.0, 1.0, 1.0, false, z),
        Is::Gelu => z.gelu_backward_grad_input(grad_z, grad_h, "none"),
        Is::Silu => z.silu_backward_grad_input(grad_z, grad_h),
        Is::Softplus => z.softplus_backward_grad_input(grad_z, grad_h, 1.0, 20.0),
        Is::Hardtanh => z.hardtanh_backward_grad_input(grad_z, grad_h, -1.0, 1.0),
        Is::Softsign => {
            // z / (|z| + 1) has no kernel of its own: autograd walks back
            // through the division, then through abs, and adds up.
            let denom = z.abs() + 1;
            let by_denom = -grad_h * (h / &denom);
            (grad_h / denom).add_out(grad_z, &(by_denom * z.sgn()))
        }
        Is::Mish => copied(grad_z, &z.mish_backward(grad_h)),
        Is::Selu => {
            Tensor::elu_backward_grad_input(grad_z, grad_h, SELU_ALPHA, SELU_SCALE, 1.0, false, z)
        }
        Is::Hardswish => z.hardswish_backward_out(grad_z, grad_h),
        Is::Hardsigmoid => z.hardsigmoid_backward_grad_input(grad_z, grad_h),
    };
}

/// For a kernel that does not write into a given tensor.
fn copied(out: &Tensor, value: &Tensor) -> Tensor {
    out.shallow_clone().copy_(value);
    out.shallow_clone()
}
