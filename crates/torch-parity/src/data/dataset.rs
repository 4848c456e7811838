//! `torch.utils.data.Dataset`: samples by their places.

use tch::Tensor;

/// `torch.utils.data.Dataset`, with what `default_collate` does.
pub trait Dataset {
    /// What a loader gives.
    type Batch;

    /// How many samples there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These samples together.
    fn batch(&self, indices: &[usize]) -> Self::Batch;
}

/// `torch.utils.data.TensorDataset`: sample i is row i of each tensor (N, ...).
#[derive(Debug)]
pub struct TensorDataset<const T: usize>(pub [Tensor; T]);

impl<const T: usize> Dataset for TensorDataset<T> {
    type Batch = [Tensor; T];

    fn len(&self) -> usize {
        let rows = self.0.each_ref().map(|tensor| tensor.size()[0]);
        assert!(rows.iter().all(|&n| n == rows[0]), "tensors of {rows:?} rows make no dataset");
        rows[0] as usize
    }

    fn batch(&self, indices: &[usize]) -> [Tensor; T] {
        let places: Vec<_> = indices.iter().map(|&i| i as i64).collect();
        let places = Tensor::from_slice(&places);
        self.0.each_ref().map(|tensor| tensor.index_select(0, &places))
    }
}

/// `torch.utils.data.Subset`: some samples of another dataset.
#[derive(Debug)]
pub struct Subset<'a, D> {
    /// The whole.
    pub dataset: &'a D,
    /// The places in it.
    pub indices: Vec<usize>,
}

impl<D: Dataset> Dataset for Subset<'_, D> {
    type Batch = D::Batch;

    fn len(&self) -> usize {
        self.indices.len()
    }

    fn batch(&self, indices: &[usize]) -> D::Batch {
        let places: Vec<_> = indices.iter().map(|&i| self.indices[i]).collect();
        self.dataset.batch(&places)
    }
}
