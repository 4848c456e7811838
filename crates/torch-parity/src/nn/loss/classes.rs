//! Losses over classes: one of C for each sample, or yes and no.

use tch::{Reduction, Tensor};

use super::{MEAN, reduced};
use crate::defaults::defaults;

defaults! {
    /// `torch.nn.CrossEntropyLoss`: -log softmax(logits)\[y\].
    #[derive(Debug)]
    pub struct CrossEntropyLoss {
        /// A weight for each class, (C,); none by default.
        pub weight: Option<Tensor> = None,
        /// The class that does not count; -100 by default.
        pub ignore_index: i64 = -100,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
        /// What is shared among all classes (Szegedy et al., 2016); 0 by default.
        pub label_smoothing: f64 = 0.0,
    }

    /// `torch.nn.NLLLoss`: -`log_probs`\[y\].
    #[derive(Debug)]
    pub struct NLLLoss {
        /// A weight for each class, (C,); none by default.
        pub weight: Option<Tensor> = None,
        /// The class that does not count; -100 by default.
        pub ignore_index: i64 = -100,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.BCELoss`: -y log x - (1 - y) log(1 - x).
    #[derive(Debug)]
    pub struct BCELoss {
        /// A weight for each value; none by default.
        pub weight: Option<Tensor> = None,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.BCEWithLogitsLoss`: [`BCELoss`] of σ(logits), worked out without
    /// overflow.
    #[derive(Debug)]
    pub struct BCEWithLogitsLoss {
        /// A weight for each value; none by default.
        pub weight: Option<Tensor> = None,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
        /// A weight for positive targets; none by default.
        pub pos_weight: Option<Tensor> = None,
    }

    /// `torch.nn.SoftMarginLoss`: log(1 + exp(-y · x)).
    #[derive(Clone, Copy, Debug)]
    pub struct SoftMarginLoss {
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.MultiLabelMarginLoss`: hinges between each class that is a target
    /// and each that is not.
    #[derive(Clone, Copy, Debug)]
    pub struct MultiLabelMarginLoss {
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }

    /// `torch.nn.MultiLabelSoftMarginLoss`: the mean over the classes of
    /// -y log σ(x) - (1 - y) log σ(-x).
    #[derive(Debug)]
    pub struct MultiLabelSoftMarginLoss {
        /// A weight for each class; none by default.
        pub weight: Option<Tensor> = None,
        /// The mean by default.
        pub reduction: Reduction = MEAN,
    }
}

impl CrossEntropyLoss {
    /// Of logits (N, C, ...) and classes (N, ...) int64, or probabilities
    /// (N, C, ...).
    pub fn forward(&self, logits: &Tensor, y: &Tensor) -> Tensor {
        let Self { weight, ignore_index, reduction, label_smoothing } = self;
        let weight = weight.as_ref();
        logits.cross_entropy_loss(y, weight, *reduction, *ignore_index, *label_smoothing)
    }
}

impl NLLLoss {
    /// Of log probabilities (N, C, ...) and classes (N, ...) int64.
    pub fn forward(&self, log_probs: &Tensor, y: &Tensor) -> Tensor {
        log_probs.nll_loss_nd(y, self.weight.as_ref(), self.reduction, self.ignore_index)
    }
}

impl BCELoss {
    /// Of probabilities and targets from 0 to 1, of one shape.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        assert!(x.size() == y.size(), "{:?} and {:?} are two shapes", x.size(), y.size());
        // The weight is at most as large: the larger shape is the target's.
        let weight = self.weight.as_ref().map(|weight| weight.expand_as(y));
        x.binary_cross_entropy(y, weight, self.reduction)
    }
}

impl BCEWithLogitsLoss {
    /// Of logits and targets from 0 to 1, of one shape.
    pub fn forward(&self, logits: &Tensor, y: &Tensor) -> Tensor {
        assert!(logits.size() == y.size(), "{:?} and {:?} are two shapes", logits.size(), y.size());
        let (weight, pos_weight) = (self.weight.as_ref(), self.pos_weight.as_ref());
        logits.binary_cross_entropy_with_logits(y, weight, pos_weight, self.reduction)
    }
}

impl SoftMarginLoss {
    /// Of values and targets of 1 or -1, of one shape.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        x.soft_margin_loss(y, self.reduction)
    }
}

impl MultiLabelMarginLoss {
    /// Of values (N, C) and target classes (N, C) int64, up to the first -1.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        x.multilabel_margin_loss(y, self.reduction)
    }
}

impl MultiLabelSoftMarginLoss {
    /// Of logits (N, C) and targets of 0 or 1, (N, C).
    pub fn forward(&self, logits: &Tensor, y: &Tensor) -> Tensor {
        let not_y = y.ones_like() - y; // tch's 1 - y gives -0 where Python gives 0
        let mut loss = -(y * logits.log_sigmoid() + not_y * (-logits).log_sigmoid());
        if let Some(weight) = &self.weight {
            loss *= weight;
        }
        let classes = *logits.size().last().expect("logits have classes");
        reduced(loss.sum_dim_intlist([-1].as_slice(), false, None) / classes, self.reduction)
    }
}
