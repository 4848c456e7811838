//! `torch.utils.data`: the batches that Python's loader makes, in its order, with
//! the default generator afterwards where Python's is.
//!
//! ```
//! use torch_parity::data::{DataLoader, TensorDataset};
//!
//! tch::manual_seed(0);
//! let x = tch::Tensor::rand([10, 2], tch::kind::FLOAT_CPU);
//! let y = x.sum_dim_intlist([1].as_slice(), false, None);
//! let data = TensorDataset([x, y]);
//! let loader = DataLoader::new(&data, 4).shuffle();
//! for [x, y] in &loader {
//!     assert_eq!(x.size()[0], y.size()[0]);
//! }
//! ```

mod generator;

mod sampler;

mod dataset;
mod split;

mod loader;

pub use dataset::{Dataset, Subset, TensorDataset};
pub use generator::Generator;
pub use loader::{Batches, DataLoader};
pub use sampler::{
    RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler,
};
pub use split::{random_split, random_split_by};
