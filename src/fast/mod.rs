//! The lesson's training loop without autograd: the same kernels of libtorch
//! on the same numbers in the same order, so the same bits as
//! [`lesson::train::fit`](crate::lesson::train::fit) in a third less time.
//! Read that one to learn what is done here.
//!
//! At the lesson's sizes a step is some forty short calls, so that what costs
//! is to build a graph, to walk it, and to allocate. Here every tensor is made
//! once and the kernels write into it (`_out`); and Adam sees all parameters
//! as one.

mod activation;
mod adam;
mod cross_entropy;

use tch::{Device, Kind, Tensor};

use self::adam::FlatAdam;
use self::cross_entropy::CrossEntropy;
use crate::lesson::train::Mlp;
use crate::pytorch::activation::Activation;
use crate::pytorch::nn::{names, parameters};
use crate::trace::{Observer, Step};

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Trains `model` full-batch on cross-entropy with Adam; returns the loss of
/// every epoch. Does and tells what
/// [`lesson::train::fit`](crate::lesson::train::fit) does, bit for bit.
pub fn fit(
    name: &str,
    model: &Mlp,
    lr: f64,
    (x, y): (&Tensor, &Tensor),
    epochs: usize,
    observer: &mut impl Observer,
) -> Vec<f64> {
    let _no_grad = tch::no_grad_guard();
    let names = names(model);
    let mut optimizer = FlatAdam::new(parameters(model), lr);
    let pass = Pass::new(model.activation, &optimizer, x);
    let mut criterion = CrossEntropy::new(&pass.logits, y);
    let mut losses = Vec::with_capacity(epochs);
    for epoch in 1..=epochs {
        pass.forward();
        losses.push(criterion.forward(&pass.logits));
        criterion.backward(&pass.grad_logits);
        pass.backward();
        optimizer.step();
        observer.step(&Step {
            series: name,
            epoch,
            logits: &pass.logits,
            loss: criterion.loss(),
            grads: optimizer.grads(),
            names: &names,
            params: optimizer.params(),
            state: optimizer.state(),
        });
    }
    losses
}

/// A pass through the network and back: what it reads and where it writes.
struct Pass<'a> {
    activation: Activation,
    x: &'a Tensor, // (N, D)
    fc1: Layer,
    fc2: Layer,
    z: Tensor,             // (N, H), before the activation
    h: Tensor,             // (N, H), after it
    logits: Tensor,        // (N, C)
    grad_logits: Tensor,   // (N, C)
    grad_logits_t: Tensor, // (C, N), the same memory
    grad_h: Tensor,        // (N, H)
    grad_z: Tensor,        // (N, H)
    grad_z_t: Tensor,      // (H, N), the same memory
}

/// A linear layer's parameters and their gradients.
struct Layer {
    weight: Tensor,      // (out, in)
    weight_t: Tensor,    // (in, out), the same memory
    bias: Tensor,        // (out,)
    grad_weight: Tensor, // (out, in)
    grad_bias: Tensor,   // (out,)
}

impl Layer {
    /// The layer whose weight is the parameter of index `weight`, its bias the next.
    fn new(optimizer: &FlatAdam, weight: usize) -> Self {
        let [params, grads] = [optimizer.params(), optimizer.grads()];
        Self {
            weight: params[weight].shallow_clone(),
            weight_t: params[weight].tr(),
            bias: params[weight + 1].shallow_clone(),
            grad_weight: grads[weight].shallow_clone(),
            grad_bias: grads[weight + 1].shallow_clone(),
        }
    }

    /// Writes x · weightᵀ + bias into `out`.
    fn forward(&self, x: &Tensor, out: &Tensor) {
        let _ = self.bias.addmm_out(out, x, &self.weight_t);
    }

    /// Computes the parameters' gradients, given `grad_out`, the gradient of
    /// what `forward` wrote, also as `grad_out_t`, transposed.
    fn backward(&self, grad_out: &Tensor, grad_out_t: &Tensor, x: &Tensor) {
        let _ = grad_out_t.mm_out(&self.grad_weight, x);
        let _ = grad_out.sum_intlist_out(&self.grad_bias, 0, false, None);
    }
}

impl<'a> Pass<'a> {
    fn new(activation: Activation, optimizer: &FlatAdam, x: &'a Tensor) -> Self {
        let [fc1, fc2] = [0, 2].map(|weight| Layer::new(optimizer, weight));
        let outputs = |layer: &Layer| Tensor::zeros([x.size()[0], layer.bias.size()[0]], FLOAT);
        let [z, h, grad_h, grad_z] = [(); 4].map(|()| outputs(&fc1));
        let [logits, grad_logits] = [(); 2].map(|()| outputs(&fc2));
        let [grad_z_t, grad_logits_t] = [grad_z.tr(), grad_logits.tr()];
        Self {
            activation,
            x,
            fc1,
            fc2,
            z,
            h,
            logits,
            grad_logits,
            grad_logits_t,
            grad_h,
            grad_z,
            grad_z_t,
        }
    }

    /// Writes `z`, `h` and `logits`.
    fn forward(&self) {
        self.fc1.forward(self.x, &self.z);
        self.activation.forward_out(&self.z, &self.h);
        self.fc2.forward(&self.h, &self.logits);
    }

    /// Writes every parameter's gradient, given `grad_logits`.
    fn backward(&self) {
        self.fc2.backward(&self.grad_logits, &self.grad_logits_t, &self.h);
        let _ = self.grad_logits.mm_out(&self.grad_h, &self.fc2.weight);
        self.activation.backward_out(&self.grad_z, &self.grad_h, &self.z, &self.h);
        self.fc1.backward(&self.grad_z, &self.grad_z_t, self.x);
    }
}
