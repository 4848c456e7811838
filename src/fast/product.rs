//! A product of the backward pass, with its operands in autograd's order.

use tch::Tensor;

/// `first · second`, to be written into `out`.
///
/// The order of the operands is part of the result: MKL on Intel's CPUs rounds
/// `a · b` and `(bᵀ · aᵀ)ᵀ` otherwise. autograd's depends on sizes and strides
/// (`mm_mat1_grad` and `mm_mat2_grad` in PyTorch's `FunctionsManual.cpp`, which
/// `derivatives.yaml` names for `mm` and `addmm`); so does this one.
pub struct Product {
    first: Tensor,
    second: Tensor,
    out: Tensor,
}

impl Product {
    /// The gradient of `mat1 · mat2` by `mat1`, given that by the product: grad · mat2ᵀ.
    pub fn by_mat1(grad: &Tensor, [mat1, mat2]: [&Tensor; 2], out: &Tensor) -> Self {
        if is_column_major(mat1) {
            Self::new(mat2, &grad.tr(), &out.tr())
        } else {
            Self::new(grad, &mat2.tr(), out)
        }
    }

    /// The gradient of `mat1 · mat2` by `mat2`, given that by the product: mat1ᵀ · grad.
    pub fn by_mat2(grad: &Tensor, [mat1, mat2]: [&Tensor; 2], out: &Tensor) -> Self {
        if is_column_major(mat2) {
            Self::new(&grad.tr(), mat1, &out.tr())
        } else {
            Self::new(&mat1.tr(), grad, out)
        }
    }

    fn new(first: &Tensor, second: &Tensor, out: &Tensor) -> Self {
        let [first, second, out] = [first, second, out].map(Tensor::shallow_clone);
        Self { first, second, out }
    }

    /// Computes it from what the operands hold.
    pub fn compute(&self) {
        let _ = self.first.mm_out(&self.out, &self.second);
    }
}

/// autograd's own condition. A contiguous matrix of one row and one column meets
/// it, too.
fn is_column_major(matrix: &Tensor) -> bool {
    let [row, column] = matrix.stride()[..] else { unreachable!("a matrix has two strides") };
    row == 1 && column == matrix.size()[0]
}
