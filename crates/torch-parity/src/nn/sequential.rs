//! `torch.nn.Sequential` and `torch.nn.ModuleList`.

use tch::Tensor;

use super::{Children, Layer, Module};

/// `torch.nn.Sequential`: layers one after another, under the names 0, 1, ...
/// The macro [`sequential!`](crate::sequential) makes one.
pub type Sequential = Vec<Box<dyn Layer>>;

impl<L: Layer> Layer for Vec<L> {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.iter().fold(x.shallow_clone(), |x, layer| layer.forward(&x))
    }
}

/// A list of modules; as a part of another it is `torch.nn.ModuleList`.
impl<M: Module> Module for Vec<M> {
    fn children(&self) -> Children<'_> {
        self.iter().enumerate().map(|(i, module)| (i.to_string(), module as &dyn Module)).collect()
    }
}

/// A [`Sequential`](crate::nn::Sequential) of these layers, made in this order:
/// `sequential![Linear::new(2, 8), Tanh, Linear::new(8, 1)]`.
#[macro_export]
macro_rules! sequential {
    ($($layer:expr),* $(,)?) => {{
        let layers: $crate::nn::Sequential = vec![$(Box::new($layer)),*];
        layers
    }};
}
