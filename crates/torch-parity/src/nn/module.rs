//! What `torch.nn.Module` promises.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;

use tch::{Device, Kind, Tensor};

use super::state_dict;
use crate::error::Result;

/// A module's parts under their names, as [`children!`](crate::children) lists
/// them.
pub type Children<'a> = Vec<(String, &'a dyn Module)>;

/// `torch.nn.Module`, but for its forward pass: named parameters and buffers,
/// training and evaluation mode, and the state that a file keeps.
///
/// A module that is made of others implements [`children`](Self::children), and has
/// the rest from them. One with parameters of its own implements
/// [`named_parameters`](Self::named_parameters), as PyTorch orders them: its own
/// first, then its parts'.
///
/// Its `forward` is a method of the type itself, as in Python, and takes and gives
/// what it likes: `fn forward(&self, src: &Tensor, tgt: &Tensor) -> Tensor`. What is
/// to stand in a [`Sequential`](super::Sequential) is a [`Layer`].
pub trait Module {
    /// Its parts, in the order in which the constructor made them.
    fn children(&self) -> Children<'_> {
        Vec::new()
    }

    /// The parameters under PyTorch's names, in the order in which the
    /// constructor made them. The tensors share the module's storage. Of a
    /// tensor under two names the first name counts.
    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        distinct(of_parts(self.children(), |part| part.named_parameters()))
    }

    /// Likewise what is kept beside the parameters and not trained, such as
    /// batch norm's running statistics.
    fn named_buffers(&self) -> Vec<(String, Tensor)> {
        distinct(of_parts(self.children(), |part| part.named_buffers()))
    }

    /// Training mode if `on`, as every module begins, otherwise evaluation mode.
    fn train(&self, on: bool) {
        for (_, part) in self.children() {
            part.train(on);
        }
    }

    /// Evaluation mode: no dropout, batch norm with its running statistics.
    fn eval(&self) {
        self.train(false);
    }

    /// Makes parameters and buffers of floating point ones of `kind`, as `net.double()` and
    /// `net.to(torch.bfloat16)` do; before an optimizer is made, whose state would stay.
    fn to_kind(&self, kind: Kind) {
        for (_, mut tensor) in self.state_dict() {
            if tensor.is_floating_point() && tensor.kind() != kind {
                let converted = tensor.detach().to_kind(kind);
                tensor.set_data(&converted);
            }
        }
    }

    /// Parameters and buffers in PyTorch's order: of each module its parameters,
    /// its buffers, then its parts'. A tensor under two names is there twice.
    fn state_dict(&self) -> Vec<(String, Tensor)> {
        let parts = self.children();
        let of_part = |name: &str| {
            let owner = name.split_once('.').map(|(owner, _)| owner);
            owner.is_some_and(|owner| parts.iter().any(|(part, _)| part == owner))
        };
        let mut state = self.named_parameters();
        state.extend(self.named_buffers());
        state.retain(|(name, _)| !of_part(name));
        state.extend(of_parts(parts, |part| part.state_dict()));
        state
    }

    /// Copies values into the module's tensors. Refuses a state that lacks a
    /// name, has one too many, or one of another shape, and then changes nothing.
    fn load_state_dict(&self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        state_dict::load(self.state_dict(), state)
    }

    /// Writes the state as a .safetensors file, which Python reads with
    /// `safetensors.torch.load_file`.
    fn save(&self, path: &Path) -> Result<()> {
        state_dict::write(self.state_dict(), path)
    }

    /// Reads a .safetensors file, one of ours or of Python's
    /// `safetensors.torch.save_file` or `save_model`. Of tied parameters the
    /// file may have one only, as `save_model` leaves them.
    fn load(&self, path: &Path) -> Result<()> {
        state_dict::read(self.state_dict(), path)
    }
}

