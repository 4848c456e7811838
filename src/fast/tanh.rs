//! tanh with the bits of MKL's, which libtorch calls, in less than half its time.

use std::cell::Cell;
use std::f64::consts::{LN_2, LOG2_E};
use std::sync::LazyLock;

use multiversion::multiversion;
use tch::{Kind, Tensor};

use crate::fast::has_one_thread;
use crate::fast::values::{read, values};

/// Writes tanh of `z` into `h`, both contiguous.
///
/// What MKL returns on AMD's CPUs is the true value, off by [`closeness`] at most,
/// rounded to float32. A way that is closer to the truth rounds to the same
/// float32, unless the value lies about that near to the middle between two
/// (Ziv's rounding test, ACM TOMS 17(3), 1991): one in 260 does, and for these
/// libtorch is asked. A test tries all 2³² numbers; whether the kernel at hand is
/// as close is tried once, before the first use. With several threads libtorch's
/// own is taken.
pub fn tanh_out(z: &Tensor, h: &Tensor) {
    let _asked = write(z, h);
}

/// The same; returns where libtorch was asked, if not for all.
fn write(z: &Tensor, h: &Tensor) -> Vec<usize> {
    if has_one_thread() && *IS_CLOSE {
        return round_or_ask(Tensor::tanh, z, h);
    }
    let _ = z.tanh_out(h);
    vec![]
}

/// Whether libtorch's tanh is close enough to the truth for this.
static IS_CLOSE: LazyLock<bool> = LazyLock::new(|| has_fma() && is_close(Tensor::tanh));

/// Whether the CPU multiplies and adds at once: without, this is slow.
fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether `tanh` is as close as said, tried on 65,536 numbers from 2⁻¹⁵ to 16, of
/// either sign, and on some that are special.
fn is_close(tanh: fn(&Tensor) -> Tensor) -> bool {
    let spread = |i: u32| f32::from_bits((0x3800_0000 + 2431 * i) | (i << 31));
    let special = [0.0, f32::from_bits(1), 1e-40, 1e-30, 20.0, 1e30, f32::INFINITY, f32::NAN];
    let special = special.into_iter().flat_map(|x| [x, -x]);
    let z = Tensor::from_slice(&(0..1 << 16).map(spread).chain(special).collect::<Vec<_>>());
    let h = z.zeros_like();
    let _asked = round_or_ask(tanh, &z, &h);
    h.view_dtype(Kind::Int) == tanh(&z).view_dtype(Kind::Int)
}

/// Writes tanh of `z` into `h`, where need be as `tanh` has it; returns where that was.
#[expect(unsafe_code, reason = "a copy would cost as much as tanh")]
fn round_or_ask(tanh: fn(&Tensor) -> Tensor, z: &Tensor, h: &Tensor) -> Vec<usize> {
    // SAFETY: they are held here only, where no tensor is resized.
    let (z, h) = unsafe { (values(z), values(h)) };
    let unsure = round(z, h);
    let questions: Vec<_> = unsure.iter().map(|&i| z[i].get()).collect();
    let answers = read(&tanh(&Tensor::from_slice(&questions)));
    for (&i, answer) in unsure.iter().zip(answers) {
        h[i].set(answer);
    }
    unsure
}

/// Writes tanh of `z` into `h`; returns where that may not be MKL's.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn round(z: &[Cell<f32>], h: &[Cell<f32>]) -> Vec<usize> {
    /// What is taken at a time; compilers make vectors of a loop this long.
    const BLOCK: usize = 64;
    assert_eq!(z.len(), h.len());
    let mut unsure = Vec::new();
    for (n, (z, h)) in z.chunks(BLOCK).zip(h.chunks(BLOCK)).enumerate() {
        let mut is_unsure_at = [false; BLOCK];
        for ((z, h), is_unsure_at) in z.iter().zip(h).zip(&mut is_unsure_at) {
            let z = z.get();
            let tanh = tanh(z);
            *is_unsure_at = is_unsure(z, tanh);
            h.set((tanh as f32).copysign(z));
        }
        if is_unsure_at.contains(&true) {
            unsure.extend((0..BLOCK).filter(|&i| is_unsure_at[i]).map(|i| BLOCK * n + i));
        }
    }
    unsure
}

