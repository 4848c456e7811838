//! The arithmetic of `torch.optim.Adam(fused=True)` on the CPU, which tch
//! cannot call.

use tch::Tensor;
use torch_parity::optim::{BETA1, BETA2, EPS};

use super::adam_rule::Rule;

/// Values to a vector register of AVX2. With AVX-512, where it is 16, the
/// compiler has made a vector loop of 8 also of what is left.
const LANES: usize = 8;

/// Of a step: what is the same for all values.
#[derive(Clone, Copy)]
struct Scalars {
    step_size: f32,
    bias_correction2_sqrt: f32,
}

/// Adam's step as libtorch's `aten/src/ATen/native/cpu/FusedAdamKernel.cpp` takes it on
/// a CPU with AVX2 or AVX-512.
///
/// The compiler joins a product and a following sum into one instruction that
/// rounds once, `mul_add` here; which product it joined was found by trying.
/// What is left of a tensor after the last full vector goes through a scalar
/// loop, in which it joined another.
pub fn step(rule: &Rule, param: &mut Tensor, grad: &Tensor, step: f64, moments: [Tensor; 2]) {
    let scalars = Scalars {
        step_size: (rule.lr / (1.0 - BETA1.powf(step))) as f32,
        bias_correction2_sqrt: (1.0 - BETA2.powf(step)).sqrt() as f32,
    };
    let [mut exp_avg, mut exp_avg_sq] = moments;
    let tensors = [param, &mut exp_avg, &mut exp_avg_sq];
    let [mut p, mut m, mut v] = tensors.each_ref().map(|tensor| values(tensor));
    let g = values(grad);
    let full = p.len() - p.len() % LANES;
    for i in 0..p.len() {
        [p[i], m[i], v[i]] = update(p[i], m[i], v[i], g[i], i < full, scalars);
    }
    for (tensor, values) in tensors.into_iter().zip([p, m, v]) {
        tensor.copy_(&Tensor::from_slice(&values).view_as(tensor));
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
