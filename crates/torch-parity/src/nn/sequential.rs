//! `torch.nn.Sequential` and `torch.nn.ModuleList`.

use tch::Tensor;

use super::{Children, Module};

/// `torch.nn.Sequential`: modules one after another, under the names 0, 1, ...
/// The macro [`sequential!`](crate::sequential) makes one.
pub type Sequential = Vec<Box<dyn Module>>;

/// A list of modules; as a part of another it is `torch.nn.ModuleList`.
impl<M: Module> Module for Vec<M> {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.iter().fold(x.shallow_clone(), |x, module| module.forward(&x))
    }

    fn children(&self) -> Children<'_> {
        self.iter().enumerate().map(|(i, module)| (i.to_string(), module as &dyn Module)).collect()
    }
}

/// A [`Sequential`](crate::nn::Sequential) of these modules, made in this order:
/// `sequential![Linear::new(2, 8), Tanh, Linear::new(8, 1)]`.
#[macro_export]
macro_rules! sequential {
    ($($module:expr),* $(,)?) => {{
        let modules: $crate::nn::Sequential = vec![$(Box::new($module)),*];
        modules
    }};
}