/// tanh of |x|, to about 1e-12: (e²ˣ - 1) / (e²ˣ - 1 + 2), where e²ˣ = 2ᵏ·e²ʳ.
#[inline(always)]
fn tanh(x: f32) -> f64 {
    /// Added to a number, rounds it to an integer, which the last bits hold.
    const ROUND: f64 = 1.5 * (1_u64 << 52) as f64;
    /// 2ⁿ / n! from n = 10 down to 1: the Taylor series of (e²ʳ - 1) / r.
    const SERIES: [f64; 10] = [
        1024.0 / 3_628_800.0,
        512.0 / 362_880.0,
        256.0 / 40_320.0,
        128.0 / 5_040.0,
        64.0 / 720.0,
        32.0 / 120.0,
        16.0 / 24.0,
        8.0 / 6.0,
        4.0 / 2.0,
        2.0,
    ];

    // From 20 on it is 1 in float64 too.
    let x = f64::from(x.abs());
    let x = if x > 20.0 { 20.0 } else { x };
    let shifted = x.mul_add(2.0 * LOG2_E, ROUND);
    let r = (shifted - ROUND).mul_add(-LN_2 / 2.0, x);
    let two_to_k = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    let mut sum = 0.0_f64;
    for term in SERIES {
        sum = sum.mul_add(r, term);
    }
    let expm1 = two_to_k.mul_add(sum * r, two_to_k - 1.0);
    expm1 / (expm1 + 2.0)
}

/// Whether `tanh`, that of `x`, is so near to the middle between two float32
/// that MKL's may lie on the other side.
#[inline(always)]
fn is_unsure(x: f32, tanh: f64) -> bool {
    /// What of a float64's bits rounding to float32 drops.
    const DROPPED: u64 = (1 << 29) - 1;
    const MIDDLE: u64 = 1 << 28;
    let near = closeness(x.abs());
    tanh.to_bits().wrapping_add(near).wrapping_sub(MIDDLE) & DROPPED < 2 * near
}

/// A bound on how far MKL's tanh of x ≥ 0 may be from the truth, in last bits of
/// the float64: from 2e-10 of the value (1.2e-9 beyond 4) to twice that. The test
/// below measures 1.1e-10 and 7.8e-10.
#[inline(always)]
fn closeness(x: f32) -> u64 {
    const UNIT: f64 = f64::EPSILON / 2.0;
    if x > 4.0 { (1.2e-9 / UNIT) as u64 } else { (2e-10 / UNIT) as u64 }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use super::*;
    use crate::fast::is_amd;

    /// Numbers to try at a time.
    const AT_ONCE: usize = 1 << 16;

    const INT: (Kind, tch::Device) = (Kind::Int, tch::Device::Cpu);

    /// Every number, or when compiled without optimization every so many.
    const STEP: usize = if cfg!(debug_assertions) { 97 } else { 1 };

    #[test]
    fn every_number_has_libtorchs_bits() {
        tch::set_num_threads(1);
        assert!(*IS_CLOSE || !is_amd() || !has_fma(), "it is not used");
        let farthest = std::thread::scope(|scope| {
            let halves = [i32::MIN..=-1, 0..=i32::MAX];
            let halves = halves.map(|half| scope.spawn(|| farthest(half)));
            halves.map(|half| half.join().unwrap())
        });
        let [low, high] = [0, 1].map(|i| farthest[0][i].max(farthest[1][i]));
        assert!(!*IS_CLOSE || low < 2e-10 && high < 1.2e-9, "{farthest:?}");
        println!("libtorch is off by {low:.2e} up to 4, {high:.2e} beyond");
    }

    /// Holds all numbers of these bits to libtorch's; returns how far its own are off at
    /// most, up to 4 and beyond.
    fn farthest(of: RangeInclusive<i32>) -> [f64; 2] {
        tch::set_num_threads(1);
        let mut farthest = [0.0_f64; 2];
        let counted = Tensor::arange_start_step(0, AT_ONCE as i64, STEP as i64, INT);
        let z_bits = counted.zeros_like();
        let z = z_bits.view_dtype(Kind::Float);
        let (ours, theirs) = (z.zeros_like(), z.zeros_like());
        for start in of.step_by(AT_ONCE) {
            let _ = counted.add_out(&z_bits, &Tensor::from(start));
            let _ = z.tanh_out(&theirs);
            let unsure = write(&z, &ours);
            assert!(bits(&ours).equal(&bits(&theirs)), "from {start:#x}");
            let unsure = Tensor::from_slice(&unsure.iter().map(|&i| i as i64).collect::<Vec<_>>());
            let [z, theirs] = [&z, &theirs].map(|it| read(&it.index_select(0, &unsure)));
            for (z, theirs) in z.into_iter().zip(theirs) {
                let truth = f64::from(z).tanh();
                let rounded = f64::from(truth as f32);
                if rounded != f64::from(theirs) && !z.is_nan() {
                    let to_middle = (truth - f64::midpoint(f64::from(theirs), rounded)) / truth;
                    let farthest = &mut farthest[usize::from(z.abs() > 4.0)];
                    *farthest = farthest.max(to_middle.abs());
                }
            }
        }
        farthest
    }

    fn bits(tensor: &Tensor) -> Tensor {
        tensor.view_dtype(Kind::Int)
    }

    #[test]
    fn a_tanh_that_rounds_otherwise_is_found_out() {
        assert!(!is_close(|x| (x * 2).sigmoid() * 2 - 1));
        assert!(!is_close(|x| {
            let values: Vec<_> = read(x).into_iter().map(f32::tanh).collect();
            Tensor::from_slice(&values)
        }));
    }
}
