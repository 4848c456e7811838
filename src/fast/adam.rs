//! [`Adam`](torch_parity::optim::Adam) on all parameters at once: they, their
//! gradients and both moments each lie in one vector, through which a step walks
//! twice, where libtorch takes nine kernels for every parameter.

use std::cell::Cell;
use std::sync::LazyLock;

use multiversion::multiversion;
use tch::Tensor;
use torch_parity::optim::{
    AdamSettings, BETA1, BETA2, EPS, Group, Optimizer, Parameters, Rule, bias_corrected,
};

use crate::fast::FLOAT;
use crate::fast::values::{read, values, write};

/// A vector of float32 has its parts at multiples of so many, which is 64
/// bytes, as libtorch aligns tensors: MKL may round by alignment.
const ALIGNMENT: usize = 16;

/// Adam with PyTorch's default betas and eps.
pub struct FlatAdam {
    parameters: Parameters, // views of the first two of `vectors`
    exp_avg: Vec<Tensor>,
    exp_avg_sq: Vec<Tensor>,
    vectors: Vectors,
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
        let denom = flat.all.zeros_like();
        for (mut param, view) in params.into_iter().zip(&flat.views) {
            view.shallow_clone().copy_(&param);
            param.set_data(view);
        }
        Self {
            parameters: Parameters::new(names.into_iter().zip(flat.views).collect())
                .with_grads(grads.views),
            vectors: Vectors([flat.all, grads.all, exp_avg.all, exp_avg_sq.all, denom]),
            exp_avg: exp_avg.views,
            exp_avg_sq: exp_avg_sq.views,
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
        let corrected = bias_corrected(self.lr, self.step);
        match *ROUNDING {
            Some(rounding) => self.vectors.update(rounding, corrected),
            None => self.vectors.update_by_kernels(corrected),
        }
    }
}

/// All parameters, their gradients, `exp_avg`, `exp_avg_sq`, and room for `denom`.
struct Vectors([Tensor; 5]);

/// How libtorch's kernels compute a product and a sum, which is all in which they
/// differ: at once, rounded once, on CPUs that can, or one after the other.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Rounding {
    Once,
    Twice,
}

/// As libtorch's on this CPU; none where a trial shows neither.
static ROUNDING: LazyLock<Option<Rounding>> =
    LazyLock::new(|| [Rounding::Once, Rounding::Twice].into_iter().find(|&r| keeps_the_bits(r)));

/// Whether a step on spread numbers has the bits of libtorch's kernels.
fn keeps_the_bits(rounding: Rounding) -> bool {
    let spread = |by: u32| {
        let number = |i: u32| i.wrapping_mul(by) as i32 as f32 * 2_f32.powi(-28);
        (0..1039).map(number).collect::<Vec<_>>()
    };
    let vectors = || {
        Vectors([0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0].map(|by| {
            let vector = Tensor::zeros([1039], FLOAT);
            write(&vector, &spread(by));
            vector
        }))
    };
    let (ours, theirs) = (vectors(), vectors());
    for vectors in [&ours, &theirs] {
        let _ = vectors.0[3].shallow_clone().square_();
    }
    let corrected = bias_corrected(1e-2, 3.0);
    ours.update(rounding, corrected);
    theirs.update_by_kernels(corrected);
    let bits = |vectors: &Vectors| {
        let [params, _, exp_avg, exp_avg_sq, _] = &vectors.0;
        [params, exp_avg, exp_avg_sq]
            .map(|vector| read(vector).into_iter().map(f32::to_bits).collect::<Vec<_>>())
    };
    bits(&ours) == bits(&theirs)
}

impl Vectors {
    /// A step with PyTorch's kernels, those of `_single_tensor_adam`.
    fn update_by_kernels(&self, (step_size, bias_correction2_sqrt): (f64, f64)) {
        let [mut params, grads, mut exp_avg, mut exp_avg_sq, _] =
            self.0.each_ref().map(Tensor::shallow_clone);
        let _ = exp_avg.lerp_(&grads, 1.0 - BETA1);
        let _ = exp_avg_sq.g_mul_scalar_(BETA2).addcmul_(&(&grads * (1.0 - BETA2)), &grads);
        let denom = exp_avg_sq.sqrt() / bias_correction2_sqrt + EPS;
        let _ = params.addcdiv_(&(exp_avg * -step_size), &denom);
    }

    /// The same in two walks, before and behind the square root, which is
    /// libtorch's: MKL's is not always the float32 next to the true one.
    #[expect(unsafe_code, reason = "copies would cost more than the step")]
    fn update(&self, rounding: Rounding, (step_size, bias_correction2_sqrt): (f64, f64)) {
        let [_, _, _, exp_avg_sq, room] = &self.0;
        // SAFETY: they are held here only, where no tensor is resized.
        let cells = self.0.each_ref().map(|tensor| unsafe { values(tensor) });
        let [params, grads, exp_avgs, exp_avg_sqs, denoms] = cells;
        match rounding {
            Rounding::Once => moments_rounded_once([grads, exp_avgs, exp_avg_sqs]),
            Rounding::Twice => moments([grads, exp_avgs, exp_avg_sqs], |a, b, c| a * b + c),
        }
        let _ = exp_avg_sq.sqrt_out(room);
        let numbers = [-step_size, bias_correction2_sqrt].map(|x| x as f32);
        move_params([params, exp_avgs, denoms], numbers);
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn moments_rounded_once(vectors: [&[Cell<f32>]; 3]) {
    moments(vectors, f32::mul_add);
}

#[inline]
fn moments(
    [grads, exp_avgs, exp_avg_sqs]: [&[Cell<f32>]; 3],
    mul_add: impl Fn(f32, f32, f32) -> f32,
) {
    for ((grad, exp_avg), exp_avg_sq) in grads.iter().zip(exp_avgs).zip(exp_avg_sqs) {
        let (grad, mean) = (grad.get(), exp_avg.get());
        exp_avg.set(mul_add((1.0 - BETA1) as f32, grad - mean, mean));
        let decayed = exp_avg_sq.get() * BETA2 as f32;
        exp_avg_sq.set(mul_add(grad * (1.0 - BETA2) as f32, grad, decayed));
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn move_params(
    [params, exp_avgs, denoms]: [&[Cell<f32>]; 3],
    [step_size, bias_correction2_sqrt]: [f32; 2],
) {
    for ((param, exp_avg), denom) in params.iter().zip(exp_avgs).zip(denoms) {
        let denom = denom.get() / bias_correction2_sqrt + EPS as f32;
        param.set(param.get() + exp_avg.get() * step_size / denom);
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
            [&self.exp_avg, &self.exp_avg_sq].map(|views| views[i].shallow_clone());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rounding_is_found_and_the_other_is_another() {
        let found = ROUNDING.expect("one of the two is libtorch's");
        let other = if found == Rounding::Once { Rounding::Twice } else { Rounding::Once };
        assert!(!keeps_the_bits(other));
    }
}
