//! Mistakes in the loop: what is done when, with which batch, for which parameters.

use super::Pitfall;
use super::operation::{Argument, Operation, Program};
use super::scene::{Draws, Scene, Update};

pub const PITFALLS: &[Pitfall] = &[
    Pitfall {
        name: "loss-after-step",
        mistake: "the loss reported after the step, not before",
        is: is_loss_after_step,
    },
    Pitfall {
        name: "grads-not-zeroed",
        mistake: "gradients not zeroed between steps",
        is: |it| {
            it.update.as_ref().is_some_and(|Update { script, port }| {
                // The script takes one of the two.
                let shared = script.values.iter().any(|it| port.values.contains(it));
                port.text.contains("x+x") && !script.text.contains("x+x") && shared
            })
        },
    },
    Pitfall {
        name: "bias-not-trained",
        mistake: "an optimizer that misses the biases",
        is: |it| {
            let updates = |of, bias| updated(of).any(|it| (it.len() == 1) == bias);
            let lacks = it.lacks.is_some_and(|it| it.shape().len() == 1 && it.is_in_place());
            lacks && updates(it.script, true) && updates(it.port, false) && !updates(it.port, true)
        },
    },
    Pitfall {
        name: "batch-order",
        mistake: "batches in an order of one's own",
        is: |it| {
            it.draws().is_some_and(|Draws { script, port }| {
                let order = |draw: &Operation<'_>| draw.name() == "randperm";
                // DataLoader draws a seed for its workers first.
                let seed = script.name() == "random_" && script.shape().is_empty();
                let same = |it: &Operation<'_>| order(it) && it.shape() == port.shape();
                seed && order(&port) && it.script.draws().any(|it| same(&it))
            })
        },
    },
    Pitfall {
        name: "drop-last",
        mistake: "the last smaller batch dropped",
        is: is_last_batch_dropped,
    },
    Pitfall {
        name: "dropout-in-evaluation",
        mistake: "dropout left on in evaluation",
        is: is_dropout_in_evaluation,
    },
    Pitfall {
        name: "tied-copy",
        mistake: "tied weights that are copies",
        is: |it| {
            // The script adds up what the weight gets as an embedding and as a layer; the
            // port has both, and goes on with each alone.
            it.lacks.is_some_and(|sum| {
                let of_backward = |at: usize| {
                    let share = sum.takes().get(at).copied()?;
                    sum.maker(share).filter(|it| it.is_in_backward()).map(|_| share.value)
                };
                let alone = |share: u32| {
                    it.port.takers(share).any(|it| !it.is_in_backward() && !it.is(&["add"]))
                };
                let shares = of_backward(0).zip(of_backward(1));
                let is_sum = sum.name() == "add" && !sum.is_in_backward();
                is_sum && shares.is_some_and(|(a, b)| alone(a) && alone(b))
            })
        },
    },
    Pitfall {
        name: "clip-after-step",
        mistake: "gradients clipped after the step",
        is: is_clip_after_step,
    },
];

/// What losses are computed by.
const LOSSES: [&str; 5] = [
    "nll_loss_forward",
    "nll_loss2d_forward",
    "mse_loss",
    "binary_cross_entropy",
    "smooth_l1_loss",
];

/// The shapes of what is updated in place outside of the backward pass, by what ends an
/// update.
fn updated<'a>(program: &'a Program<'a>) -> impl Iterator<Item = Vec<u64>> {
    let ends = program
        .operations()
        .filter(|it| it.is(&["addcdiv", "add", "sub"]) && it.is_in_place() && !it.is_in_backward());
    ends.map(Operation::shape).filter(|it| !it.is_empty())
}

/// The script takes fewer rows than the time before, which the port never does; it takes as
/// many as the script does elsewhere.
fn is_last_batch_dropped(it: &Scene<'_>) -> bool {
    let Some(theirs) = it.theirs.filter(|theirs| theirs.name() == it.ours.name()) else {
        return false;
    };
    let rows = |of: Operation<'_>| of.input().and_then(|(_, shape)| shape.first().copied());
    let same = |of: &Operation<'_>| of.name() == theirs.name();
    let has = |program: &Program<'_>, count| {
        program.operations().filter(same).any(|it| rows(it) == count)
    };
    let (few, ours) = (rows(theirs), rows(it.ours));
    let before = theirs.before().find(same).and_then(rows);
    few.is_some() && few < before && few != ours && !has(it.port, few) && has(it.script, ours)
}

/// The first of the backward pass after it, if any.
fn next_backward(of: Operation<'_>) -> Option<usize> {
    of.after().find(|it| it.is_in_backward()).map(|it| it.at)
}

/// Every loss is computed twice, the second time with the parameters of the next step: the
/// first that the script does not have comes after the last step.
fn is_loss_after_step(it: &Scene<'_>) -> bool {
    let is_loss = |of: &Operation<'_>| !of.is_in_backward() && of.is(&LOSSES);
    let losses = |program: &Program<'_>| program.operations().filter(is_loss).count();
    let loss = it.ours.after().find(is_loss);
    let alone = loss.is_some_and(|loss| {
        let until = next_backward(it.ours).unwrap_or(usize::MAX);
        let next = loss.after().find(is_loss).map_or(usize::MAX, |it| it.at);
        loss.at < until && next < until
    });
    let last = loss.is_some() && next_backward(it.ours).is_none();
    !it.ours.is_in_backward() && (alone || last) && losses(it.port) == 2 * losses(it.script)
}

/// Dropout is drawn in a forward pass that no backward pass follows, where the script draws
/// something else; batch norm shows first where there is one.
fn is_dropout_in_evaluation(it: &Scene<'_>) -> bool {
    let trains = |of: Operation<'_>| of.text("training").is_some_and(|it| it == "true");
    let is_norm = trains(it.ours) && it.theirs.is_some_and(|it| !trains(it));
    let draws = |of: &Operation<'_>| of.drawn_from().is_some();
    let is_dropout = |of: &Operation<'_>| of.is(&["bernoulli", "native_dropout"]);
    if !is_norm && !draws(&it.ours) {
        return false;
    }
    let dropout = it.port.from(it.ours.at).find(draws).filter(is_dropout);
    let Some(dropout) = dropout else { return false };
    let theirs = dropout.drawn_from().and_then(|state| it.script.draw_from(state));
    let next = dropout.after().find(|it| it.is_in_backward() || draws(it) && !is_dropout(it));
    let is_trained = next.is_some_and(Operation::is_in_backward);
    !is_trained && theirs.is_none_or(|it| !is_dropout(&it))
}

/// The step takes a gradient, and only afterwards it is multiplied by a number that was
/// computed, as the script does before.
fn is_clip_after_step(it: &Scene<'_>) -> bool {
    let gradients = it.ours.takes().iter().filter(|it| !it.weak);
    it.update.is_some()
        && gradients.map(|it| it.value).any(|gradient| {
            let scaled = |of: Operation<'_>| {
                let at = of.takes().iter().position(|it| it.value == gradient)?;
                let is_scaled = of.is(&["mul", "_foreach_mul"]) && is_by_computed(of);
                is_scaled.then_some(of.gives().get(at)?.value)
            };
            let theirs = it.script.operations().find_map(scaled);
            theirs.is_some() && it.ours.after().find_map(scaled) == theirs
        })
}

/// Whether an operation takes a number that another one computed.
fn is_by_computed(of: Operation<'_>) -> bool {
    of.arguments().into_iter().any(|(_, argument)| match argument {
        Argument::Tensor(tensor, shown) => shown.kind.ends_with("[]") && of.maker(tensor).is_some(),
        Argument::Plain(_) => false,
    })
}
