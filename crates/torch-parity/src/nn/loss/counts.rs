//! Losses that are the negative log likelihood of a distribution, or compare
//! two.

use std::f64::consts::PI;

use tch::{Reduction, Tensor, no_grad};

use super::{MEAN, reduced};
use crate::defaults::defaults;

defaults! {
    /// `torch.nn.KLDivLoss`: y · (log y - x), of log probabilities x.
    #[derive(Clone, Copy, Debug)]
    pub struct KLDivLoss {
        /// The mean over all values by default.
        pub reduction: Reduction = MEAN,
        /// `reduction="batchmean"`, the sum over N; false by default.
        pub batchmean: bool = false,
        /// Whether the target is log probabilities too; false by default.
        pub log_target: bool = false,
    }

    /// `torch.nn.PoissonNLLLoss`: exp(x) - y · x, of the rate's logarithm.
    #[derive(Clone, Copy, Debug)]
    pub struct PoissonNLLLoss {
        /// Whether x is the rate's logarithm; true by default.
        pub log_input: bool = true,
        /// Whether to add Stirling's approximation of log y!; false by default.
        pub full: bool = false,
        /// Keeps log x finite where x is the rate; 1e-8 by default.
        pub eps: f64 = 1e-8,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.GaussianNLLLoss` (Nix and Weigend, 1994): (log var + (mean - y)² / var) / 2.
    #[derive(Clone, Copy, Debug)]
    pub struct GaussianNLLLoss {
        /// Whether to add log(2π) / 2; false by default.
        pub full: bool = false,
        /// The least variance; 1e-6 by default.
        pub eps: f64 = 1e-6,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.CTCLoss` (Graves et al., 2006).
    #[derive(Clone, Copy, Debug)]
    pub struct CTCLoss {
        /// The class that is no label; 0 by default.
        pub blank: i64 = 0,
        /// The mean of each loss over its target's length by default.
        pub reduction: Reduction = MEAN,
        /// Whether infinite losses count as 0; false by default.
        pub zero_infinity: bool = false,
    }
}

impl KLDivLoss {
    /// Of log probabilities and probabilities of one shape.
    pub fn forward(&self, log_probs: &Tensor, y: &Tensor) -> Tensor {
        if !self.batchmean {
            return log_probs.kl_div(y, self.reduction, self.log_target);
        }
        let sum = log_probs.kl_div(y, Reduction::Sum, self.log_target);
        log_probs.size().first().map_or_else(|| sum.shallow_clone(), |n| &sum / *n)
    }
}

impl PoissonNLLLoss {
    /// Of the rate's logarithm and counts of one shape.
    pub fn forward(&self, log_rate: &Tensor, y: &Tensor) -> Tensor {
        log_rate.poisson_nll_loss(y, self.log_input, self.full, self.eps, self.reduction)
    }
}

impl GaussianNLLLoss {
    /// Of means, targets and variances; these may lack the last dimension, or be
    /// of size 1 there.
    pub fn forward(&self, mean: &Tensor, y: &Tensor, var: &Tensor) -> Tensor {
        let size = mean.size();
        let one_for_all = size != var.size() && size[..size.len() - 1] == var.size();
        let var = if one_for_all { var.unsqueeze(-1) } else { var.shallow_clone() };
        let mut var = var.copy();
        let _ = no_grad(|| var.clamp_min_(self.eps));
        let mut loss = (var.log() + (mean - y).pow_tensor_scalar(2) / var) * 0.5;
        if self.full {
            loss += 0.5 * (2.0 * PI).ln();
        }
        reduced(loss, self.reduction)
    }
}

impl CTCLoss {
    /// Of log probabilities (T, N, C), target classes (N, S) and the lengths (N,)
    /// of both, all int64.
    pub fn forward(
        &self,
        log_probs: &Tensor,
        targets: &Tensor,
        input_lengths: &Tensor,
        target_lengths: &Tensor,
    ) -> Tensor {
        Tensor::ctc_loss_tensor(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
    }
}
