//! Mistakes in the optimizer: another formula, or other numbers in it.

use super::Pitfall;
use super::formula::Formula;
use super::operation::Operation;
use super::scene::{Scene, Update, is_near};

/// Adam's step of a parameter, without what weight decay adds.
const ADAM: &str = "+lerp(s,x,#)*#/(sqrt(s*#+x*#*x)/#+#)";
/// `RMSprop`'s.
const RMSPROP: &str = "+x*#/(sqrt(s*#+x*#*x)+#)";

/// The places of Adam's numbers, from the end.
mod adam {
    pub const WEIGHT: usize = 6;
    pub const STEP: usize = 5;
    pub const BETA2: usize = 4;
    pub const CORRECTION2: usize = 2;
}
/// Those of `RMSprop`.
mod rmsprop {
    pub const STEP: usize = 4;
    pub const ALPHA: usize = 3;
}
/// Of both.
const EPS: usize = 1;

pub const PITFALLS: &[Pitfall] = &[
    Pitfall {
        name: "tch-adam",
        mistake: "tch::nn::Adam",
        is: |it| {
            it.update.as_ref().is_some_and(|Update { script, port }| {
                let moment = port.text.contains("(s*#+x*#)*#/");
                moment && script.text.ends_with(ADAM)
            })
        },
    },
    Pitfall {
        name: "fused-adam",
        mistake: "the fused Adam",
        is: |it| {
            let is_fused = it.ours.is(&["_fused_adam"]);
            is_fused && it.theirs.is_some_and(|it| !it.is(&["_fused_adam"]))
        },
    },
    Pitfall { name: "amsgrad", mistake: "AMSGrad", is: |it| it.another("sqrt(max(", "sqrt(") },
    Pitfall {
        name: "adamw-decay",
        mistake: "AdamW's default weight decay of 0.01",
        is: |it| it.update.as_ref().is_some_and(|it| is_near_decay(it, 0.01)),
    },
    Pitfall {
        name: "betas-0.99",
        mistake: "β₂ of 0.99 instead of 0.999",
        is: |it| it.number(ADAM, adam::BETA2, [0.999, 0.99]),
    },
    Pitfall {
        name: "eps-1e-7",
        mistake: "eps of 1e-7 instead of 1e-8",
        is: |it| it.number(ADAM, EPS, [1e-8, 1e-7]),
    },
    Pitfall {
        name: "eps-inside-sqrt",
        mistake: "eps inside the square root",
        is: |it| {
            it.another("sqrt((s*#+x*#*x)/#+#)", "(sqrt(s*#+x*#*x)/#+#)")
                || it.another("sqrt(s*#+x*#*x+#)", "(sqrt(s*#+x*#*x)+#)")
        },
    },
    Pitfall {
        name: "eps-before-correction",
        mistake: "eps added before the bias correction",
        is: |it| it.another("((sqrt(s*#+x*#*x)+#)/#)", "(sqrt(s*#+x*#*x)/#+#)"),
    },
    Pitfall {
        name: "as-in-the-paper",
        mistake: "the corrections applied to the moments",
        is: |it| it.another("(sqrt((s*#+x*#*x)/#)+#)", "(sqrt(s*#+x*#*x)/#+#)"),
    },
    Pitfall {
        name: "no-bias-correction",
        mistake: "no bias correction",
        is: |it| {
            it.update.as_ref().is_some_and(|Update { script, port }| {
                let left_out = port.text.ends_with("/(sqrt(s*#+x*#*x)+#)");
                let of_one = port.text.ends_with(ADAM) && port.last(adam::CORRECTION2) == 1.0;
                let moment = port.text.contains("lerp(s,x,#)");
                let corrects = script.text.ends_with(ADAM) && script.last(adam::CORRECTION2) < 1.0;
                corrects && moment && (left_out || of_one)
            })
        },
    },
    Pitfall {
        name: "step-from-0",
        mistake: "the step count starts at 0",
        is: |it| {
            it.update.as_ref().is_some_and(|Update { script, port }| {
                let both = script.text.ends_with(ADAM) && port.text.ends_with(ADAM);
                let is_0 =
                    port.last(adam::CORRECTION2) == 0.0 || port.last(adam::STEP).is_infinite();
                both && is_0
            })
        },
    },
    Pitfall {
        name: "powi",
        mistake: "powi instead of powf for β to the power of the step",
        is: |it| {
            it.update.as_ref().is_some_and(|Update { script, port }| {
                let same = script.text.ends_with(ADAM) && script.text == port.text;
                let mut pairs = script.numbers.iter().zip(&port.numbers);
                same && script.numbers != port.numbers && pairs.all(|(a, b)| is_near(*b, *a))
            })
        },
    },
    Pitfall {
        name: "rmsprop-alpha",
        mistake: "RMSprop's alpha of 0.9 instead of 0.99",
        is: |it| it.number(RMSPROP, rmsprop::ALPHA, [0.99, 0.9]),
    },
    Pitfall {
        name: "rmsprop-eps",
        mistake: "RMSprop's eps of 1e-7 instead of 1e-8",
        is: |it| it.number(RMSPROP, EPS, [1e-8, 1e-7]),
    },
    Pitfall {
        name: "scheduler-each-batch",
        mistake: "the scheduler stepped after each batch",
        is: is_rate_of_each_batch,
    },
    Pitfall {
        name: "adam-decay",
        mistake: "Adam's weight decay taken for AdamW's",
        is: |it| {
            it.update.as_ref().is_some_and(|Update { script, port }| {
                let in_gradient = port.text.contains("x+p*#") || port.text.contains("x*#+p*#");
                script.text.starts_with("p*#+") && in_gradient && !port.text.starts_with("p*#+")
            })
        },
    },
];

