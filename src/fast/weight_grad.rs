//! The gradient of the first layer's weight, in the order in which MKL adds.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use multiversion::multiversion;
use tch::Tensor;

use crate::fast::has_one_thread;
use crate::fast::product::Product;
use crate::fast::values::{read, values, write};

/// The samples that MKL takes at a time where it adds by halves.
const BLOCK: usize = 8;

/// How many sets of numbers an order is tried on.
const TRIALS: usize = 8;

/// `grad_outᵀ · x`, each value a sum over the samples.
///
/// Where `x` is narrow, MKL on AMD's CPUs takes a kernel that is slow and plain:
/// products and sums are rounded one by one, and each value is added up in one of
/// two orders, sample after sample, or of every eight samples four so and then
/// the sum of the other four. Here the same is done for all hidden units side by
/// side, at the lesson's sizes in a third of the time. Which value has which order
/// is found by a trial, once for each size; where there are others (another CPU,
/// other sizes), and with several threads, the product stays libtorch's.
pub struct WeightGrad {
    product: Product,
    grad_out: Tensor, // (N, H)
    x: Tensor,        // (N, D)
    out: Tensor,      // (H, D)
    orders: Option<Orders>,
}

/// In which order each value is added up.
struct Orders {
    halved: Tensor, // (N, E), the columns of x in which some values are by halves
    /// (H, D), where each value is among the sums: (D, H) in plain order, and
    /// behind them (E, H) by halves.
    indices: Vec<usize>,
}

/// By size (N, H, D), whether each value (H, D) is added up by halves; none where
/// the orders are others.
static KNOWN: Mutex<BTreeMap<[usize; 3], Option<Vec<bool>>>> = Mutex::new(BTreeMap::new());

impl WeightGrad {
    /// Given what a layer multiplies, its inputs `x` and its `weight_t`, and the
    /// gradient `grad_out` by its outputs, writes that by `weight_t` into `out_t`.
    pub fn new(grad_out: &Tensor, [x, weight_t]: [&Tensor; 2], out_t: &Tensor) -> Self {
        let mut new = Self::unordered(grad_out, [x, weight_t], out_t);
        let [samples, hidden, features] = new.sizes();
        // Beyond these MKL is faster, or takes another kernel.
        let is_narrow = samples >= 64 && hidden >= 16 && (2..=11).contains(&features);
        if is_narrow && x.is_contiguous() && new.out.is_contiguous() && has_one_thread() {
            let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            let found = known().get(&new.sizes()).cloned();
            let found = found.unwrap_or_else(|| {
                // On tensors of its own: these may hold numbers that prove nothing.
                let [grad_out, x, out_t] = [grad_out, x, out_t].map(Tensor::zeros_like);
                let trial = Self::unordered(&grad_out, [&x, weight_t], &out_t);
                let is_halved = Some(trial.find_halved()).filter(|f| trial.keeps_the_bits(f));
                known().insert(new.sizes(), is_halved.clone());
                is_halved
            });
            new.orders = found.map(|is_halved| new.orders(&is_halved));
        }
        new
    }

    fn unordered(grad_out: &Tensor, factors: [&Tensor; 2], out_t: &Tensor) -> Self {
        Self {
            product: Product::by_mat2(grad_out, factors, out_t),
            grad_out: grad_out.shallow_clone(),
            x: factors[0].shallow_clone(),
            out: out_t.tr(),
            orders: None,
        }
    }

    /// N, H, D.
    fn sizes(&self) -> [usize; 3] {
        let [samples, features] = [0, 1].map(|dim| self.x.size()[dim] as usize);
        [samples, self.grad_out.size()[1] as usize, features]
    }

    /// Computes it from what `grad_out` holds.
    pub fn compute(&self) {
        match &self.orders {
            Some(orders) if self.add_up(orders) => {}
            _ => self.product.compute(),
        }
    }

