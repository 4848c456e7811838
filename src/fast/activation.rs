//! The activations' forward and backward kernels, writing into given tensors.

use tch::Tensor;

use crate::fast::tanh::tanh_out;
use crate::pytorch::activation::Activation;

impl Activation {
    /// Writes what [`Activation::apply`] returns into `h`.
    pub(super) fn forward_out(self, z: &Tensor, h: &Tensor) {
        let _ = match self {
            Self::Sigmoid => z.sigmoid_out(h),
            Self::Tanh => return tanh_out(z, h),
            Self::Relu => z.relu_out(h),
            Self::LeakyRelu => z.leaky_relu_out(h),
            Self::Elu => z.elu_out(h),
            Self::Gelu => z.gelu_out(h, "none"),
            Self::Silu => z.silu_out(h),
            Self::Softplus => z.softplus_out(h),
            Self::Hardtanh => z.hardtanh_out(h),
            Self::Softsign => z.div_out(h, &(z.abs() + 1)),
        };
    }

    /// Writes the loss's gradient by `z` into `grad_z`, given that by `h`: for
    /// each activation the kernel that autograd calls (PyTorch's
    /// `derivatives.yaml`), with the arguments that the forward call defaulted.
    pub(super) fn backward_out(self, grad_z: &Tensor, grad_h: &Tensor, z: &Tensor, h: &Tensor) {
        let _ = match self {
            Self::Sigmoid => Tensor::sigmoid_backward_grad_input(grad_z, grad_h, h),
            Self::Tanh => Tensor::tanh_backward_grad_input(grad_z, grad_h, h),
            Self::Relu => h.threshold_backward_grad_input(grad_z, grad_h, 0),
            Self::LeakyRelu => z.leaky_relu_backward_grad_input(grad_z, grad_h, 0.01, false),
            Self::Elu => Tensor::elu_backward_grad_input(grad_z, grad_h, 1.0, 1.0, 1.0, false, z),
            Self::Gelu => z.gelu_backward_grad_input(grad_z, grad_h, "none"),
            Self::Silu => z.silu_backward_grad_input(grad_z, grad_h),
            Self::Softplus => z.softplus_backward_grad_input(grad_z, grad_h, 1.0, 20.0),
            Self::Hardtanh => z.hardtanh_backward_grad_input(grad_z, grad_h, -1.0, 1.0),
            Self::Softsign => {
                // z / (|z| + 1) has no kernel of its own: autograd walks back
                // through the division, then through abs, and adds up.
                let denom = z.abs() + 1;
                let by_denom = -grad_h * (h / &denom);
                (grad_h / denom).add_out(grad_z, &(by_denom * z.sgn()))
            }
        };
    }
}
