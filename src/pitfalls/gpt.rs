//! Mistakes with attention, layer norm, tied weights, `AdamW` and clipping, made in
//! a small decoder.
//!
//! The right lines in Python stand in `python_ref/gpt.py`; a test puts the wrong
//! ones in their place.

use torch_parity::nn::{LayerNorm, NormOptions};
use torch_parity::optim::{Adam, AdamSettings};

use super::gpt_run::{C, Gpt};
use super::{Code, Pitfall, Shows};

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "tied-copy",
        mistake: "tied weights that are copies",
        origin: "copy() where the tensor itself was meant",
        wrong: Code {
            rust: "head.weight = wte.weight.detach().copy().set_requires_grad(true);",
            pytorch: "self.head.weight = nn.Parameter(self.wte.weight.detach().clone())",
        },
        right: Code {
            rust: "head.weight = wte.weight.shallow_clone();",
            pytorch: "self.head.weight = self.wte.weight",
        },
        found: "The record has a parameter too many before the first step. The first logits \
                are right; then the gradient of the embedding lacks the head's share.",
        shows: Shows::Always,
        parts: &Gpt { tied: |weight| weight.detach().copy().set_requires_grad(true), ..Gpt::RIGHT },
    },
    Pitfall {
        name: "layer-norm-eps",
        mistake: "layer norm's eps of 1e-6 instead of 1e-5",
        origin: "Flax's default; BERT's is 1e-12",
        wrong: Code {
            rust: "let options = NormOptions { eps: 1e-6, ..Default::default() };\n\
                   let ln = LayerNorm::with(&[C], options);",
            pytorch: "self.ln = nn.LayerNorm(C, eps=1e-6)",
        },
        right: Code {
            rust: "let ln = LayerNorm::new(&[C]);",
            pytorch: "self.ln = nn.LayerNorm(C)",
        },
        found: "The first logits differ, and the more the smaller the values are that are \
                normalized: small embeddings are.",
        shows: Shows::Always,
        parts: &Gpt {
            layer_norm: |shape| {
                LayerNorm::with(shape, NormOptions { eps: 1e-6, ..Default::default() })
            },
            ..Gpt::RIGHT
        },
    },
    Pitfall {
        name: "attention-scale",
        mistake: "attention scaled by the whole width, not a head's",
        origin: "the formula's d_k taken for the model's width",
        wrong: Code {
            rust: "let att = q.matmul(&k.transpose(-2, -1)) / (C as f64).sqrt();",
            pytorch: "att = q @ k.transpose(-2, -1) / math.sqrt(C)",
        },
        right: Code {
            rust: "let att = q.matmul(&k.transpose(-2, -1)) / ((C / HEADS) as f64).sqrt();",
            pytorch: "att = q @ k.transpose(-2, -1) / math.sqrt(C // HEADS)",
        },
        found: "Every shape is right, and attention is nearly even at the start: the first \
                logits differ by little, and the loss goes down all the same.",
        shows: Shows::Always,
        parts: &Gpt { scaled: |att| att / (C as f64).sqrt(), ..Gpt::RIGHT },
    },
    Pitfall {
        name: "adam-decay",
        mistake: "Adam's weight decay taken for AdamW's",
        origin: "one setting of one name, weight_decay, in both",
        wrong: Code {
            rust: "let decay =\n\
                   \u{20}   AdamSettings { lr: 1e-2, weight_decay: 0.1, ..Default::default() };\n\
                   let mut optimizer = Adam::with(model.named_parameters(), decay);",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=0.1)",
        },
        right: Code {
            rust: "let decay =\n\
                   \u{20}   AdamWSettings { lr: 1e-2, weight_decay: 0.1, ..Default::default() };\n\
                   let mut optimizer = AdamW::with(model.named_parameters(), decay);",
            pytorch: "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.1)",
        },
        found: "Adam adds the decay to the gradient, so it shows in the first moments, and \
                is divided by their size. The recorded gradient, as backward() left it, is \
                right.",
        shows: Shows::Always,
        parts: &Gpt {
            optimizer: |params| {
                let decay = AdamSettings { lr: 1e-2, weight_decay: 0.1, ..Default::default() };
                Box::new(Adam::with(params, decay))
            },
            ..Gpt::RIGHT
        },
    },
    Pitfall {
        name: "clip-after-step",
        mistake: "gradients clipped after the step",
        origin: "two lines swapped",
        wrong: Code {
            rust: "optimizer.step();\n\
                   clip_grad_norm_(optimizer.parameters_mut(), &params, 0.1, 2.0);",
            pytorch: "optimizer.step()\n\
                      nn.utils.clip_grad_norm_(model.parameters(), 0.1)",
        },
        right: Code {
            rust: "clip_grad_norm_(optimizer.parameters_mut(), &params, 0.1, 2.0);\n\
                   optimizer.step();",
            pytorch: "nn.utils.clip_grad_norm_(model.parameters(), 0.1)\n\
                      optimizer.step()",
        },
        found: "What is clipped then is zeroed before the next step: nothing is clipped at \
                all. The gradients that the first step takes are too large; Adam divides \
                most of that out again.",
        shows: Shows::Always,
        parts: &Gpt { before_step: |_, _| {}, after_step: Gpt::RIGHT.before_step, ..Gpt::RIGHT },
    },
];