    /// Adds it up here. Returns whether all is finite: which NaN comes out of
    /// NaNs may differ.
    #[expect(unsafe_code, reason = "copies would cost much of what is won")]
    fn add_up(&self, orders: &Orders) -> bool {
        let [_, hidden, features] = self.sizes();
        let mut sums = vec![0.0; hidden * (features + orders.halved.size()[1] as usize)];
        let (plain, by_halves) = sums.split_at_mut(hidden * features);
        let tensors = [&self.grad_out, &self.x, &orders.halved, &self.out];
        // SAFETY: they are held here only, where no tensor is resized.
        let [grad_out, x, halved, out] = tensors.map(|tensor| unsafe { values(tensor) });
        add_samples(grad_out, x, hidden, plain);
        add_by_halves(grad_out, halved, hidden, by_halves);
        for (out, &index) in out.iter().zip(&orders.indices) {
            out.set(sums[index]);
        }
        sums.iter().all(|sum| sum.is_finite())
    }

    /// Finds each value's order by a sum that libtorch is given for this, of
    /// numbers that swallow others (the way of `FPRev`, Xie et al., USENIX ATC 2025).
    /// They overwrite inputs and gradients.
    fn find_halved(&self) -> Vec<bool> {
        // In plain order the 1 is lost beside 2^60. By halves it comes to a
        // second half that is 0 already.
        let big = 2_f64.powi(60);
        let _ = self.x.shallow_clone().zero_();
        for (sample, value) in [(0, 1.0), (4, big), (5, -big)] {
            let _ = self.x.select(0, sample).fill_(value);
        }
        let _ = self.grad_out.shallow_clone().fill_(1.0);
        self.product.compute();
        read(&self.out).into_iter().map(|sum| sum != 0.0).collect()
    }

    /// What to add up by halves, and where to find it.
    fn orders(&self, is_halved: &[bool]) -> Orders {
        let [_, hidden, features] = self.sizes();
        let mut halved = Vec::new();
        let mut columns_by_halves = vec![0; features];
        for d in 0..features {
            if (0..hidden).any(|h| is_halved[h * features + d]) {
                columns_by_halves[d] = features + halved.len();
                halved.push(d as i64);
            }
        }
        let index = |i: usize| {
            let (h, d) = (i / features, i % features);
            let column = if is_halved[i] { columns_by_halves[d] } else { d };
            column * hidden + h
        };
        Orders {
            halved: self.x.index_select(1, &Tensor::from_slice(&halved)),
            indices: (0..is_halved.len()).map(index).collect(),
        }
    }

    /// Whether adding up in these orders gives libtorch's bits, tried on spread
    /// numbers, which overwrite inputs and gradients; once also on a hidden unit
    /// whose products are all -0.
    fn keeps_the_bits(&self, is_halved: &[bool]) -> bool {
        let [samples, hidden, features] = self.sizes();
        let bits = || read(&self.out).into_iter().map(f32::to_bits).collect::<Vec<_>>();
        (0..TRIALS).all(|trial| {
            let spread = |i: usize, by| ((i as u32).wrapping_mul(by) as i32) as f32;
            let number = |i: usize| spread(i + trial * samples * features, 0x85EB_CA6B);
            let x: Vec<_> = (0..samples * features).map(number).collect();
            let number = |i: usize| match i % hidden {
                0 if trial == 0 => 0.0_f32.copysign(-x[i / hidden * features]),
                _ => spread(i + trial * samples * hidden, 0x9E37_79B1),
            };
            write(&self.grad_out, &(0..samples * hidden).map(number).collect::<Vec<_>>());
            write(&self.x, &x);
            self.add_up(&self.orders(is_halved)); // which holds copies of columns of x
            let ours = bits();
            self.product.compute();
            ours == bits()
        })
    }
}

/// Adds to `sums` (D, H) what each sample of `grad_out` (N, H) and `x` (N, D)
/// contributes, sample after sample.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_samples(grad_out: &[Cell<f32>], x: &[Cell<f32>], hidden: usize, sums: &mut [f32]) {
    let features = sums.len() / hidden;
    assert_eq!(grad_out.len() * features, x.len() * hidden);
    for (grad_out, x) in grad_out.chunks_exact(hidden).zip(x.chunks_exact(features)) {
        for (sums, x) in sums.chunks_exact_mut(hidden).zip(x) {
            for (sum, grad_out) in sums.iter_mut().zip(grad_out) {
                *sum += grad_out.get() * x.get();
            }
        }
    }
}

