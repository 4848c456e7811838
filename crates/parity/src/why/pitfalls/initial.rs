//! Mistakes in the data and the initial weights: what is drawn, and in which order.

use super::Pitfall;
use super::operation::Operation;
use super::scene::{Draws, Scene, is_near};
use crate::why::list::Tensor;

pub const PITFALLS: &[Pitfall] = &[
    Pitfall {
        name: "data-float64",
        mistake: "inputs drawn in float64, then made float32",
        is: |it| {
            it.draws().is_some_and(|Draws { script, port }| {
                let (Some(a), Some(b)) = (script.output(), port.output()) else { return false };
                script.name() == port.name() && (&*a.0, &*b.0) == ("f32", "f64") && a.1 == b.1
            })
        },
    },
    Pitfall {
        name: "labels-ge",
        mistake: "labels by >= 0 instead of > 0",
        is: |it| {
            it.ours.is(&["ge"])
                && it.ours.number("other") == Some(0.0)
                && it.instead(&["gt"]).is_some_and(|it| it.number("other") == Some(0.0))
        },
    },
    Pitfall {
        name: "sum-order",
        mistake: "a sample's inputs added up one after the other",
        is: |it| adds_up(it).is_some_and(|of| it.script.takers(of).any(|it| it.is(&["sum"]))),
    },
    Pitfall {
        name: "data-each-network",
        mistake: "data drawn again for each network",
        is: |it| {
            it.draws().is_some_and(|Draws { script, port }| {
                let before = |other: &Operation<'_>| other.at < port.at && alike(*other, port);
                let next = it.next_draw(port);
                !alike(script, port)
                    && it.port.draws().any(|it| before(&it))
                    && next.is_some_and(|it| alike(it, script))
            })
        },
    },
    Pitfall {
        name: "seed-each-network",
        mistake: "seeded again before each network",
        is: |it| {
            let state = it.ours.drawn_from();
            let from_it = |it: &Operation<'_>| state.is_some() && it.drawn_from() == state;
            it.port.draws().any(|other| from_it(&other) && other.at < it.ours.at)
                && it.script.draws().filter(from_it).count() == 1
        },
    },
    Pitfall {
        name: "tch-linear",
        mistake: "the initial weights of tch::nn::linear",
        is: |it| bias_first(it).is_some_and(|by| is_near(by, 6_f64.sqrt())),
    },
    Pitfall {
        name: "bias-first",
        mistake: "a layer's bias drawn before its weight",
        is: |it| bias_first(it).is_some_and(|by| is_near(by, 1.0)),
    },
    Pitfall {
        name: "relu-gain",
        mistake: "PyTorch's default initial weights, with gain √2",
        is: |it| {
            it.draws().is_some_and(|Draws { script, port }| {
                let wider = bound(script).zip(bound(port)).map(|(a, b)| b / a);
                script.shape() == port.shape() && wider.is_some_and(|it| is_near(it, 6_f64.sqrt()))
            })
        },
    },
    Pitfall {
        name: "weight-transposed",
        mistake: "the weight drawn as (in, out), then transposed",
        is: is_transposed,
    },
    Pitfall { name: "bias-zero", mistake: "biases that start at 0", is: is_bias_zero },
];

/// The largest number that may be drawn, of a range around 0.
fn bound(draw: Operation<'_>) -> Option<f64> {
    let (from, to) = (draw.number("from")?, draw.number("to")?);
    (draw.is(&["uniform"]) && from == -to).then_some(to)
}

/// Whether two draws are of the same kind.
fn alike(a: Operation<'_>, b: Operation<'_>) -> bool {
    a.name() == b.name() && a.output() == b.output()
}

