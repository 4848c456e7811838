//! A character-level decoder, as small as one gets, of sentences that the script
//! makes: gpt.py in Rust.

use std::collections::BTreeSet;
use std::f64::consts::PI;

use tch::kind::INT64_CPU;
use tch::{Device, Kind, Tensor};
use torch_parity::Result;
use torch_parity::lr_scheduler::{LambdaLr, LrScheduler};
use torch_parity::nn::{
    Children, Dropout, Embedding, GELU, Layer, LayerNorm, Linear, Module, Sequential,
    cross_entropy, init,
};
use torch_parity::optim::{AdamW, AdamWSettings, Optimizer, clip_grad_norm_};
use torch_parity::trace::Recorder;
use torch_parity::{children, sequential};

const T: i64 = 32;
const C: i64 = 32;
const HEADS: i64 = 4;
const LAYERS: i64 = 2;
const BATCH: i64 = 8;
const STEPS: i64 = 40;

struct Block {
    ln1: LayerNorm,
    qkv: Linear,
    proj: Linear,
    dropout: Dropout,
    ln2: LayerNorm,
    mlp: Sequential,
}

impl Block {
    fn new() -> Self {
        Self {
            ln1: LayerNorm::new(&[C]),
            qkv: Linear::new(C, 3 * C),
            proj: Linear::new(C, C),
            dropout: Dropout::new(0.1),
            ln2: LayerNorm::new(&[C]),
            mlp: sequential![Linear::new(C, 4 * C), GELU::None, Linear::new(4 * C, C)],
        }
    }

    fn attend(&self, x: &Tensor) -> Tensor {
        let qkv = self.qkv.forward(x).view([BATCH, T, 3, HEADS, C / HEADS]);
        let qkv = qkv.permute([2, 0, 3, 1, 4]).unbind(0);
        let [q, k, v] = [&qkv[0], &qkv[1], &qkv[2]]; // (B, H, T, C/H) each
        let att = q.matmul(&k.transpose(-2, -1)) / ((C / HEADS) as f64).sqrt(); // (B, H, T, T)
        let future = Tensor::ones([T, T], (Kind::Bool, Device::Cpu)).triu(1);
        let att = att.masked_fill(&future, f64::NEG_INFINITY).softmax(-1, None);
        let x = self.dropout.forward(&att).matmul(v); // (B, H, T, C/H)
        self.proj.forward(&x.transpose(1, 2).reshape([BATCH, T, C]))
    }
}

impl Layer for Block {
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = x + self.attend(&self.ln1.forward(x));
        &x + self.dropout.forward(&self.mlp.forward(&self.ln2.forward(&x)))
    }
}

impl Module for Block {
    fn children(&self) -> Children<'_> {
        children!(self.ln1, self.qkv, self.proj, self.dropout, self.ln2, self.mlp)
    }
}

struct Gpt {
    wte: Embedding,
    wpe: Embedding,
    dropout: Dropout,
    blocks: Vec<Block>,
    ln_f: LayerNorm,
    head: Linear,
}

impl Gpt {
    fn new(vocab: i64) -> Self {
        let mut new = Self {
            wte: Embedding::new(vocab, C),
            wpe: Embedding::new(T, C),
            dropout: Dropout::new(0.1),
            blocks: (0..LAYERS).map(|_| Block::new()).collect(),
            ln_f: LayerNorm::new(&[C]),
            head: Linear::without_bias(C, vocab),
        };
        init::normal_(&mut new.wte.weight, 0.0, 0.02);
        init::normal_(&mut new.wpe.weight, 0.0, 0.02);
        new.head.weight = new.wte.weight.shallow_clone();
        new
    }

    fn forward(&self, tokens: &Tensor) -> Tensor {
        let places = Tensor::arange(T, INT64_CPU);
        let x = self.wte.forward(tokens) + self.wpe.forward(&places); // (B, T, C)
        let x = self.blocks.forward(&self.dropout.forward(&x));
        self.head.forward(&self.ln_f.forward(&x)).transpose(1, 2) // (B, V, T)
    }
}

impl Module for Gpt {
    fn children(&self) -> Children<'_> {
        children!(self.wte, self.wpe, self.dropout, self.blocks, self.ln_f, self.head)
    }
}

fn batch(data: &Tensor) -> [Tensor; 2] {
    let start = Tensor::randint(data.size()[0] - T, [BATCH, 1], INT64_CPU);
    let places = start + Tensor::arange(T, INT64_CPU); // (B, T)
    [data.take(&places), data.take(&(places + 1))]
}

fn warmup_cosine(step: i64) -> f64 {
    if step < 8 {
        return (step + 1) as f64 / 8.0;
    }
    0.5 * (1.0 + (PI * (step - 8) as f64 / (STEPS - 8) as f64).cos())
}

fn main() -> Result<()> {
    tch::set_num_threads(1);
    tch::manual_seed(0);
    let recorder = Recorder::from_env("gpt.py in Rust")?;
    let words = ["cat", "dog", "fox", "hen", "owl"];
    let pairs = words.iter().flat_map(|a| words.map(|b| (*a, b))).filter(|(a, b)| a != b);
    let text = pairs.map(|(a, b)| format!("the {a} sees the {b}.")).collect::<Vec<_>>().join(" ");
    let chars: Vec<_> = text.chars().collect::<BTreeSet<_>>().into_iter().collect();
    let index = |c| chars.binary_search(&c).expect("every character is there") as i64;
    let data = Tensor::from_slice(&text.chars().map(index).collect::<Vec<_>>());

    let model = Gpt::new(chars.len() as i64);
    let parameters = model.named_parameters().into_iter();
    let (decay, others): (Vec<_>, Vec<_>) = parameters.partition(|(_, p)| p.dim() >= 2);
    let decays =
        AdamWSettings { lr: 1e-2, betas: (0.9, 0.95), weight_decay: 0.1, ..Default::default() };
    let groups = vec![(decay, decays), (others, AdamWSettings { weight_decay: 0.0, ..decays })];
    let mut optimizer = AdamW::with_groups(groups);
    let mut scheduler = LambdaLr::new(&mut optimizer, warmup_cosine);
    let mut series = recorder.series("GPT-1", model.named_parameters())?;

    for step in 0..STEPS {
        optimizer.zero_grad();
        let mut last = 0.0;
        for _ in 0..2 {
            let [tokens, following] = batch(&data);
            let logits = model.forward(&tokens);
            let loss = cross_entropy(&logits, &following) / 2.0;
            optimizer.backward(&loss);
            series.data(&[("tokens", &tokens), ("target", &following)])?;
            series.pass(&[("logits", &logits)], &loss)?;
            last = 2.0 * loss.double_value(&[]);
        }
        let norm = clip_grad_norm_(optimizer.parameters_mut(), &model.named_parameters(), 0.5, 2.0);
        optimizer.step();
        scheduler.step(&mut optimizer);
        series.update(&optimizer)?;
        if step % 10 == 9 {
            println!("step {}: loss {last:.4}, norm {:.4}", step + 1, norm.double_value(&[]));
        }
    }
    recorder.finish()
}