/// A module that makes one tensor of one, as a [`Sequential`](super::Sequential) takes
/// it: `torch.nn.Module` with `forward(x)`.
pub trait Layer: Module {
    /// The outputs for the inputs `x`.
    fn forward(&self, x: &Tensor) -> Tensor;
}

impl<L: Layer + ?Sized> Layer for Box<L> {
    fn forward(&self, x: &Tensor) -> Tensor {
        (**self).forward(x)
    }
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn children(&self) -> Children<'_> {
        (**self).children()
    }

    fn named_parameters(&self) -> Vec<(String, Tensor)> {
        (**self).named_parameters()
    }

    fn named_buffers(&self) -> Vec<(String, Tensor)> {
        (**self).named_buffers()
    }

    fn train(&self, on: bool) {
        (**self).train(on);
    }

    fn state_dict(&self) -> Vec<(String, Tensor)> {
        (**self).state_dict()
    }
}

/// The named fields of a struct as its [`Children`]:
/// `children!(self.fc1, self.fc2)`.
#[macro_export]
macro_rules! children {
    ($($owner:ident . $part:ident),* $(,)?) => {
        vec![$((stringify!($part).to_owned(), &$owner.$part as &dyn $crate::nn::Module)),*]
    };
}

/// The parameters of a module's parts, each under `part.name`.
pub fn named_parameters(parts: &[(&str, &dyn Module)]) -> Vec<(String, Tensor)> {
    let parts = parts.iter().map(|(name, part)| ((*name).to_owned(), *part)).collect();
    distinct(of_parts(parts, |part| part.named_parameters()))
}

fn of_parts(
    parts: Children<'_>,
    named: impl Fn(&dyn Module) -> Vec<(String, Tensor)>,
) -> Vec<(String, Tensor)> {
    let of_part = |(part, module): (String, &dyn Module)| {
        named(module).into_iter().map(move |(name, tensor)| (format!("{part}.{name}"), tensor))
    };
    parts.into_iter().flat_map(of_part).collect()
}

/// Without tensors that are there already under another name.
fn distinct(named: Vec<(String, Tensor)>) -> Vec<(String, Tensor)> {
    let mut kept: Vec<(String, Tensor)> = Vec::new();
    for (name, tensor) in named {
        if !kept.iter().any(|(_, known)| state_dict::same(known, &tensor)) {
            kept.push((name, tensor));
        }
    }
    kept
}

/// A parameter that is not filled in yet.
pub(super) fn empty(size: impl AsRef<[i64]>) -> Tensor {
    Tensor::empty(size.as_ref(), (Kind::Float, Device::Cpu)).set_requires_grad(true)
}

/// Those that are there, with their names.
pub(super) fn named<const N: usize>(all: [(&str, Option<&Tensor>); N]) -> Vec<(String, Tensor)> {
    let present = all.into_iter().filter_map(|(name, tensor)| Some((name, tensor?)));
    present.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).collect()
}

/// Whether a module trains: as PyTorch's, it begins so.
#[derive(Debug)]
pub(super) struct Training(Cell<bool>);

impl Default for Training {
    fn default() -> Self {
        Self(Cell::new(true))
    }
}

impl Training {
    pub(super) fn get(&self) -> bool {
        self.0.get()
    }

    pub(super) fn set(&self, on: bool) {
        self.0.set(on);
    }
}

/// Whether autograd records what is done with these tensors: one of them
/// requires a gradient, outside of `no_grad`.
pub(super) fn records_grad(tensors: &[&Tensor]) -> bool {
    // tch does not tell whether gradients are enabled; a product does.
    tensors.iter().any(|tensor| tensor.requires_grad()) && (empty([1]) * 1).requires_grad()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_recorded_outside_of_no_grad() {
        let (x, y) = (empty([2]), Tensor::zeros([2], tch::kind::FLOAT_CPU));
        assert!(records_grad(&[&y, &x]));
        assert!(!records_grad(&[&y]));
        assert!(!tch::no_grad(|| records_grad(&[&y, &x])));
    }
}