/// If a bias (H,) is drawn where the script draws a weight (H, D), and the weight right
/// after it: how much wider than the script's it is.
fn bias_first(it: &Scene<'_>) -> Option<f64> {
    let Draws { script, port: bias } = it.draws()?;
    let weight = it.next_draw(bias)?;
    let (shape, range) = (script.shape(), bound(script)?);
    let is_so = shape.len() >= 2
        && bias.shape() == shape[..1]
        && weight.shape() == shape
        && is_near(bound(bias)?, range);
    is_so.then_some(bound(weight)? / range)
}

/// A draw of (D, H) where the script draws (H, D) gives the same numbers: they part later,
/// where the transposed weight is used. So do layers of (H, H), whose draws are the same.
fn is_transposed(it: &Scene<'_>) -> bool {
    let ours = it.ours;
    it.port.draws().take_while(|draw| draw.at < ours.at).any(|draw| {
        let theirs = draw.drawn_from().and_then(|state| it.script.draw_from(state));
        let (shape, theirs) = match theirs {
            Some(theirs) if theirs.name() == draw.name() => (draw.shape(), theirs.shape()),
            _ => return false,
        };
        let memory = draw.result().map(|it| it.storage);
        let is_reversed = shape.len() == 2 && theirs.iter().rev().eq(&shape);
        if !is_reversed || ours.takes().iter().all(|it| Some(it.storage) != memory) {
            return false;
        }
        shape[0] != shape[1] || takes_turned(ours, draw)
    })
}

/// Whether a square weight is copied once it was transposed, or a layer multiplies by it
/// as it was drawn: `linear` transposes it once more.
fn takes_turned(it: Operation<'_>, drawn: Operation<'_>) -> bool {
    let drawn = drawn.result().map(|it| it.value);
    let is_turned = |of: &Tensor| {
        let view = it.maker(*of).filter(|it| it.is(&["t", "transpose", "permute"]));
        view.is_some_and(|view| view.first().map(|it| it.value) == drawn)
    };
    let is_drawn = |of: &Tensor| Some(of.value) == drawn;
    (it.is(&["copy", "clone"]) && it.takes().iter().any(is_turned))
        || (it.is(&["addmm", "mm", "bmm"]) && it.takes().iter().any(is_drawn))
}

/// Either no bias is drawn, and the next weight is where the script draws one; or it is
/// drawn, and then overwritten.
fn is_bias_zero(it: &Scene<'_>) -> bool {
    if let Some(Draws { script, port }) = it.draws() {
        let bias = script.shape();
        let before = it.port.operations().take_while(|it| it.at < port.at);
        let mut zeros = before.filter(|it| it.is(&["zeros", "zero"]));
        return bias.len() == 1 && port.shape().len() > 1 && zeros.any(|it| it.shape() == bias);
    }
    let Some(theirs) = it.theirs.filter(|theirs| theirs.name() == it.ours.name()) else {
        return false;
    };
    let bias = |of: Operation<'_>| {
        of.takes().iter().copied().find(|tensor| match of.name() {
            "addmm" => of.first() == Some(*tensor),
            _ => of.is(&["convolution"]) && of.takes().get(2) == Some(tensor),
        })
    };
    let is_zero = |of: &Operation<'_>, bias: Tensor| {
        bias.round && of.maker(bias).is_some_and(|it| it.is(&["zeros", "zero", "fill"]))
    };
    let (Some(our_bias), Some(their_bias)) = (bias(it.ours), bias(theirs)) else { return false };
    is_zero(&it.ours, our_bias) && !their_bias.weak
}

/// If slices of one tensor are added up: its value.
fn adds_up(it: &Scene<'_>) -> Option<u32> {
    let slice = |of: Operation<'_>| {
        let slices = ["select", "unbind", "slice", "narrow"];
        let mut makers = of.takes().iter().filter_map(|it| of.maker(*it));
        makers.find(|it| it.is(&slices)).and_then(|it| Some(it.first()?.value))
    };
    let (one, next) = (it.ours, it.ours.taker()?);
    let all = slice(one)?;
    (one.is(&["add"]) && next.is(&["add"]) && slice(next) == Some(all)).then_some(all)
}
