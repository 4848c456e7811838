//! Mistakes in Adam's own arithmetic: what it divides by, its weight decay, its
//! bias correction.

use tch::Tensor;
use torch_parity::optim::{Adam, AdamSettings, AdamW, EPS};

use super::adam_rule::Rule;
use super::optimizer::RIGHT_ADAM;
use super::{Code, Parts, Pitfall, Shows};

const RIGHT_DENOM: Code = Code {
    rust: "let denom = exp_avg_sq.sqrt() / bias_correction2.sqrt() + 1e-8;",
    pytorch: "denom = (exp_avg_sq.sqrt() / bias_correction2**0.5).add_(1e-8)",
};

const RIGHT_CORRECTION: Code = Code {
    rust: "let mut step = 0.0;\n\
           step += 1.0; // before it is used\n\
           let bias_correction1 = 1.0 - beta1.powf(step);",
    pytorch: "step = 0\n\
              step += 1  # before it is used\n\
              bias_correction1 = 1 - beta1**step",
};

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "amsgrad",
        mistake: "AMSGrad",
        origin: "amsgrad=True, from another recipe",
        wrong: Code {
            rust: "let settings = AdamSettings { lr, amsgrad: true, ..Default::default() };\n\
                   let mut optimizer = Adam::with(model.named_parameters(), settings);",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr, amsgrad=True)",
        },
        right: RIGHT_ADAM,
        found: "There is a moment too many from the first step on, max_exp_avg_sq. The \
                parameters are right until some exp_avg_sq shrinks for the first time: a \
                gradient got smaller.",
        shows: Shows::Always,
        parts: &Parts {
            optimizer: |params, lr| {
                let settings = AdamSettings { lr, amsgrad: true, ..Default::default() };
                Box::new(Adam::with(params, settings))
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "adamw-decay",
        mistake: "AdamW's default weight decay of 0.01",
        origin: "AdamW taken for Adam, from recipes for transformers",
        wrong: Code {
            rust: "let mut optimizer = AdamW::new(model.named_parameters(), lr);",
            pytorch: "optimizer = torch.optim.AdamW(model.parameters(), lr=lr)",
        },
        right: RIGHT_ADAM,
        found: "Moments right, parameters a hundred-thousandth too small after the first \
                step.",
        shows: Shows::ROUNDED,
        parts: &Parts { optimizer: |params, lr| Box::new(AdamW::new(params, lr)), ..Parts::RIGHT },
    },
    Pitfall {
        name: "betas-0.99",
        mistake: "β₂ of 0.99 instead of 0.999",
        origin: "recipes for GANs and transformers, which set betas=(0.9, 0.99)",
        wrong: Code {
            rust: "exp_avg_sq.g_mul_scalar_(0.99).addcmul_(&(grad * 0.01), grad);",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.99))",
        },
        right: Code {
            rust: "exp_avg_sq.g_mul_scalar_(0.999).addcmul_(&(grad * (1.0 - 0.999)), grad);",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr)",
        },
        found: "exp_avg_sq is ten times as large after the first step; the bias correction \
                takes that out again, so the parameters part by rounding at first.",
        shows: Shows::ROUNDED,
        parts: &Parts {
            optimizer: |params, lr| {
                let settings = AdamSettings { lr, betas: (0.9, 0.99), ..Default::default() };
                Box::new(Adam::with(params, settings))
            },
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
        parts: &Parts {
            optimizer: |params, lr| {
                Box::new(Adam::with(params, AdamSettings { lr, eps: 1e-7, ..Default::default() }))
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
        parts: &Parts {
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
        parts: &Parts {
            optimizer: |params, lr| {
                let denominator =
                    |v: &Tensor, correction: f64| (v.sqrt() + EPS) / correction.powf(0.5);
                Rule { denominator, ..Rule::RIGHT }.adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "as-in-the-paper",
        mistake: "the corrections applied to the moments",
        origin: "algorithm 1 of the Adam paper, line by line",
        wrong: Code {
            rust: "let (m, v) = (exp_avg / bias_correction1, exp_avg_sq / bias_correction2);\n\
                   param -= m * lr / (v.sqrt() + 1e-8);",
            pytorch: "m, v = exp_avg / bias_correction1, exp_avg_sq / bias_correction2\n\
                      param -= lr * m / (v.sqrt() + 1e-8)",
        },
        right: Code {
            rust: "let denom = exp_avg_sq.sqrt() / bias_correction2.sqrt() + 1e-8;\n\
                   param.addcdiv_(&(exp_avg * -(lr / bias_correction1)), &denom);",
            pytorch: "denom = (exp_avg_sq.sqrt() / bias_correction2**0.5).add_(1e-8)\n\
                      param.addcdiv_(exp_avg, denom, value=-(lr / bias_correction1))",
        },
        found: "Equal on paper; scalars are combined in float64 in one and tensors in \
                float32 in the other, so parameters differ in their last bits.",
        shows: Shows::ROUNDED,
        parts: &Parts {
            optimizer: |params, lr| {
                Rule {
                    numerator: |m, lr, correction| m / correction * -lr,
                    denominator: |v, correction| (v / correction).sqrt() + EPS,
                    ..Rule::RIGHT
                }
                .adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "no-bias-correction",
        mistake: "no bias correction",
        origin: "BERT's Adam, and many short listings",
        wrong: Code {
            rust: "let (bias_correction1, bias_correction2) = (1.0, 1.0);",
            pytorch: "bias_correction1, bias_correction2 = 1, 1",
        },
        right: RIGHT_CORRECTION,
        found: "Moments right; the first step is 0.1 / √0.001, about three times as large \
                as it should be.",
        shows: Shows::TRAINED,
        parts: &Parts {
            optimizer: |params, lr| Rule { correction: |_, _| 1.0, ..Rule::RIGHT }.adam(params, lr),
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "step-from-0",
        mistake: "the step count starts at 0",
        origin: "enumerate(), or the increment at the end of step()",
        wrong: Code {
            rust: "let bias_correction1 = 1.0 - beta1.powf(step); // step is 0 at first\nstep += 1.0;",
            pytorch: "bias_correction1 = 1 - beta1**step  # step is 0 at first\nstep += 1",
        },
        right: RIGHT_CORRECTION,
        found: "1 - β⁰ is 0: the first update divides infinity by infinity, and every \
                parameter is nan from then on.",
        shows: Shows::Always,
        parts: &Parts {
            optimizer: |params, lr| Rule { first_step: 0.0, ..Rule::RIGHT }.adam(params, lr),
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "powi",
        mistake: "powi instead of powf for β to the power of the step",
        origin: "the natural choice, since the step is a whole number",
        wrong: Code {
            rust: "let bias_correction1 = 1.0 - beta1.powi(step);",
            pytorch: "bias_correction1 = 1 - math.prod([beta1] * step)",
        },
        right: Code {
            rust: "let bias_correction1 = 1.0 - beta1.powf(step as f64);",
            pytorch: "bias_correction1 = 1 - beta1**step  # C's pow",
        },
        found: "powi multiplies and rounds again and again, but only the last bits of a \
                float64 change, which becomes a float32 right after. Among the learning \
                rates up to 0.03 in steps of 1e-8, one lets it show in 50 epochs.",
        shows: Shows::Rarely { example: "--lr 0.01909961" },
        parts: &Parts {
            optimizer: |params, lr| {
                let correction = |beta: f64, step| 1.0 - beta.powi(step as i32);
                Rule { correction, ..Rule::RIGHT }.adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
];
