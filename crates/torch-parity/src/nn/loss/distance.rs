//! Losses of the distance between a value and its target.

use tch::{Reduction, Tensor};

use super::MEAN;
use crate::defaults::defaults;

defaults! {
    /// `torch.nn.MSELoss`: (x - y)².
    #[derive(Debug)]
    pub struct MSELoss {
        /// The mean by default.
        pub reduction: Reduction = MEAN,
        /// A weight for each value, which `mse_loss` takes; none by default.
        pub weight: Option<Tensor> = None,
    }

    /// `torch.nn.L1Loss`: |x - y|.
    #[derive(Debug)]
    pub struct L1Loss {
        /// The mean by default.
        pub reduction: Reduction = MEAN,
        /// A weight for each value, which `l1_loss` takes; none by default.
        pub weight: Option<Tensor> = None,
    }

    /// `torch.nn.SmoothL1Loss` (Girshick, 2015): (x - y)² / 2β where |x - y| < β,
    /// |x - y| - β/2 elsewhere.
    #[derive(Clone, Copy, Debug)]
    pub struct SmoothL1Loss {
        /// The mean by default.
        pub reduction: Reduction = MEAN,
        /// 1 by default.
        pub beta: f64 = 1.0,
    }

    /// `torch.nn.HuberLoss` (Huber, 1964): δ times [`SmoothL1Loss`].
    #[derive(Debug)]
    pub struct HuberLoss {
        /// The mean by default.
        pub reduction: Reduction = MEAN,
        /// 1 by default.
        pub delta: f64 = 1.0,
        /// A weight for each value, which `huber_loss` takes; none by default.
        pub weight: Option<Tensor> = None,
    }
}

/// Both in one shape.
fn broadcast(x: &Tensor, y: &Tensor) -> [Tensor; 2] {
    let both: Result<[Tensor; 2], _> = Tensor::broadcast_tensors(&[x, y]).try_into();
    both.expect("two tensors come back")
}

/// The mean is over the weights' sum.
fn weighted(errors: Tensor, weight: &Tensor, reduction: Reduction) -> Tensor {
    let errors = errors * weight;
    match reduction {
        Reduction::Mean => errors.sum(None) / weight.sum(None),
        Reduction::Sum => errors.sum(None),
        _ => errors,
    }
}

impl MSELoss {
    /// Of values and targets of one shape.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let [x, y] = broadcast(x, y);
        match &self.weight {
            None => x.mse_loss(&y, self.reduction),
            Some(weight) => weighted((x - y).pow_tensor_scalar(2), weight, self.reduction),
        }
    }
}

impl L1Loss {
    /// Of values and targets of one shape.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let [x, y] = broadcast(x, y);
        match &self.weight {
            None => x.l1_loss(&y, self.reduction),
            Some(weight) => weighted((x - y).abs(), weight, self.reduction),
        }
    }
}

impl SmoothL1Loss {
    /// Of values and targets of one shape.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let [x, y] = broadcast(x, y);
        if self.beta == 0.0 {
            x.l1_loss(&y, self.reduction)
        } else {
            x.smooth_l1_loss(&y, self.reduction, self.beta)
        }
    }
}

impl HuberLoss {
    /// Of values and targets of one shape.
    pub fn forward(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let [x, y] = broadcast(x, y);
        match &self.weight {
            None => x.huber_loss(&y, self.reduction, self.delta),
            Some(weight) => {
                let loss = x.huber_loss(&y, Reduction::None, self.delta) * weight;
                super::reduced(loss, self.reduction) // over the values, unlike the others
            }
        }
    }
}
