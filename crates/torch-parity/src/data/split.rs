//! `torch.utils.data.random_split`.

use super::generator::randperm;
use super::{Dataset, Generator, Subset};

/// `torch.utils.data.random_split` into these lengths, by this generator or the
/// default one.
pub fn random_split<'a, D: Dataset>(
    dataset: &'a D,
    lengths: &[usize],
    generator: Option<&Generator>,
) -> Vec<Subset<'a, D>> {
    let all: usize = lengths.iter().sum();
    assert!(all == dataset.len(), "{lengths:?} do not add up to {} samples", dataset.len());
    let mut rest = randperm(all, generator).into_iter();
    let mut next = |n: &usize| Subset { dataset, indices: rest.by_ref().take(*n).collect() };
    lengths.iter().map(&mut next).collect()
}

/// `torch.utils.data.random_split` by fractions that add up to 1: as many as fit into each, and what is
/// left over one by one to the first.
pub fn random_split_by<'a, D: Dataset>(
    dataset: &'a D,
    fractions: &[f64],
    generator: Option<&Generator>,
) -> Vec<Subset<'a, D>> {
    let sum: f64 = fractions.iter().sum();
    assert!(
        sum <= 1.0 && 1.0 - sum <= 1e-9 && fractions.iter().all(|part| *part >= 0.0),
        "the fractions {fractions:?} do not add up to 1"
    );
    let all = dataset.len();
    let floor = |part: &f64| (all as f64 * part).floor() as usize;
    let mut lengths: Vec<_> = fractions.iter().map(floor).collect();
    let left_over = all - lengths.iter().sum::<usize>();
    for i in 0..left_over {
        lengths[i % fractions.len()] += 1;
    }
    random_split(dataset, &lengths, generator)
}
