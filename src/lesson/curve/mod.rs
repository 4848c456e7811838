//! Sections 1, 2, 5: activations and their derivatives, and where they
//! saturate. Twin of `python_ref/curve.py`.

mod output;
mod settings;

use anyhow::Result;
use tch::{Device, Kind, Tensor};
use torch_parity::nn::Activation;
use torch_parity::trace::Observer;

pub use self::settings::Curve;

/// The activation's values at `x`, and its derivative there by autograd; both
/// have the shape of `x`.
pub fn value_and_derivative(activation: Activation, x: &Tensor) -> (Tensor, Tensor) {
    let x = x.detach().set_requires_grad(true);
    let value = activation.apply(&x);
    let derivative = Tensor::run_backward(&[value.sum(None)], &[x], false, false).remove(0);
    (value.detach(), derivative)
}

/// What was found out about an activation; all float64.
#[derive(Debug)]
pub struct Explored {
    /// Which one.
    pub activation: Activation,
    /// f(x) at every point, (P,).
    pub value: Tensor,
    /// f'(x) by autograd, (P,).
    pub derivative: Tensor,
    /// The least of the values, ().
    pub lowest: Tensor,
    /// The largest of the values, ().
    pub highest: Tensor,
    /// The largest |f(x) + f(-x)|, (): 0 for an odd function.
    pub oddness: Tensor,
    /// The largest slope |f'(x)|, ().
    pub steepest: Tensor,
    /// The first x of that slope, ().
    pub steepest_x: Tensor,
    /// The first x that is not saturated, ().
    pub unsaturated_from: Tensor,
    /// The last x that is not saturated, ().
    pub unsaturated_to: Tensor,
    /// For tanh, 1 - tanh(x)², (P,), and how far the derivative is from it at
    /// most, ().
    pub closed_form: Option<(Tensor, Tensor)>,
}

impl Explored {
    /// Everything, under the twin's names.
    fn named(&self) -> Vec<(&str, &Tensor)> {
        let mut named = vec![
            ("value", &self.value),
            ("derivative", &self.derivative),
            ("lowest", &self.lowest),
            ("highest", &self.highest),
            ("oddness", &self.oddness),
            ("steepest", &self.steepest),
            ("steepest_x", &self.steepest_x),
            ("unsaturated_from", &self.unsaturated_from),
            ("unsaturated_to", &self.unsaturated_to),
        ];
        if let Some((closed_form, error)) = &self.closed_form {
            named.extend([("closed_form", closed_form), ("closed_form_error", error)]);
        }
        named
    }
}

/// The numbers of a float64 tensor, (P,).
fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.try_into().expect("it is float64, of one dimension")
}

/// Finds out about an activation on the points `x`, (P,), in order.
pub fn explore(activation: Activation, x: &Tensor, saturation: f64) -> Explored {
    let (value, derivative) = value_and_derivative(activation, x);
    let mirrored = activation.apply(&x.neg());
    let slope = derivative.abs();
    let unsaturated = x.masked_select(&slope.ge_tensor(&(slope.max() * saturation)));
    let closed_form = (activation == Activation::Tanh).then(|| {
        // Python's 1 - x is rsub; tch's is -(x - 1), which makes -0 of 1 - 1.
        let closed_form = value.pow_tensor_scalar(2).rsub_scalar(1);
        let error = (&derivative - &closed_form).abs().max();
        (closed_form, error)
    });
    Explored {
        activation,
        lowest: value.min(),
        highest: value.max(),
        oddness: (&value + mirrored).abs().max(),
        steepest: slope.max(),
        steepest_x: x.get(slope.argmax(None, false).int64_value(&[])),
        unsaturated_from: unsaturated.min(),
        unsaturated_to: unsaturated.max(),
        closed_form,
        value,
        derivative,
    }
}

/// Explores every chosen activation; returns the points, (P,), and what was
/// found.
pub fn curve(args: &Curve, observer: &mut dyn Observer) -> Result<(Tensor, Vec<Explored>)> {
    tch::set_num_threads(args.threads.count);
    let kind = (Kind::Double, Device::Cpu);
    let x = Tensor::linspace(args.from, args.to, args.points, kind); // (P,)
    observer.data(&[("x", &x)])?;
    let mut curves = Vec::new();
    for &activation in &args.activations {
        let found = explore(activation, &x, args.saturation);
        observer.measure(activation.name(), 0, &found.named())?;
        curves.push(found);
    }
    Ok((x, curves))
}
