//! Mistakes in the network and its loss: another operation on the same values.

use super::Pitfall;
use super::operation::Operation;
use super::scene::{Scene, is_near};

/// Values of `Reduction`.
const MEAN: f64 = 1.0;
const SUM: f64 = 2.0;

pub const PITFALLS: &[Pitfall] = &[
    Pitfall {
        name: "tanh-by-sigmoid",
        mistake: "tanh as 2σ(2x) - 1",
        is: |it| {
            it.formula.text == "sigmoid(x*#)*#-#"
                && it.formula.numbers == [2.0, 2.0, 1.0]
                && it.instead(&["tanh"]).is_some()
        },
    },
    Pitfall {
        name: "gelu-tanh",
        mistake: "GELU by its tanh approximation",
        is: |it| {
            let approximate = |of: Operation<'_>| of.text("approximate");
            it.ours.is(&["gelu"])
                && approximate(it.ours).as_deref() == Some("tanh")
                && it.instead(&["gelu"]).and_then(approximate).as_deref() == Some("none")
        },
    },
    Pitfall {
        name: "softmax-twice",
        mistake: "softmax before the cross entropy",
        is: |it| {
            it.formula.text == "log_softmax(softmax(x))" && it.instead(&["_log_softmax"]).is_some()
        },
    },
    Pitfall {
        name: "log-of-softmax",
        mistake: "log(softmax) instead of log_softmax",
        is: |it| it.formula.text == "log(softmax(x))" && it.instead(&["_log_softmax"]).is_some(),
    },
    Pitfall {
        name: "sum-not-mean",
        mistake: "the losses added up, not averaged",
        is: |it| {
            let is_of_all = |it: Operation<'_>, name| it.is(&[name]) && it.shape().is_empty();
            it.has(&[it.ours.plain_name()], "reduction", [MEAN, SUM])
                || (is_of_all(it.ours, "sum") && it.theirs.is_some_and(|it| is_of_all(it, "mean")))
        },
    },
    Pitfall {
        name: "batch-norm-momentum",
        mistake: "batch norm's momentum taken the other way round",
        is: |it| {
            let share = it.theirs.and_then(|it| it.number("momentum")).unwrap_or(f64::NAN);
            share != 0.5
                && it.has(&["native_batch_norm", "batch_norm"], "momentum", [share, 1.0 - share])
        },
    },
    Pitfall {
        name: "layer-norm-eps",
        mistake: "layer norm's eps of 1e-6 instead of 1e-5",
        is: |it| it.has(&["native_layer_norm", "layer_norm"], "eps", [1e-5, 1e-6]),
    },
    Pitfall {
        name: "attention-scale",
        mistake: "attention scaled by the whole width, not a head's",
        is: is_scaled_by_width,
    },
];

/// The products of queries and keys, (B, H, T, T), are divided by a number √H times as
/// large, since the width is H times that of a head.
fn is_scaled_by_width(it: &Scene<'_>) -> bool {
    let Some(theirs) = it.theirs.filter(|theirs| theirs.name() == it.ours.name()) else {
        return false;
    };
    let numbers = theirs.number("other").zip(it.ours.number("other"));
    let larger = numbers.map(|(a, b)| if it.ours.is(&["div"]) { b / a } else { a / b });
    let shape = it.ours.shape();
    let heads = shape.len().checked_sub(3).map(|at| shape[at] as f64);
    let is_so = larger.zip(heads).is_some_and(|(it, heads)| is_near(it * it, heads) && heads > 1.0);
    let made = it.ours.first().and_then(|of| it.ours.maker(of));
    let of_matrices = made.is_some_and(|it| it.is(&["bmm", "matmul", "_unsafe_view", "view"]));
    it.ours.is(&["div", "mul"]) && is_so && of_matrices
}
