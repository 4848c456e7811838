//! `torch.nn.functional.cross_entropy` and its gradient by the logits.

use std::cell::Cell;

use tch::{Kind, Reduction, Tensor};

use crate::fast::FLOAT;
use crate::fast::values::values;

/// More float32 than any vector register holds (AVX-512 holds 16). Where a row
/// ends within a register, libtorch takes its rest one by one, with functions
/// that round otherwise; so rows are padded to a multiple of this.
const LANES: usize = 64;

/// The mean cross-entropy of logits (N, C).
///
/// libtorch's log-softmax along rows loads a row into a vector register, here
/// two values into room for 16. Along columns it takes 16 samples at a time,
/// with the same arithmetic for each, in a fifth of the time; so the logits are
/// transposed. Which NaN comes out of NaNs may differ: from the first loss on
/// that is not finite, rows are taken.
pub struct CrossEntropy<'a> {
    y: &'a Tensor,          // (N,)
    log_probs: Tensor,      // (N, C)
    grad_log_probs: Tensor, // (N, C)
    transposed: Transposed,
    use_transposed: bool,
    loss: Tensor, // ()
}

/// The same, transposed.
struct Transposed {
    logits: Padded,
    log_probs: Padded,
    grad_log_probs: Padded,
    grad_logits: Padded,
}

/// A row for each class, padded.
struct Padded(Tensor); // (C, N padded)

impl Padded {
    fn like(logits: &Tensor) -> Self {
        let (samples, classes) = (logits.size()[0], logits.size()[1]);
        let padded = (samples as usize).next_multiple_of(LANES) as i64;
        Self(Tensor::zeros([classes, padded], FLOAT))
    }

    /// Takes the values of `rows` (N, C).
    fn copy_from(&self, rows: &Tensor) {
        self.pairs(rows, |own, row| own.set(row.get()));
    }

    /// Writes its values into `rows` (N, C).
    fn copy_to(&self, rows: &Tensor) {
        self.pairs(rows, |own, row| row.set(own.get()));
    }

    /// Calls `copy` with every value and its place in `rows` (N, C).
    #[expect(unsafe_code, reason = "libtorch takes ten times as long for so few values")]
    fn pairs(&self, rows: &Tensor, copy: impl Fn(&Cell<f32>, &Cell<f32>)) {
        let [classes, padded] = [0, 1].map(|dim| self.0.size()[dim] as usize);
        // SAFETY: they are held here only, where no tensor is resized.
        let (own, rows) = unsafe { (values(&self.0), values(rows)) };
        for (class, own) in own.chunks_exact(padded).enumerate() {
            for (own, row) in own.iter().zip(rows.chunks_exact(classes)) {
                copy(own, &row[class]);
            }
        }
    }
}

impl<'a> CrossEntropy<'a> {
    /// For `logits` of this shape and the labels `y`.
    pub fn new(logits: &Tensor, y: &'a Tensor) -> Self {
        let grad_log_probs = logits.zeros_like();
        // The loss's gradient by the log-probabilities depends on the labels
        // alone: -1/N at each sample's own.
        let _ = logits.nll_loss_backward_grad_input::<Tensor>(
            &grad_log_probs,
            &Tensor::ones([], FLOAT),
            y,
            None,
            Reduction::Mean,
            -100,
            &Tensor::full([], logits.size()[0], FLOAT),
        );
        let transposed = Transposed {
            logits: Padded::like(logits),
            log_probs: Padded::like(logits),
            grad_log_probs: Padded::like(logits),
            grad_logits: Padded::like(logits),
        };
        transposed.grad_log_probs.copy_from(&grad_log_probs);
        let (log_probs, loss) = (logits.zeros_like(), Tensor::zeros([], FLOAT));
        let mut new =
            Self { y, log_probs, grad_log_probs, transposed, use_transposed: false, loss };
        new.use_transposed = new.transposing_keeps_the_bits();
        new
    }

    /// Whether both ways agree on this CPU, whose kernels may be others than
    /// those that this was tried on: tried here, on logits over [-8, 8].
    fn transposing_keeps_the_bits(&mut self) -> bool {
        let count = self.log_probs.numel() as i64;
        let logits = (Tensor::arange(count, FLOAT) * 0.7).sin().view_as(&self.log_probs) * 8;
        let [rows, columns] = [false, true].map(|use_transposed| {
            self.use_transposed = use_transposed;
            self.forward(&logits);
            let grad_logits = logits.zeros_like();
            self.backward(&grad_logits);
            [&self.log_probs, &grad_logits].map(|tensor| tensor.view_dtype(Kind::Int).copy())
        });
        rows == columns && self.use_transposed
    }

    /// Computes the loss; returns its value.
    pub fn forward(&mut self, logits: &Tensor) -> f64 {
        if self.use_transposed {
            let Transposed { logits: of, log_probs, .. } = &self.transposed;
            of.copy_from(logits);
            let _ = of.0.internal_log_softmax_out(&log_probs.0, 0, false);
            log_probs.copy_to(&self.log_probs);
            let loss = self.nll_loss();
            if loss.is_finite() {
                return loss;
            }
            self.use_transposed = false;
        }
        let _ = logits.internal_log_softmax_out(&self.log_probs, 1, false);
        self.nll_loss()
    }

    fn nll_loss(&self) -> f64 {
        let no_weight = None::<Tensor>;
        let _ = self.log_probs.nll_loss_out(&self.loss, self.y, no_weight, Reduction::Mean, -100);
        self.loss.double_value(&[])
    }

    /// Writes the gradient of the last loss by the logits into `grad_logits`.
    pub fn backward(&self, grad_logits: &Tensor) {
        let backward = |out, grad_log_probs, log_probs, dim| {
            let _ = Tensor::internal_log_softmax_backward_data_out(
                out,
                grad_log_probs,
                log_probs,
                dim,
                Kind::Float,
            );
        };
        if self.use_transposed {
            let Transposed { grad_logits: out, grad_log_probs, log_probs, .. } = &self.transposed;
            backward(&out.0, &grad_log_probs.0, &log_probs.0, 0);
            out.copy_to(grad_logits);
        } else {
            backward(grad_logits, &self.grad_log_probs, &self.log_probs, 1);
        }
    }

    /// (), the last loss.
    pub fn loss(&self) -> &Tensor {
        &self.loss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_that_gives_other_bits_is_found_out() {
        let logits = Tensor::zeros([5, 2], FLOAT);
        let y = Tensor::zeros([5], (Kind::Int64, tch::Device::Cpu));
        let mut loss = CrossEntropy::new(&logits, &y);
        let _ = loss.transposed.grad_log_probs.0.fill_(-0.2);
        assert!(!loss.transposing_keeps_the_bits());
    }
}
