//! An encoder and a decoder that learn to say a row of digits backwards: reverse.py
//! in Rust.

use tch::Tensor;
use tch::kind::INT64_CPU;
use torch_parity::Result;
use torch_parity::children;
use torch_parity::lr_scheduler::{LrScheduler, OneCycleLr};
use torch_parity::nn::{
    Bilinear, Children, Embedding, GRU, Layer, Module, RecurrentOptions, cross_entropy,
};
use torch_parity::optim::{Adam, Optimizer};
use torch_parity::trace::Recorder;

const DIGITS: i64 = 10;
const START: i64 = 10;
const LENGTH: i64 = 6;
const HIDDEN: i64 = 32;
const BATCH: i64 = 16;
const STEPS: i64 = 60;

struct Reverser {
    embedding: Embedding,
    encoder: GRU,
    decoder: GRU,
    similar: Bilinear,
}

impl Reverser {
    fn new() -> Self {
        let batch_first = RecurrentOptions { batch_first: true, ..Default::default() };
        Self {
            embedding: Embedding::new(DIGITS + 1, HIDDEN),
            encoder: GRU::with(HIDDEN, HIDDEN, batch_first),
            decoder: GRU::with(HIDDEN, HIDDEN, batch_first),
            similar: Bilinear::new(HIDDEN, HIDDEN, DIGITS),
        }
    }

    fn forward(&self, src: &Tensor, tgt: &Tensor) -> Tensor {
        let (src, tgt) = (self.embedding.forward(src), self.embedding.forward(tgt));
        let (memory, state) = self.encoder.forward(&src, None); // (B, T, H), (1, B, H)
        let (x, _) = self.decoder.forward(&tgt, Some(&state)); // (B, T, H)
        self.similar.forward(&x, &memory.flip([1])).transpose(1, 2) // (B, DIGITS, T)
    }
}

impl Module for Reverser {
    fn children(&self) -> Children<'_> {
        children!(self.embedding, self.encoder, self.decoder, self.similar)
    }
}

fn batch() -> [Tensor; 3] {
    let src = Tensor::randint(DIGITS, [BATCH, LENGTH], INT64_CPU);
    let reverse = src.flip([1]);
    let start = Tensor::full([BATCH, 1], START, INT64_CPU);
    let tgt = Tensor::cat(&[start, reverse.narrow(1, 0, LENGTH - 1)], 1);
    [src, tgt, reverse]
}

fn main() -> Result<()> {
    tch::set_num_threads(1);
    tch::manual_seed(0);
    let recorder = Recorder::from_env("reverse.py in Rust")?;
    let model = Reverser::new();
    let mut optimizer = Adam::new(model.named_parameters(), 5e-3);
    let mut scheduler = OneCycleLr::new(&mut optimizer, 1e-2, STEPS)?;
    let mut series = recorder.series("Reverser-1", model.named_parameters())?;

    for step in 0..STEPS {
        let [src, tgt, following] = batch();
        let logits = model.forward(&src, &tgt);
        let loss = cross_entropy(&logits, &following);
        optimizer.zero_grad();
        optimizer.backward(&loss);
        optimizer.step();
        scheduler.step(&mut optimizer);
        series.data(&[("src", &src), ("tgt", &tgt), ("target", &following)])?;
        series.step(&[("logits", &logits)], &loss, &optimizer)?;
        if step % 20 == 19 {
            let right = logits.argmax(1, false).eq_tensor(&following).to_kind(tch::Kind::Float);
            let right = right.mean(None).double_value(&[]);
            println!("step {}: loss {:.4}, right {right:.2}", step + 1, loss.double_value(&[]));
        }
    }
    recorder.finish()
}
