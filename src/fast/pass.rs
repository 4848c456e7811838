//! The network's forward and backward pass, without a graph.

use tch::Tensor;
use torch_parity::nn::Activation;
use torch_parity::optim::Optimizer;

use crate::fast::FLOAT;
use crate::fast::activation::{backward_out, forward_out};
use crate::fast::adam::FlatAdam;
use crate::fast::product::Product;
use crate::fast::weight_grad::WeightGrad;

/// A pass through the network and back: what it reads and where it writes.
pub struct Pass<'a> {
    activation: Activation,
    x: &'a Tensor, // (N, D)
    fc1: Layer,
    fc2: Layer,
    z: Tensor, // (N, H), before the activation
    h: Tensor, // (N, H), after it
    /// (N, C)
    pub logits: Tensor,
    /// (N, C), to be given before `backward`
    pub grad_logits: Tensor,
    grad_h: Tensor, // (N, H)
    grad_z: Tensor, // (N, H)
    by_h: Product,
    by_fc2_weight: Product,
    by_fc1_weight: WeightGrad,
}

/// A linear layer's parameters and their gradients. It multiplies by weightᵀ.
struct Layer {
    weight_t: Tensor,      // (in, out), the weight's own memory
    bias: Tensor,          // (out,)
    grad_weight_t: Tensor, // (in, out)
    grad_bias: Tensor,     // (1, out)
}

impl Layer {
    /// The layer whose weight is parameter `weight`, and its bias the next.
    fn new(optimizer: &FlatAdam, weight: usize) -> Self {
        let params = optimizer.parameters().tensors();
        Self {
            weight_t: params[weight].tr(),
            bias: params[weight + 1].shallow_clone(),
            grad_weight_t: optimizer.grad(weight).tr(),
            grad_bias: optimizer.grad(weight + 1).unsqueeze(0),
        }
    }

    /// Writes x · weightᵀ + bias into `out`.
    fn forward(&self, x: &Tensor, out: &Tensor) {
        let _ = self.bias.addmm_out(out, x, &self.weight_t);
    }

    /// Computes the bias's gradient, given that of what `forward` wrote.
    fn backward_bias(&self, grad_out: &Tensor) {
        let _ = grad_out.sum_intlist_out(&self.grad_bias, 0, true, None);
    }
}

impl<'a> Pass<'a> {
    /// Of the inputs `x`, through the parameters that `optimizer` updates.
    pub fn new(activation: Activation, optimizer: &FlatAdam, x: &'a Tensor) -> Self {
        let [fc1, fc2] = [0, 2].map(|weight| Layer::new(optimizer, weight));
        let outputs = |layer: &Layer| Tensor::zeros([x.size()[0], layer.bias.size()[0]], FLOAT);
        let [z, h, grad_h, grad_z] = [(); 4].map(|()| outputs(&fc1));
        let [logits, grad_logits] = [(); 2].map(|()| outputs(&fc2));
        let by_h = Product::by_mat1(&grad_logits, [&h, &fc2.weight_t], &grad_h);
        let by_fc2_weight = Product::by_mat2(&grad_logits, [&h, &fc2.weight_t], &fc2.grad_weight_t);
        let by_fc1_weight = WeightGrad::new(&grad_z, [x, &fc1.weight_t], &fc1.grad_weight_t);
        Self {
            activation,
            x,
            fc1,
            fc2,
            z,
            h,
            logits,
            grad_logits,
            grad_h,
            grad_z,
            by_h,
            by_fc2_weight,
            by_fc1_weight,
        }
    }

    /// Writes `z`, `h` and `logits`.
    pub fn forward(&self) {
        self.fc1.forward(self.x, &self.z);
        forward_out(self.activation, &self.z, &self.h);
        self.fc2.forward(&self.h, &self.logits);
    }

    /// Writes every parameter's gradient, given `grad_logits`.
    pub fn backward(&self) {
        self.by_h.compute();
        self.by_fc2_weight.compute();
        self.fc2.backward_bias(&self.grad_logits);
        backward_out(self.activation, &self.grad_z, &self.grad_h, &self.z, &self.h);
        self.by_fc1_weight.compute();
        self.fc1.backward_bias(&self.grad_z);
    }
}
