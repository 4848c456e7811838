//! Mistakes in what Adam divides by, and in its weight decay.

use tch::Tensor;

use super::adam::{EPS, Rule};
use super::{Code, Parts, Pitfall, Shows};

const RIGHT_DENOM: Code = Code {
    rust: "let denom = exp_avg_sq.sqrt() / bias_correction2.sqrt() + 1e-8;",
    pytorch: "denom = (exp_avg_sq.sqrt() / bias_correction2**0.5).add_(1e-8)",
};

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "amsgrad",
        mistake: "AMSGrad",
        origin: "amsgrad=True, from another recipe",
        wrong: Code {
            rust: "max_exp_avg_sq = max_exp_avg_sq.maximum(&exp_avg_sq);\n\
                   let denom = max_exp_avg_sq.sqrt() / bias_correction2.sqrt() + 1e-8;",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr, amsgrad=True)",
        },
        right: RIGHT_DENOM,
        found: "No difference until some exp_avg_sq shrinks for the first time: a \
                gradient got smaller. The moments are right, that parameter is not.",
        shows: Shows::Where {
            needs: "settings near the lesson's",
            holds: |s| Shows::ROUNDED.must(s) && s.epochs >= 40 && s.hidden * s.features >= 500,
        },
        parts: Parts {
            optimizer: |params, lr| {
                Rule { v: |max, v| max.maximum(v), ..Rule::RIGHT }.adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "adamw-decay",
        mistake: "AdamW's default weight decay of 0.01",
        origin: "AdamW taken for Adam, from recipes for transformers",
        wrong: Code {
            rust: "param *= 1.0 - lr * 0.01; // then as Adam",
            pytorch: "optimizer = torch.optim.AdamW(model.parameters(), lr=lr)",
        },
        right: Code {
            rust: "let mut optimizer = pytorch::optim::Adam::new(parameters(&model), lr);",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr)",
        },
        found: "Moments right, parameters a hundred-thousandth too small after the first \
                step.",
        shows: Shows::ROUNDED,
        parts: Parts {
            optimizer: |params, lr| Rule { weight_decay: 0.01, ..Rule::RIGHT }.adam(params, lr),
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "eps-1e-7",
        mistake: "eps of 1e-7 instead of 1e-8",
        origin: "Keras' default",
        wrong: Code {
            rust: "let denom = exp_avg_sq.sqrt() / bias_correction2.sqrt() + 1e-7;",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr, eps=1e-7)",
        },
        right: RIGHT_DENOM,
        found: "Moments right; a parameter differs after the first step, most where its \
                gradient is small.",
        shows: Shows::ROUNDED,
        parts: Parts {
            optimizer: |params, lr| {
                let denominator =
                    |v: &Tensor, correction: f64| v.sqrt() / correction.powf(0.5) + 1e-7;
                Rule { denominator, ..Rule::RIGHT }.adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "eps-inside-sqrt",
        mistake: "eps inside the square root",
        origin: "TensorFlow's RMSprop, which has it there",
        wrong: Code {
            rust: "let denom = (exp_avg_sq / bias_correction2 + 1e-8).sqrt();",
            pytorch: "denom = (exp_avg_sq / bias_correction2 + 1e-8).sqrt()",
        },
        right: RIGHT_DENOM,
        found: "√1e-8 is 1e-4, ten thousand times eps: steps shrink visibly where the \
                gradient is small.",
        shows: Shows::ROUNDED,
        parts: Parts {
            optimizer: |params, lr| {
                let denominator = |v: &Tensor, correction: f64| (v / correction + EPS).sqrt();
                Rule { denominator, ..Rule::RIGHT }.adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "eps-before-correction",
        mistake: "eps added before the bias correction",
        origin: "TensorFlow's Adam, after a remark in the Adam paper",
        wrong: Code {
            rust: "let denom = (exp_avg_sq.sqrt() + 1e-8) / bias_correction2.sqrt();",
            pytorch: "denom = (exp_avg_sq.sqrt() + 1e-8) / bias_correction2**0.5",
        },
        right: RIGHT_DENOM,
        found: "In the first step eps counts 32 times, 1 / √(1 - 0.999), and less and \
                less later on; the moments are right.",
        shows: Shows::ROUNDED,
        parts: Parts {
            optimizer: |params, lr| {
                let denominator =
                    |v: &Tensor, correction: f64| (v.sqrt() + EPS) / correction.powf(0.5);
                Rule { denominator, ..Rule::RIGHT }.adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
];
