//! [`Adam`](crate::pytorch::optim::Adam) on all parameters at once: they, their
//! gradients and both moments each lie in one vector, so that a step takes nine
//! calls instead of nine for every parameter.

use tch::Tensor;

use crate::fast::FLOAT;
use crate::pytorch::optim::{BETA1, BETA2, EPS, State, bias_corrected};

/// A vector of float32 has its parts at multiples of so many, which is 64
/// bytes, as libtorch aligns tensors: MKL may round by alignment.
const ALIGNMENT: usize = 16;

/// Adam with PyTorch's default betas and eps.
pub struct FlatAdam {
    params: Flat,
    grads: Flat,
    exp_avg: Flat,
    exp_avg_sq: Flat,
    state: Vec<State>,
    scratch: Tensor,
    denom: Tensor,
    // A tensor as operand takes a third of the time of a number, which libtorch
    // would wrap into a tensor of its own in every call.
    beta2: Tensor,
    one_minus_beta2: Tensor,
    eps: Tensor,
    step_size: Tensor,
    bias_correction2_sqrt: Tensor,
    lr: f64,
    step: f64,
}

impl FlatAdam {
    /// Moves the values of `params` into one vector; the tensors stay valid, as
    /// views of it, and so follow every step.
    pub fn new(params: Vec<Tensor>, lr: f64) -> Self {
        let [flat, grads, exp_avg, exp_avg_sq] = [(); 4].map(|()| Flat::like(&params));
        for (mut param, view) in params.into_iter().zip(&flat.views) {
            view.shallow_clone().copy_(&param);
            param.set_data(view);
        }
        let moments = exp_avg.views.iter().zip(&exp_avg_sq.views);
        let state = moments
            .map(|(m, v)| State { exp_avg: m.shallow_clone(), exp_avg_sq: v.shallow_clone() })
            .collect();
        let full = |x: f64| flat.all.full_like(x);
        Self {
            scratch: full(0.0),
            denom: full(0.0),
            beta2: full(BETA2),
            one_minus_beta2: full(1.0 - BETA2),
            eps: full(EPS),
            step_size: Tensor::zeros([], FLOAT),
            bias_correction2_sqrt: Tensor::zeros([], FLOAT),
            params: flat,
            grads,
            exp_avg,
            exp_avg_sq,
            state,
            lr,
            step: 0.0,
        }
    }

    /// Updates every parameter by its gradient.
    pub fn step(&mut self) {
        self.step += 1.0;
        let (step_size, bias_correction2_sqrt) = bias_corrected(self.lr, self.step);
        let _ = self.step_size.fill_(-step_size);
        let _ = self.bias_correction2_sqrt.fill_(bias_correction2_sqrt);
        let (grad, exp_avg_sq) = (&self.grads.all, &mut self.exp_avg_sq.all);
        let _ = self.exp_avg.all.lerp_(grad, 1.0 - BETA1);
        let _ = grad.mul_out(&self.scratch, &self.one_minus_beta2);
        let _ = exp_avg_sq.g_mul_(&self.beta2).addcmul_(&self.scratch, grad);
        let _ = exp_avg_sq.sqrt_out(&self.denom);
        let _ = self.denom.g_div_(&self.bias_correction2_sqrt).g_add_(&self.eps);
        let _ = self.exp_avg.all.mul_out(&self.scratch, &self.step_size);
        let _ = self.params.all.addcdiv_(&self.scratch, &self.denom);
    }

    /// What it updates.
    pub fn params(&self) -> &[Tensor] {
        &self.params.views
    }

    /// Where it finds the gradients, one for each parameter.
    pub fn grads(&self) -> &[Tensor] {
        &self.grads.views
    }

    /// What it remembers of each parameter.
    pub fn state(&self) -> &[State] {
        &self.state
    }
}

/// A vector that holds tensors one behind the other.
struct Flat {
    all: Tensor, // (padded sum of the tensors' values,)
    views: Vec<Tensor>,
}

impl Flat {
    /// Zeros in the shapes of `tensors`. What pads them stays 0 under Adam.
    fn like(tensors: &[Tensor]) -> Self {
        let padded = |tensor: &Tensor| tensor.numel().next_multiple_of(ALIGNMENT) as i64;
        let all = Tensor::zeros([tensors.iter().map(padded).sum::<i64>()], FLOAT);
        let mut start = 0;
        let views = tensors
            .iter()
            .map(|tensor| {
                let view = all.narrow(0, start, tensor.numel() as i64).view_(tensor.size());
                start += padded(tensor);
                view
            })
            .collect();
        Self { all, views }
    }
}
