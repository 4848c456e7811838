//! `torch.nn.init.trunc_normal_`.

use std::f64::consts::SQRT_2;

use tch::{Tensor, no_grad};

use super::squared;

/// `torch.nn.init.trunc_normal_`: a normal distribution of which nothing is
/// left outside [a, b]; by default of mean 0, std 1, a -2, b 2.
pub fn trunc_normal_(tensor: &mut Tensor, mean: f64, std: f64, a: f64, b: f64) {
    let cdf = |x: f64| {
        let erf = Tensor::from((x - mean) / std / SQRT_2).erf().double_value(&[]);
        f64::midpoint(1.0, erf)
    };
    no_grad(|| {
        if cdf(b) - cdf(a) > 0.3 {
            redraw_outside(tensor, mean, std, a, b);
        } else {
            reject(tensor, mean, std, a, b);
        }
    });
}

/// Most of the distribution is inside: draws again what falls outside.
fn redraw_outside(tensor: &mut Tensor, mean: f64, std: f64, a: f64, b: f64) {
    let rounded = |x: f64| Tensor::from(x).to_kind(tensor.kind()).double_value(&[]);
    let (lo, hi) = (rounded(a), rounded(b));
    let mut result = tensor.normal_(mean, std);
    loop {
        let mask = result.less(lo).logical_or(&result.greater(hi));
        if !any(&mask) {
            break;
        }
        result = result.empty_like().normal_(mean, std).where_self(&mask, &result);
    }
    tensor.copy_(&result);
}

/// Little of it is inside: draws evenly between a and b, and keeps a draw as
/// often as the density there is of the density's peak.
fn reject(tensor: &mut Tensor, mean: f64, std: f64, a: f64, b: f64) {
    let mode = a.max(mean.min(b));
    let log_peak = -0.5 * squared((mode - mean) / std);
    let log_density = |x: &mut Tensor| {
        let mut x = x.g_sub_scalar_(mean).g_div_scalar_(std);
        x.pow_(2).g_mul_scalar_(-0.5).g_sub_scalar_(log_peak)
    };
    let mut candidates = tensor.empty_like();
    let mut accept = tensor.empty_like();
    let mut result = tensor.uniform_(a, b);
    candidates.copy_(&result);
    let _ = log_density(&mut candidates);
    let mut pending = accept.uniform_(0.0, 1.0).log_().gt_tensor(&candidates);
    while any(&pending) {
        let _ = candidates.uniform_(a, b);
        result = candidates.where_self(&pending, &result);
        let _ = log_density(&mut candidates);
        let accepted = accept.uniform_(0.0, 1.0).log_().gt_tensor(&candidates);
        pending = accepted.where_self(&pending, &pending);
    }
    tensor.copy_(&result);
}

fn any(mask: &Tensor) -> bool {
    mask.any().int64_value(&[]) != 0
}
