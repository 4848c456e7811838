//! Section 4: a decoder that makes pictures; what its last activation changes.
//! Twin of `python_ref/generator.py`.

mod contact_sheet;
mod output;
mod settings;

use anyhow::Result;
use serde::Serialize;
use tch::{Device, Kind, Tensor, no_grad};
use torch_parity::nn::{Layer, Linear, Module, mse_loss, named_parameters};
use torch_parity::optim::Adam;
use torch_parity::trace::Observer;

pub use self::settings::{Generator, Last};
use crate::export::as_python;
use crate::lesson::train::fit;

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Discs, squares and diamonds in turn, of random place, radius and grey, on
/// black: (N, size * size) in [-1, 1]. Edges are two pixels soft.
pub fn make_images(samples: i64, size: i64) -> Tensor {
    let axis = Tensor::linspace(-1, 1, size, FLOAT);
    let centre = Tensor::rand([2, samples, 1], FLOAT) - 0.5;
    let radius = Tensor::rand([samples, 1, 1], FLOAT) * 0.3 + 0.25;
    let grey = Tensor::rand([samples, 1, 1], FLOAT);

    let dx = (&axis - centre.get(0)).abs().unsqueeze(1); // (N, 1, size)
    let dy = (&axis - centre.get(1)).abs().unsqueeze(2); // (N, size, 1)
    let disc = (&dx * &dx + &dy * &dy).sqrt();
    let (square, diamond) = (dx.maximum(&dy), &dx + &dy);
    let sample = Tensor::arange(samples, (Kind::Int64, Device::Cpu));
    let kind = sample.remainder(3);
    let distance = Tensor::stack(&[disc, square, diamond], 0).index(&[Some(kind), Some(sample)]);

    let cover = ((radius - distance) * (size as f64 / 4.0) + 0.5).clamp(0, 1); // (N, size, size)
    (cover * (grey + 1) - 1).flatten(1, -1)
}

/// [-1, 1] as bytes: 0 is black, 255 white. What lies outside is clipped.
pub fn denormalise(x: &Tensor) -> Tensor {
    ((x + 1) / 2 * 255).round().clamp(0, 255).to_kind(Kind::Uint8)
}

/// One hidden layer from a code to the pixels.
#[derive(Debug)]
pub struct Decoder {
    fc1: Linear,
    fc2: Linear,
    last: Last,
}

impl Decoder {
    /// Draws the initial weights of `fc1`, then of `fc2`.
    pub fn new(features: i64, hidden: i64, pixels: i64, last: Last) -> Self {
        let fc1 = Linear::new(features, hidden);
        let fc2 = Linear::new(hidden, pixels);
        Self { fc1, fc2, last }
    }
}

impl Layer for Decoder {
    fn forward(&self, z: &Tensor) -> Tensor {
        let h = self.fc1.forward(z).relu(); // (N, H)
        let x = self.fc2.forward(&h); // (N, pixels)
        match self.last {
            Last::Tanh => x.tanh(),
            Last::Sigmoid => x.sigmoid(),
            Last::None => x,
        }
    }
}

impl Module for Decoder {
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        named_parameters(&[("fc1", &self.fc1), ("fc2", &self.fc2)])
    }
}

/// What became of one decoder; a row of the CSV.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Its last activation.
    pub last: Last,
    /// The mean squared error of the last epoch.
    #[serde(serialize_with = "as_python")]
    pub loss: f64,
    /// The lowest output.
    #[serde(serialize_with = "as_python")]
    pub lowest: f64,
    /// The highest output.
    #[serde(serialize_with = "as_python")]
    pub highest: f64,
    /// The share of pixels outside [-1, 1], which are clipped.
    #[serde(serialize_with = "as_python")]
    pub out_of_range: f64,
    /// The mean distance from the target's bytes, in grey levels.
    #[serde(serialize_with = "as_python")]
    pub bytes_off: f64,
}

impl Finding {
    /// How well `output` (N, pixels) fits the images `y`.
    fn new(last: Last, loss: f64, output: &Tensor, y: &Tensor) -> Self {
        let pixels = output.numel() as f64;
        let inside = output.abs().le(1).sum(None).int64_value(&[]); // nan is not
        let [ours, wanted] = [output, y].map(|x| denormalise(x).to_kind(Kind::Int));
        let off = (ours - wanted).abs().sum(None).int64_value(&[]);
        Self {
            last,
            loss,
            lowest: output.min().double_value(&[]),
            highest: output.max().double_value(&[]),
            out_of_range: (pixels - inside as f64) / pixels,
            bytes_off: off as f64 / pixels,
        }
    }
}

/// A decoder's way and its pictures.
#[derive(Debug)]
pub struct Trained {
    /// What came of it.
    pub finding: Finding,
    /// The loss of every epoch.
    pub losses: Vec<f64>,
    /// Its pictures, (N, pixels), before clipping.
    pub output: Tensor,
}

/// All of a run.
#[derive(Debug)]
pub struct Findings {
    /// Width and height of a picture, in pixels.
    pub size: i64,
    /// The pictures to make, (N, pixels) in [-1, 1].
    pub targets: Tensor,
    /// One for each last activation.
    pub decoders: Vec<Trained>,
}

/// Trains a decoder with each last activation, from the same weights.
pub fn generator(args: &Generator, observer: &mut dyn Observer) -> Result<Findings> {
    tch::set_num_threads(args.threads.count);
    tch::manual_seed(args.seed);
    let z = Tensor::randn([args.samples, args.features], FLOAT); // (N, D), fixed codes
    let y = make_images(args.samples, args.size); // (N, pixels)
    observer.data(&[("z", &z), ("y", &y), ("bytes", &denormalise(&y))])?;
    let mut decoders = Vec::new();
    for &last in &args.last {
        tch::manual_seed(args.seed);
        let model = Decoder::new(args.features, args.hidden, args.size * args.size, last);
        let optimizer = &mut Adam::new(model.named_parameters(), args.lr);
        let name = last.name();
        observer.init(&name, &model)?;
        let losses = fit(&name, &model, mse_loss, optimizer, (&z, &y), args.epochs, observer)?;
        let output = no_grad(|| model.forward(&z));
        let measured = [("output", &output), ("bytes", &denormalise(&output))];
        observer.measure(&name, args.epochs, &measured)?;
        let finding = Finding::new(last, losses[losses.len() - 1], &output, &y);
        decoders.push(Trained { finding, losses, output });
    }
    Ok(Findings { size: args.size, targets: y, decoders })
}
