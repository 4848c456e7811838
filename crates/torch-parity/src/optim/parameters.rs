//! What an optimizer trains: tensors, their names, and their gradients.

use std::collections::HashMap;

use tch::{Tensor, no_grad};

use super::taken::{Group, Taken, is_recorded};

/// Parameters with their names and gradients.
#[derive(Debug)]
pub struct Parameters {
    names: Vec<String>,
    tensors: Vec<Tensor>,
    grads: Vec<Option<Tensor>>,
    taken: Option<Taken>,
}

impl Parameters {
    /// Those of a module, as [`Module::named_parameters`] gives them, without
    /// gradients.
    ///
    /// [`Module::named_parameters`]: crate::nn::Module::named_parameters
    pub fn new(named_parameters: Vec<(String, Tensor)>) -> Self {
        let (names, tensors): (Vec<_>, Vec<_>) = named_parameters.into_iter().unzip();
        let grads = tensors.iter().map(|_| None).collect();
        Self { names, tensors, grads, taken: None }
    }

    /// The same with gradients, one for each, of the same shape.
    #[must_use]
    pub fn with_grads(self, grads: Vec<Tensor>) -> Self {
        assert_eq!(self.tensors.len(), grads.len(), "a gradient for each parameter");
        Self { grads: grads.into_iter().map(Some).collect(), ..self }
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Themselves.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// Their gradients; None for one that no loss has depended on yet.
    pub fn grads(&self) -> &[Option<Tensor>] {
        &self.grads
    }

    /// What the last step was taken with; None where nobody records, or the optimizer
    /// does not keep it.
    pub fn taken(&self) -> Option<&Taken> {
        self.taken.as_ref()
    }

    /// Keeps what a step is taken with, the gradients as they are and the groups as
    /// `groups` tells, where somebody records.
    pub fn step_begins(&mut self, groups: impl FnOnce() -> Vec<Group>) {
        self.taken = is_recorded().then(|| {
            let copy = |grad: &Tensor| no_grad(|| grad.copy());
            let grads = self.grads.iter().map(|grad| grad.as_ref().map(copy)).collect();
            Taken { grads, groups: groups() }
        });
    }

    /// Forgets all gradients.
    pub fn zero_grad(&mut self) {
        self.grads.fill_with(|| None);
    }

    /// Adds the gradients of `loss`, (). The first gradient is kept as it is:
    /// 0 + -0 would be another number.
    pub fn backward(&mut self, loss: &Tensor) {
        let all = self.tensors.iter().zip(&mut self.grads);
        let (tensors, sums): (Vec<_>, Vec<_>) =
            all.filter(|(tensor, _)| tensor.requires_grad()).unzip();
        let grads = Tensor::run_backward(&[loss], &tensors, false, false);
        no_grad(|| {
            for ((tensor, sum), grad) in tensors.into_iter().zip(sums).zip(grads) {
                if grad.defined() {
                    *sum = Some(match sum.take() {
                        Some(sum) => sum + grad,
                        None => laid_out_as(tensor, grad),
                    });
                }
            }
        });
    }

    /// The gradients of these parameters, in this order, to be changed; those that
    /// are not trained here or have no gradient are passed over. Parameters are
    /// known by their memory, as Python knows them by `is`.
    pub fn grads_of(
        &mut self,
        named_parameters: &[(String, Tensor)],
    ) -> impl Iterator<Item = &mut Tensor> {
        let places: HashMap<_, _> =
            named_parameters.iter().map(|(_, param)| param.data_ptr()).zip(0..).collect();
        let grads = self.tensors.iter().zip(&mut self.grads);
        let mut found: Vec<(usize, _)> = grads
            .filter_map(|(tensor, grad)| Some((*places.get(&tensor.data_ptr())?, grad.as_mut()?)))
            .collect();
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, grad)| grad)
    }

    /// Those that have a gradient: their place among all, themselves, and it.
    pub fn trained(&mut self) -> impl Iterator<Item = (usize, &mut Tensor, &Tensor)> {
        let all = self.tensors.iter_mut().zip(&self.grads).enumerate();
        all.filter_map(|(i, (tensor, grad))| Some((i, tensor, grad.as_ref()?)))
    }
}

/// A gradient with the strides of its parameter, as `param.grad` has them in
/// PyTorch: sums over all values are added up in the order of the memory.
fn laid_out_as(param: &Tensor, grad: Tensor) -> Tensor {
    if grad.stride() == param.stride() {
        return grad;
    }
    let mut same = param.empty_like();
    same.copy_(&grad);
    same
}
