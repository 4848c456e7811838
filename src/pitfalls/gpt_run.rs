//! A decoder of characters with parts to replace; left alone, it is
//! `python_ref/gpt.py`, bit for bit.

use std::collections::BTreeSet;

use anyhow::Result;
use tch::kind::INT64_CPU;
use tch::{Device, Kind, Tensor};
use torch_parity::children;
use torch_parity::nn::{
    Children, Embedding, Layer, LayerNorm, Linear, Module, cross_entropy, init,
};
use torch_parity::optim::{AdamW, AdamWSettings, Optimizer, Steps, clip_grad_norm_};
use torch_parity::trace::{Observer, Step};

use super::Port;
use super::run::Named;
use crate::lesson::train::Train;

const NAME: &str = "gpt";
const T: i64 = 12;
/// The width of the network.
pub const C: i64 = 16;
/// Each as wide as `C / HEADS`.
pub const HEADS: i64 = 2;
const BATCH: i64 = 4;
const STEPS: usize = 12;
const TEXT: &str = "the cat sees the dog. the dog sees the fox. the fox sees the cat.";

/// What clips the gradients of these parameters, which the optimizer holds.
type Clip = fn(&mut dyn Optimizer, &[(String, Tensor)]);

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Gpt {
    /// The layer norm of this shape.
    pub layer_norm: fn(&[i64]) -> LayerNorm,
    /// What is divided by, of q·k, (B, H, T, T).
    pub scaled: fn(Tensor) -> Tensor,
    /// The head's weight, of the embedding's, (V, C).
    pub tied: fn(&Tensor) -> Tensor,
    /// Of the parameters.
    pub optimizer: fn(Named) -> Box<dyn Steps>,
    /// Before the optimizer's step.
    pub before_step: Clip,
    /// After it.
    pub after_step: Clip,
}

impl Gpt {
    /// What `python_ref/gpt.py` is made of.
    pub const RIGHT: Self = Self {
        layer_norm: LayerNorm::new,
        scaled: |att| att / ((C / HEADS) as f64).sqrt(),
        tied: Tensor::shallow_clone,
        optimizer: |params| {
            let decay = AdamWSettings { lr: 1e-2, weight_decay: 0.1, ..Default::default() };
            Box::new(AdamW::with(params, decay))
        },
        before_step: |optimizer, params| {
            clip_grad_norm_(optimizer.parameters_mut(), params, 0.1, 2.0);
        },
        after_step: |_, _| {},
    };

    fn network(&self, vocab: i64) -> Net {
        let mut new = Net {
            wte: Embedding::new(vocab, C),
            wpe: Embedding::new(T, C),
            ln: (self.layer_norm)(&[C]),
            qkv: Linear::new(C, 3 * C),
            proj: Linear::new(C, C),
            head: Linear::without_bias(C, vocab),
            scaled: self.scaled,
        };
        init::normal_(&mut new.wte.weight, 0.0, 0.02);
        init::normal_(&mut new.wpe.weight, 0.0, 0.02);
        new.head.weight = (self.tied)(&new.wte.weight);
        new
    }
}

struct Net {
    wte: Embedding,
    wpe: Embedding,
    ln: LayerNorm,
    qkv: Linear,
    proj: Linear,
    head: Linear,
    scaled: fn(Tensor) -> Tensor,
}

impl Net {
    fn attend(&self, x: &Tensor) -> Tensor {
        let qkv = self.qkv.forward(x).view([BATCH, T, 3, HEADS, C / HEADS]);
        let qkv = qkv.permute([2, 0, 3, 1, 4]).unbind(0);
        let [q, k, v] = [&qkv[0], &qkv[1], &qkv[2]]; // (B, H, T, C/H) each
        let att = (self.scaled)(q.matmul(&k.transpose(-2, -1)));
        let future = Tensor::ones([T, T], (Kind::Bool, Device::Cpu)).triu(1);
        let att = att.masked_fill(&future, f64::NEG_INFINITY).softmax(-1, None); // (B, H, T, T)
        self.proj.forward(&att.matmul(v).transpose(1, 2).reshape([BATCH, T, C]))
    }

    pub fn forward(&self, tokens: &Tensor) -> Tensor {
        let places = Tensor::arange(T, INT64_CPU);
        let x = self.wte.forward(tokens) + self.wpe.forward(&places); // (B, T, C)
        let x = &x + self.attend(&self.ln.forward(&x));
        self.head.forward(&x).transpose(1, 2) // (B, V, T)
    }
}

impl Module for Net {
    fn children(&self) -> Children<'_> {
        children!(self.wte, self.wpe, self.ln, self.qkv, self.proj, self.head)
    }
}

fn batch(data: &Tensor) -> [Tensor; 2] {
    let start = Tensor::randint(data.size()[0] - T, [BATCH, 1], INT64_CPU);
    let places = start + Tensor::arange(T, INT64_CPU); // (B, T)
    [data.take(&places), data.take(&(places + 1))]
}

impl Port for Gpt {
    fn name(&self) -> &'static str {
        NAME
    }

    fn steps(&self, _: &Train) -> usize {
        STEPS
    }

    fn train(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()> {
        tch::set_num_threads(settings.run.threads.count);
        tch::manual_seed(settings.seed);
        let chars: Vec<_> = TEXT.chars().collect::<BTreeSet<_>>().into_iter().collect();
        let index = |c| chars.binary_search(&c).expect("every character is there") as i64;
        let data = Tensor::from_slice(&TEXT.chars().map(index).collect::<Vec<_>>());
        let model = self.network(chars.len() as i64);
        observer.init(NAME, &model)?;
        let params = model.named_parameters();
        let mut optimizer = (self.optimizer)(model.named_parameters());
        for step in 1..=STEPS {
            let [tokens, following] = batch(&data);
            observer.tensors(NAME, step, "data", &[("tokens", &tokens), ("target", &following)])?;
            let logits = model.forward(&tokens);
            let loss = cross_entropy(&logits, &following);
            optimizer.zero_grad();
            optimizer.backward(&loss);
            (self.before_step)(&mut *optimizer, &params);
            optimizer.step();
            let forward = &[("logits", &logits)];
            let at = Step { series: NAME, step, forward, loss: &loss, optimizer: &*optimizer };
            observer.step(&at)?;
            (self.after_step)(&mut *optimizer, &params);
        }
        Ok(())
    }

    fn train_right(&self, settings: &Train, observer: &mut dyn Observer) -> Result<()> {
        Self::RIGHT.train(settings, observer)
    }
}
