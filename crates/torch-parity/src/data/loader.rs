//! `torch.utils.data.DataLoader`.

use super::generator::random_seed;
use super::sampler::Order;
use super::{Dataset, Generator, RandomSampler, Sampler, SequentialSampler};

/// `torch.utils.data.DataLoader` in one process: batches of a dataset.
///
/// To begin a pass, `for batch in &loader`, draws a number from the generator
/// that Python draws too, as a seed for worker processes; the first batch draws
/// what the sampler needs.
pub struct DataLoader<'a, D> {
    dataset: &'a D,
    sampler: Box<dyn Sampler + 'a>,
    batch_size: usize,
    drop_last: bool,
    generator: Option<Generator>,
}

impl<'a, D: Dataset> DataLoader<'a, D> {
    /// Batches of so many samples, as they come; PyTorch's default is 1.
    pub fn new(dataset: &'a D, batch_size: usize) -> Self {
        assert!(batch_size > 0, "a batch has at least one sample");
        let sampler = Box::new(SequentialSampler(dataset.len()));
        Self { dataset, sampler, batch_size, drop_last: false, generator: None }
    }

    /// `shuffle=True`
    #[must_use]
    pub fn shuffle(self) -> Self {
        let sampler = RandomSampler::new(self.dataset.len());
        self.sampler(sampler)
    }

    /// `shuffle=True, generator=generator`: draws from it alone.
    #[must_use]
    pub fn shuffle_by(self, generator: &Generator) -> Self {
        let generator = Some(generator.clone());
        let sampler = RandomSampler {
            generator: generator.clone(),
            ..RandomSampler::new(self.dataset.len())
        };
        Self { generator, ..self.sampler(sampler) }
    }

    /// `sampler=sampler`
    #[must_use]
    pub fn sampler(self, sampler: impl Sampler + 'a) -> Self {
        Self { sampler: Box::new(sampler), ..self }
    }

    /// `generator=generator`: what the seed for workers is drawn from.
    #[must_use]
    pub fn generator(self, generator: &Generator) -> Self {
        Self { generator: Some(generator.clone()), ..self }
    }

    /// `drop_last=True`: no last batch that is smaller than the others.
    #[must_use]
    pub fn drop_last(self) -> Self {
        Self { drop_last: true, ..self }
    }

    /// How many batches a pass has.
    pub fn len(&self) -> usize {
        let all = self.sampler.num_samples();
        if self.drop_last { all / self.batch_size } else { all.div_ceil(self.batch_size) }
    }

    /// Whether a pass has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A pass.
    pub fn iter(&self) -> Batches<'_, D> {
        let order = self.sampler.order();
        let _base_seed = random_seed(self.generator.as_ref());
        Batches { loader: self, order }
    }
}

/// A pass over a [`DataLoader`]'s batches.
pub struct Batches<'a, D> {
    loader: &'a DataLoader<'a, D>,
    order: Order<'a>,
}

impl<D: Dataset> Iterator for Batches<'_, D> {
    type Item = D::Batch;

    fn next(&mut self) -> Option<D::Batch> {
        let DataLoader { dataset, batch_size, drop_last, .. } = self.loader;
        let indices: Vec<_> = self.order.by_ref().take(*batch_size).collect();
        let ended = indices.is_empty() || *drop_last && indices.len() < *batch_size;
        (!ended).then(|| dataset.batch(&indices))
    }
}

impl<'a, D: Dataset> IntoIterator for &'a DataLoader<'_, D> {
    type Item = D::Batch;
    type IntoIter = Batches<'a, D>;

    fn into_iter(self) -> Batches<'a, D> {
        self.iter()
    }
}
