//! What a function gives beside its work.

use std::ops::Deref;

use tch::Tensor;

/// A tensor that most callers in Python ignore, such as the norm that was clipped. It is
/// one wherever a `&Tensor` is wanted, and no warning comes of leaving it.
#[derive(Debug)]
pub struct Byproduct(Tensor);

impl Deref for Byproduct {
    type Target = Tensor;

    fn deref(&self) -> &Tensor {
        &self.0
    }
}

impl From<Tensor> for Byproduct {
    fn from(tensor: Tensor) -> Self {
        Self(tensor)
    }
}

impl From<Byproduct> for Tensor {
    fn from(Byproduct(tensor): Byproduct) -> Self {
        tensor
    }
}
