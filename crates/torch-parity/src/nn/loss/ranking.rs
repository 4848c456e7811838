//! Losses of how values stand to each other.

use tch::{Reduction, Tensor};

use super::MEAN;
use crate::defaults::defaults;

defaults! {
    /// `torch.nn.CosineEmbeddingLoss`: 1 - cos(a, b) for pairs that belong together,
    /// max(0, cos(a, b) - margin) for others.
    #[derive(Clone, Copy, Debug)]
    pub struct CosineEmbeddingLoss {
        /// 0 by default.
        pub margin: f64 = 0.0,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.MarginRankingLoss`: max(0, -y · (a - b) + margin).
    #[derive(Clone, Copy, Debug)]
    pub struct MarginRankingLoss {
        /// 0 by default.
        pub margin: f64 = 0.0,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.HingeEmbeddingLoss`: x where y is 1, max(0, margin - x) where y
    /// is -1.
    #[derive(Clone, Copy, Debug)]
    pub struct HingeEmbeddingLoss {
        /// 1 by default.
        pub margin: f64 = 1.0,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.TripletMarginLoss` (Balntas et al., 2016):
    /// max(0, d(anchor, positive) - d(anchor, negative) + margin).
    #[derive(Clone, Copy, Debug)]
    pub struct TripletMarginLoss {
        /// 1 by default.
        pub margin: f64 = 1.0,
        /// The norm that d is; 2 by default.
        pub p: f64 = 2.0,
        /// 1e-6 by default.
        pub eps: f64 = 1e-6,
        /// Whether d(positive, negative) counts where it is smaller; false by default.
        pub swap: bool = false,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }
}

impl CosineEmbeddingLoss {
    /// Of pairs (N, D) and y (N,), 1 where they belong together, else -1.
    pub fn forward(&self, a: &Tensor, b: &Tensor, y: &Tensor) -> Tensor {
        Tensor::cosine_embedding_loss(a, b, y, self.margin, self.reduction)
    }
}

impl MarginRankingLoss {
    /// Of values and y of one shape, 1 where a is to be larger, else -1.
    pub fn forward(&self, a: &Tensor, b: &Tensor, y: &Tensor) -> Tensor {
        Tensor::margin_ranking_loss(a, b, y, self.margin, self.reduction)
    }
}

impl HingeEmbeddingLoss {
    /// Of values and y of one shape, 1 or -1.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        x.hinge_embedding_loss(y, self.margin, self.reduction)
    }
}

impl TripletMarginLoss {
    /// Of three of shape (N, D).
    pub fn forward(&self, anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Tensor {
        let Self { margin, p, eps, swap, reduction } = *self;
        assert!(margin > 0.0, "a margin is greater than 0, not {margin}");
        Tensor::triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction)
    }
}
