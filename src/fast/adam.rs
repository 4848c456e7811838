//! [`Adam`](torch_parity::optim::Adam) on all parameters at once: they, their
//! gradients and both moments each lie in one vector, so that a step takes nine
//! kernels instead of nine for every parameter.

use tch::Tensor;
use torch_parity::optim::{
    AdamSettings, BETA1, BETA2, EPS, Group, Optimizer, Parameters, Rule, bias_corrected,
};

use crate::fast::FLOAT;

/// A vector of float32 has its parts at multiples of so many, which is 64
/// bytes, as libtorch aligns tensors: MKL may round by alignment.
const ALIGNMENT: usize = 16;

/// Adam with PyTorch's default betas and eps.
pub struct FlatAdam {
    parameters: Parameters, // views of the next two
    all: Tensor,
    all_grads: Tensor,
    exp_avg: Flat,
    exp_avg_sq: Flat,
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
    /// Moves the parameters' values into one vector; the tensors stay valid, as
    /// views of it, and so follow every step. Their gradients are there from the
    /// start, to be written into.
    pub fn new(named_parameters: Vec<(String, Tensor)>, lr: f64) -> Self {
        let (names, params): (Vec<_>, Vec<_>) = named_parameters.into_iter().unzip();
        let [flat, grads, exp_avg, exp_avg_sq] = [(); 4].map(|()| Flat::like(&params));
        for (mut param, view) in params.into_iter().zip(&flat.views) {
            view.shallow_clone().copy_(&param);
            param.set_data(view);
        }
        let full = |x: f64| flat.all.full_like(x);
        Self {
            scratch: full(0.0),
            denom: full(0.0),
            beta2: full(BETA2),
            one_minus_beta2: full(1.0 - BETA2),
            eps: full(EPS),
            step_size: Tensor::zeros([], FLOAT),
            bias_correction2_sqrt: Tensor::zeros([], FLOAT),
            parameters: Parameters::new(names.into_iter().zip(flat.views).collect())
                .with_grads(grads.views),
            all: flat.all,
            all_grads: grads.all,
            exp_avg,
            exp_avg_sq,
            lr,
            step: 0.0,
        }
    }

    /// Where it finds the gradient of the `i`th parameter.
    pub fn grad(&self, i: usize) -> &Tensor {
        self.parameters.grads()[i].as_ref().expect("all are there from the start")
    }

    /// Updates every parameter.
    pub fn step(&mut self) {
        self.step += 1.0;
        let (step_size, bias_correction2_sqrt) = bias_corrected(self.lr, self.step);
        let _ = self.step_size.fill_(-step_size);
        let _ = self.bias_correction2_sqrt.fill_(bias_correction2_sqrt);
        let (grad, exp_avg_sq) = (&self.all_grads, &mut self.exp_avg_sq.all);
        let _ = self.exp_avg.all.lerp_(grad, 1.0 - BETA1);
        let _ = grad.mul_out(&self.scratch, &self.one_minus_beta2);
        let _ = exp_avg_sq.g_mul_(&self.beta2).addcmul_(&self.scratch, grad);
        let _ = exp_avg_sq.sqrt_out(&self.denom);
        let _ = self.denom.g_div_(&self.bias_correction2_sqrt).g_add_(&self.eps);
        let _ = self.exp_avg.all.mul_out(&self.scratch, &self.step_size);
        let _ = self.all.addcdiv_(&self.scratch, &self.denom);
    }
}

impl Optimizer for FlatAdam {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn param_groups(&self) -> Vec<Group> {
        vec![AdamSettings { lr: self.lr, ..AdamSettings::default() }.settings()]
    }

    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        let [exp_avg, exp_avg_sq] =
            [&self.exp_avg, &self.exp_avg_sq].map(|flat| flat.views[i].shallow_clone());
        vec![("exp_avg", exp_avg), ("exp_avg_sq", exp_avg_sq)]
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
