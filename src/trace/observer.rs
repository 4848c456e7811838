//! Who is told what a run does, while it does it.

use tch::Tensor;

use crate::pytorch::optim::State;

/// One training step, after the optimizer's update. Copy what is to outlive it:
/// the next step may write to the same memory.
pub struct Step<'a> {
    /// What is being trained.
    pub series: &'a str,
    /// Counted from 1.
    pub epoch: usize,
    /// (N, C), before the update.
    pub logits: &'a Tensor,
    /// (), before the update.
    pub loss: &'a Tensor,
    /// One for each name.
    pub grads: &'a [Tensor],
    /// The parameters' names.
    pub names: &'a [String],
    /// The parameters, after the update.
    pub params: &'a [Tensor],
    /// What the optimizer remembers of each, after the update.
    pub state: &'a [State],
}

/// Is told what a run does, while it does it. Every method defaults to nothing
/// and `()` keeps the defaults, so a run that nobody watches pays nothing.
pub trait Observer {
    /// What all series share, before the first of them.
    fn data(&mut self, _named: &[(&str, &Tensor)]) {}
    /// The parameters that `series` starts from.
    fn init(&mut self, _series: &str, _named: &[(String, Tensor)]) {}
    /// A training step.
    fn step(&mut self, _step: &Step) {}
    /// What was found out of `series` after so many steps.
    fn measure(&mut self, _series: &str, _step: usize, _named: &[(String, Tensor)]) {}
}

impl Observer for () {}

impl<T: Observer> Observer for Option<T> {
    fn data(&mut self, named: &[(&str, &Tensor)]) {
        if let Some(observer) = self {
            observer.data(named);
        }
    }
    fn init(&mut self, series: &str, named: &[(String, Tensor)]) {
        if let Some(observer) = self {
            observer.init(series, named);
        }
    }
    fn step(&mut self, step: &Step) {
        if let Some(observer) = self {
            observer.step(step);
        }
    }
    fn measure(&mut self, series: &str, step: usize, named: &[(String, Tensor)]) {
        if let Some(observer) = self {
            observer.measure(series, step, named);
        }
    }
}

impl<T: Observer> Observer for &mut T {
    fn data(&mut self, named: &[(&str, &Tensor)]) {
        (**self).data(named);
    }
    fn init(&mut self, series: &str, named: &[(String, Tensor)]) {
        (**self).init(series, named);
    }
    fn step(&mut self, step: &Step) {
        (**self).step(step);
    }
    fn measure(&mut self, series: &str, step: usize, named: &[(String, Tensor)]) {
        (**self).measure(series, step, named);
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn data(&mut self, named: &[(&str, &Tensor)]) {
        self.0.data(named);
        self.1.data(named);
    }
    fn init(&mut self, series: &str, named: &[(String, Tensor)]) {
        self.0.init(series, named);
        self.1.init(series, named);
    }
    fn step(&mut self, step: &Step) {
        self.0.step(step);
        self.1.step(step);
    }
    fn measure(&mut self, series: &str, step: usize, named: &[(String, Tensor)]) {
        self.0.measure(series, step, named);
        self.1.measure(series, step, named);
    }
}
