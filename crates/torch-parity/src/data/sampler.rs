//! `torch.utils.data.Sampler`: in which order samples are taken.

use std::iter;

use tch::Tensor;

use super::Generator;
use super::generator::{indices, random_seed, randperm};

/// The places of samples, in the order in which they are taken.
pub type Order<'a> = Box<dyn Iterator<Item = usize> + 'a>;

/// `torch.utils.data.Sampler`. What is random is drawn when the first place is
/// asked for, as in Python.
pub trait Sampler {
    /// One pass.
    fn order(&self) -> Order<'_>;

    /// How many places a pass has.
    fn num_samples(&self) -> usize;
}

/// `torch.utils.data.SequentialSampler` of so many samples: as they come.
#[derive(Clone, Copy, Debug)]
pub struct SequentialSampler(pub usize);

impl Sampler for SequentialSampler {
    fn order(&self) -> Order<'_> {
        Box::new(0..self.0)
    }

    fn num_samples(&self) -> usize {
        self.0
    }
}

/// `torch.utils.data.RandomSampler`.
#[derive(Clone, Debug)]
pub struct RandomSampler {
    /// How many samples there are.
    pub n: usize,
    /// Whether a sample may come again; false by default.
    pub replacement: bool,
    /// As many as there are samples by default.
    pub num_samples: usize,
    /// Where None, as by default, each pass has one of its own, whose seed is
    /// drawn from the default generator.
    pub generator: Option<Generator>,
}

impl RandomSampler {
    /// Of `n` samples, with PyTorch's default settings.
    pub fn new(n: usize) -> Self {
        Self { n, replacement: false, num_samples: n, generator: None }
    }

    fn draw(&self, generator: Generator) -> Order<'_> {
        let (n, all) = (self.n, self.num_samples);
        if self.replacement {
            // torch.randint 32 at a time, of which all are drawn at once.
            let chunk = move |start: usize| {
                let numbers = start..all.min(start + 32);
                numbers.map(|_| generator.randint(n as u64) as usize).collect::<Vec<_>>()
            };
            return Box::new((0..all).step_by(32).flat_map(chunk));
        }
        // The last one is drawn even where nothing of it is taken.
        let permuted = move |pass: usize| {
            let mut order = generator.randperm(n);
            if pass == all / n {
                order.truncate(all % n);
            }
            order
        };
        Box::new((0..=all / n).flat_map(permuted))
    }
}

impl Sampler for RandomSampler {
    fn order(&self) -> Order<'_> {
        assert!(self.n > 0 && self.num_samples > 0, "there is no sample to draw");
        let draw = || {
            let own = || Generator::manual_seed(random_seed(None));
            self.draw(self.generator.clone().unwrap_or_else(own))
        };
        Box::new(iter::once_with(draw).flatten())
    }

    fn num_samples(&self) -> usize {
        self.num_samples
    }
}

/// `torch.utils.data.SubsetRandomSampler`: these places in a random order.
#[derive(Clone, Debug)]
pub struct SubsetRandomSampler {
    /// The places.
    pub indices: Vec<usize>,
    /// The default one where None, as by default.
    pub generator: Option<Generator>,
}

impl SubsetRandomSampler {
    /// With the default generator.
    pub fn new(indices: Vec<usize>) -> Self {
        Self { indices, generator: None }
    }
}

impl Sampler for SubsetRandomSampler {
    fn order(&self) -> Order<'_> {
        let draw = || randperm(self.indices.len(), self.generator.as_ref());
        Box::new(iter::once_with(draw).flatten().map(|i| self.indices[i]))
    }

    fn num_samples(&self) -> usize {
        self.indices.len()
    }
}

/// `torch.utils.data.WeightedRandomSampler`, with the default generator.
#[derive(Clone, Debug)]
pub struct WeightedRandomSampler {
    /// One for each sample.
    pub weights: Vec<f64>,
    /// How many are drawn.
    pub num_samples: usize,
    /// Whether a sample may come again; true by default.
    pub replacement: bool,
}

impl WeightedRandomSampler {
    /// A weight for each sample; they need not add up to 1.
    pub fn new(weights: Vec<f64>, num_samples: usize) -> Self {
        assert!(num_samples > 0, "there is no sample to draw");
        Self { weights, num_samples, replacement: true }
    }
}

impl Sampler for WeightedRandomSampler {
    fn order(&self) -> Order<'_> {
        let draw = || {
            let weights = Tensor::from_slice(&self.weights);
            indices(&weights.multinomial(self.num_samples as i64, self.replacement))
        };
        Box::new(iter::once_with(draw).flatten())
    }

    fn num_samples(&self) -> usize {
        self.num_samples
    }
}
