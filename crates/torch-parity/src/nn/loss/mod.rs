//! The losses of `torch.nn.functional`.
//!
//! A function has PyTorch's default settings: `cross_entropy(&logits, &y)`. The
//! struct of the same name, which is `torch.nn`'s module, has the others:
//! `CrossEntropyLoss { label_smoothing: 0.1, ..Default::default() }.forward(&logits, &y)`.

mod classes;
mod counts;
mod distance;
mod ranking;

use tch::{Reduction, Tensor};

pub use classes::{
    BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, MultiLabelMarginLoss, MultiLabelSoftMarginLoss,
    NLLLoss, SoftMarginLoss,
};
pub use counts::{CTCLoss, GaussianNLLLoss, KLDivLoss, PoissonNLLLoss};
pub use distance::{HuberLoss, L1Loss, MSELoss, SmoothL1Loss};
pub use ranking::{CosineEmbeddingLoss, HingeEmbeddingLoss, MarginRankingLoss, TripletMarginLoss};

/// What PyTorch does where `reduction` is not given.
const MEAN: Reduction = Reduction::Mean;

/// PyTorch's own reductions, where its code is Python.
fn reduced(loss: Tensor, reduction: Reduction) -> Tensor {
    match reduction {
        Reduction::Mean => loss.mean(None),
        Reduction::Sum => loss.sum(None),
        _ => loss,
    }
}

/// Functions that are a struct's `forward` with its default settings.
macro_rules! functions {
    ($($name:ident = $loss:ident($($input:ident),*);)*) => {$(
        #[doc = concat!("`torch.nn.functional.", stringify!($name), "`: [`", stringify!($loss),
            "`] with its default settings.")]
        pub fn $name($($input: &Tensor),*) -> Tensor {
            $loss::default().forward($($input),*)
        }
    )*};
}

functions! {
    cross_entropy = CrossEntropyLoss(logits, y);
    nll_loss = NLLLoss(log_probs, y);
    binary_cross_entropy = BCELoss(x, y);
    binary_cross_entropy_with_logits = BCEWithLogitsLoss(logits, y);
    soft_margin_loss = SoftMarginLoss(x, y);
    multilabel_margin_loss = MultiLabelMarginLoss(x, y);
    multilabel_soft_margin_loss = MultiLabelSoftMarginLoss(logits, y);
    mse_loss = MSELoss(x, y);
    l1_loss = L1Loss(x, y);
    smooth_l1_loss = SmoothL1Loss(x, y);
    huber_loss = HuberLoss(x, y);
    kl_div = KLDivLoss(log_probs, y);
    poisson_nll_loss = PoissonNLLLoss(log_rate, y);
    gaussian_nll_loss = GaussianNLLLoss(mean, y, var);
    ctc_loss = CTCLoss(log_probs, targets, input_lengths, target_lengths);
    cosine_embedding_loss = CosineEmbeddingLoss(a, b, y);
    margin_ranking_loss = MarginRankingLoss(a, b, y);
    hinge_embedding_loss = HingeEmbeddingLoss(x, y);
    triplet_margin_loss = TripletMarginLoss(anchor, positive, negative);
}