impl Scene<'_> {
    /// Whether the port's update has this in place of that, and the script has that.
    fn another(&self, ours: &str, theirs: &str) -> bool {
        self.update.as_ref().is_some_and(|Update { script, port }| {
            let has = |ours| port.text.contains(ours) && !script.text.contains(ours);
            has(ours) && script.text.contains(theirs)
        })
    }

    /// Whether both updates end like this, and this number is the first in the script and
    /// the second in the port.
    fn number(&self, ending: &str, place: usize, [script, port]: [f64; 2]) -> bool {
        self.update.as_ref().is_some_and(|update| {
            let numbers = [update.script.last(place), update.port.last(place)];
            let alike = update.script.text == update.port.text;
            let near = is_near(numbers[0], script) && is_near(numbers[1], port);
            alike && update.script.text.ends_with(ending) && near
        })
    }
}

/// Whether the port alone scales the parameter, by 1 - lr * `decay`.
fn is_near_decay(Update { script, port }: &Update, decay: f64) -> bool {
    let alone = script.text.strip_prefix('p') == port.text.strip_prefix("p*#");
    // β₂ᵏ tells which step it is, and so β₁ᵏ and the rate.
    let of_step = (1.0 - port.last(adam::CORRECTION2).powi(2)).ln() / port.last(adam::BETA2).ln();
    let correction1 = 1.0 - (1.0 - port.last(adam::WEIGHT)).powf(of_step.round());
    let rate = port.last(adam::STEP).abs() * correction1;
    let scaled = port.numbers.first().copied().unwrap_or(1.0);
    let lost = (1.0 - scaled) / rate;
    alone && port.text.ends_with(ADAM) && (lost - decay).abs() < 1e-6
}

/// The rate is one that the script has later, and it changes between two batches: since
/// the last order of an epoch was drawn, the port has stepped by another.
fn is_rate_of_each_batch(it: &Scene<'_>) -> bool {
    let Some(Update { script, port }) = &it.update else { return false };
    let place = if script.text.ends_with(ADAM) { adam::STEP } else { rmsprop::STEP };
    let is_known = script.text.ends_with(ADAM) || script.text.ends_with(RMSPROP);
    let [theirs, ours] = [script.last(place), port.last(place)];
    let others = |it: &Formula| {
        let at = it.numbers.len() - place;
        [&it.numbers[..at], &it.numbers[at + 1..]].concat()
    };
    if !is_known || script.text != port.text || others(script) != others(port) || theirs == ours {
        return false;
    }
    let steps_by = |of: Operation<'_>, rate: f64| {
        let scales = of.is(&["mul", "addcdiv"]) && !of.is_in_backward();
        scales && ["value", "other"].iter().any(|it| of.number(it) == Some(rate))
    };
    let is_later = it.script.operations().any(|it| steps_by(it, ours));
    let epoch = it.ours.before().find(|it| it.name() == "randperm").map_or(0, |it| it.at);
    let mut since = it.port.from(epoch).take_while(|other| other.at < it.ours.at);
    is_later && since.any(|it| steps_by(it, theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formulas_have_what_is_said_of_them() {
        assert_eq!(ADAM.matches('#').count(), 6);
        assert_eq!(RMSPROP.matches('#').count(), 4);
    }
}