/// The same, but the second half of every eight samples is a sum of its own.
fn add_by_halves(grad_out: &[Cell<f32>], x: &[Cell<f32>], hidden: usize, sums: &mut [f32]) {
    if sums.is_empty() {
        return;
    }
    let half = [hidden, sums.len() / hidden].map(|width| width * BLOCK / 2);
    let mut second = vec![0.0; sums.len()];
    let halves = grad_out.chunks(half[0]).zip(x.chunks(half[1]));
    for (n, (grad_out, x)) in halves.enumerate() {
        if n % 2 == 0 || x.len() < half[1] {
            add_samples(grad_out, x, hidden, sums);
            continue;
        }
        second.fill(0.0);
        add_samples(grad_out, x, hidden, &mut second);
        for (sum, second) in sums.iter_mut().zip(&second) {
            *sum += second;
        }
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use crate::fast::{FLOAT, is_amd};

    #[test]
    fn any_size_has_libtorchs_bits() {
        let mut rng = Rng::with_seed(0);
        let mut used = 0;
        for _ in 0..200 {
            let sizes = [1..400, 1..100, 1..13].map(|range| rng.usize(range));
            let case = case(&mut rng, sizes);
            used += usize::from(case.orders.is_some());
            for scale in [1.0, 1e-38, 1e-42, 1e30] {
                let random = |_| scale * (rng.f32() - 0.5);
                write(&case.grad_out, &(0..case.grad_out.numel()).map(random).collect::<Vec<_>>());
                assert_has_libtorchs_bits(&case);
            }
        }
        assert!(used > 50 || !is_amd(), "used {used} times");
    }

    #[test]
    fn what_is_not_finite_or_zero_has_libtorchs_bits() {
        let mut rng = Rng::with_seed(0);
        for special in [f32::INFINITY, f32::NAN, -f32::NAN, f32::MAX, 0.0, -0.0] {
            let case = case(&mut rng, LESSON);
            let mut numbers = read(&case.grad_out);
            for number in numbers.iter_mut().step_by(if special == 0.0 { 1 } else { 7 }) {
                *number = special;
            }
            write(&case.grad_out, &numbers);
            assert_has_libtorchs_bits(&case);
        }
    }

    #[test]
    fn one_value_in_another_order_is_found_out() {
        let case = case(&mut Rng::with_seed(0), LESSON);
        let mut is_halved = case.find_halved();
        let last = is_halved.len() - 1;
        is_halved[last] ^= true;
        assert!(!case.keeps_the_bits(&is_halved));
    }

    #[test]
    fn inputs_that_prove_nothing_prove_nothing() {
        let zeros = |size: [i64; 2]| Tensor::zeros(size, FLOAT);
        tch::set_num_threads(1);
        let [x, grad_out, weight, out] = [[96, 7], [96, 48], [48, 7], [48, 7]].map(zeros);
        let case = WeightGrad::new(&grad_out, [&x, &weight.tr()], &out.tr());
        let mut is_halved = KNOWN.lock().unwrap()[&case.sizes()].clone().unwrap_or_default();
        if let Some(one) = is_halved.first_mut() {
            *one ^= true; // any order adds up zeros
            assert!(!case.keeps_the_bits(&is_halved));
        }
        assert!(!is_halved.is_empty() || !is_amd(), "no order is known");
    }

    const LESSON: [usize; 3] = [512, 64, 10];

    fn assert_has_libtorchs_bits(case: &WeightGrad) {
        case.compute();
        assert_eq!(bits(&case.out), bits(&case.grad_out.tr().mm(&case.x)), "{:?}", case.sizes());
    }

    /// Sizes N, H, D, and random numbers; those of half of the cases positive.
    fn case(rng: &mut Rng, [samples, hidden, features]: [usize; 3]) -> WeightGrad {
        tch::set_num_threads(1);
        let lowest = if rng.bool() { 0.0 } else { -0.5 };
        let mut random = |rows: usize, columns: usize| {
            let numbers: Vec<_> = (0..rows * columns).map(|_| rng.f32() + lowest).collect();
            Tensor::from_slice(&numbers).view([rows as i64, columns as i64])
        };
        let (grad_out, x) = (random(samples, hidden), random(samples, features));
        let [weight, out] = [(); 2].map(|()| random(hidden, features));
        WeightGrad::new(&grad_out, [&x, &weight.tr()], &out.tr())
    }

    fn bits(tensor: &Tensor) -> Vec<u32> {
        read(tensor).into_iter().map(f32::to_bits).collect()
    }
}
