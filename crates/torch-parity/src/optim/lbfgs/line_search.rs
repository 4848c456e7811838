//! The line search of LBFGS.

use std::cmp::Ordering;

use tch::Tensor;

use super::number::Number::{self, Float};

/// The loss at `x + t · d` and its gradient, flat.
pub type Objective<'a> = dyn FnMut(Number) -> (f64, Tensor) + 'a;

/// A point on the line: how far it is, the loss there, its gradient, and the
/// slope along the line.
struct Point {
    t: Number,
    f: f64,
    g: Tensor,
    gtd: Number,
}

/// `torch.optim.lbfgs._strong_wolfe`: a step along `d` that satisfies the strong
/// Wolfe conditions, or the best within `max_ls` evaluations. From the loss `f`,
/// the gradient `g` and the slope `gtd` at 0; gives loss, gradient, step, and how
/// often it evaluated. The narrowest bracket is 1e-9, not `tolerance_change`,
/// which PyTorch does not hand on.
#[allow(clippy::many_single_char_names)] // PyTorch's own
pub fn strong_wolfe(
    objective: &mut Objective,
    t: Number,
    d: &Tensor,
    (f, g, gtd): (f64, &Tensor, Number),
    max_ls: usize,
) -> (f64, Tensor, Number, usize) {
    let (c1, c2, tolerance_change) = (Float(1e-4), Float(0.9), Float(1e-9));
    let d_norm = Number::of(&d.abs().max());
    let mut evaluate = |t: Number| {
        let (f, g) = objective(t);
        let gtd = Number::of(&g.dot(d));
        Point { t, f, g, gtd }
    };
    let too_high = |new: &Point| Float(new.f) > Float(f) + c1 * new.t * gtd;
    let flat_enough = |new: &Point| new.gtd.abs() <= -c2 * gtd;
    let mut evals = 1;
    let mut new = evaluate(t);
    let mut prev = Point { t: Float(0.0), f, g: g.copy(), gtd };

    // Bracket an interval with a point that satisfies the conditions.
    let mut ls_iter = 0;
    let mut bracket = loop {
        if ls_iter >= max_ls {
            break [Point { t: Float(0.0), f, g: g.copy(), gtd }, new];
        }
        if too_high(&new) || (ls_iter > 1 && new.f >= prev.f) {
            break [prev, new];
        }
        if flat_enough(&new) {
            return (new.f, new.g, new.t, evals);
        }
        if new.gtd >= Float(0.0) {
            break [prev, new];
        }
        let min_step = new.t + Float(0.01) * (new.t - prev.t);
        let max_step = new.t * Float(10.0);
        let t = cubic_interpolate(&prev, &new, Some((min_step, max_step)));
        prev = new;
        new = evaluate(t);
        evals += 1;
        ls_iter += 1;
    };

    // Narrow it.
    let mut insuf_progress = false;
    let lower = |[a, b]: &[Point; 2]| {
        usize::from(!matches!(a.f.partial_cmp(&b.f), Some(Ordering::Less | Ordering::Equal)))
    };
    let mut low = lower(&bracket);
    while ls_iter < max_ls {
        let [a, b] = &bracket;
        if (b.t - a.t).abs() * d_norm < tolerance_change {
            break;
        }
        let mut t = cubic_interpolate(a, b, None);
        // Too close to an end twice, or beyond it: a tenth of the way inside.
        let (max, min) = (a.t.max(b.t), a.t.min(b.t));
        let eps = Float(0.1) * (max - min);
        let close = (max - t).min(t - min) < eps;
        if close && (insuf_progress || t >= max || t <= min) {
            t = if (t - max).abs() < (t - min).abs() { max - eps } else { min + eps };
            insuf_progress = false;
        } else {
            insuf_progress = close;
        }
        let new = evaluate(t);
        evals += 1;
        ls_iter += 1;
        let high = 1 - low;
        if too_high(&new) || new.f >= bracket[low].f {
            bracket[high] = new;
            low = lower(&bracket);
            continue;
        }
        let done = flat_enough(&new);
        if !done && new.gtd * (bracket[high].t - bracket[low].t) >= Float(0.0) {
            bracket.swap(low, high);
        }
        bracket[low] = new;
        if done {
            break;
        }
    }
    let [a, b] = bracket;
    let Point { t, f, g, .. } = if low == 0 { a } else { b };
    (f, g, t, evals)
}

/// `torch.optim.lbfgs._cubic_interpolate`: where the cubic through two points
/// with their slopes is least.
fn cubic_interpolate(a: &Point, b: &Point, bounds: Option<(Number, Number)>) -> Number {
    let (x1, g1, x2, g2) = (a.t, a.gtd, b.t, b.gtd);
    let (xmin_bound, xmax_bound) = bounds.unwrap_or(if x1 <= x2 { (x1, x2) } else { (x2, x1) });
    let d1 = g1 + g2 - Float(3.0 * (a.f - b.f)) / (x1 - x2);
    let d2_square = d1 * d1 - g1 * g2;
    if d2_square >= Float(0.0) {
        let d2 = d2_square.sqrt();
        let two_d2 = Float(2.0) * d2;
        let min_pos = if x1 <= x2 {
            x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + two_d2))
        } else {
            x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + two_d2))
        };
        min_pos.max(xmin_bound).min(xmax_bound)
    } else {
        (xmin_bound + xmax_bound) / Float(2.0)
    }
}
