//! The arithmetic of `torch.optim.Adam(fused=True)` on the CPU, which tch
//! cannot call.

use tch::{Tensor, no_grad};
use torch_parity::optim::{BETA1, BETA2, EPS, Optimizer, Parameters, Steps};

use super::adam_rule::Moments;

/// Values to a vector register of AVX2. With AVX-512, where it is 16, the
/// compiler has made a vector loop of 8 also of what is left.
const LANES: usize = 8;

/// Adam as libtorch's `aten/src/ATen/native/cpu/FusedAdamKernel.cpp` does it on
/// a CPU with AVX2 or AVX-512.
///
/// The compiler joins a product and a following sum into one instruction that
/// rounds once, `mul_add` here; which product it joined was found by trying.
/// What is left of a tensor after the last full vector goes through a scalar
/// loop, in which it joined another.
#[derive(Debug)]
pub struct FusedAdam {
    parameters: Parameters,
    moments: Moments,
    lr: f64,
    step: f64,
}

impl FusedAdam {
    /// An optimizer of these parameters, which it updates in place.
    pub fn new(named: Vec<(String, Tensor)>, lr: f64) -> Self {
        let parameters = Parameters::new(named);
        Self { moments: Moments::zeros(&parameters), parameters, lr, step: 0.0 }
    }
}

/// Of a step: what is the same for all values.
#[derive(Clone, Copy)]
struct Scalars {
    step_size: f32,
    bias_correction2_sqrt: f32,
}

impl Optimizer for FusedAdam {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        self.moments.named(i)
    }
}

impl Steps for FusedAdam {
    fn step(&mut self) {
        self.step += 1.0;
        let scalars = Scalars {
            step_size: (self.lr / (1.0 - BETA1.powf(self.step))) as f32,
            bias_correction2_sqrt: (1.0 - BETA2.powf(self.step)).sqrt() as f32,
        };
        for (i, param, grad) in self.parameters.trained() {
            let [m, v] = &mut self.moments.0[i];
            let tensors = [param, m, v];
            let [mut p, mut m, mut v] = tensors.each_ref().map(|tensor| values(tensor));
            let g = values(grad);
            let full = p.len() - p.len() % LANES;
            for i in 0..p.len() {
                [p[i], m[i], v[i]] = update(p[i], m[i], v[i], g[i], i < full, scalars);
            }
            for (tensor, values) in tensors.into_iter().zip([p, m, v]) {
                no_grad(|| tensor.copy_(&Tensor::from_slice(&values).view_as(tensor)));
            }
        }
    }
}

fn values(tensor: &Tensor) -> Vec<f32> {
    let mut values = vec![0.0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}

/// Parameter, `exp_avg` and `exp_avg_sq` after the step.
fn update(p: f32, m: f32, v: f32, g: f32, in_vector: bool, scalars: Scalars) -> [f32; 3] {
    let (beta2, weight2) = (BETA2 as f32, (1.0 - BETA2) as f32);
    let m = ((1.0 - BETA1) as f32).mul_add(g - m, m);
    let v = if in_vector {
        (weight2 * g).mul_add(g, v * beta2)
    } else {
        v.mul_add(beta2, weight2 * g * g)
    };
    let denom = v.sqrt() / scalars.bias_correction2_sqrt + EPS as f32;
    [p - scalars.step_size * m / denom, m, v]
}
