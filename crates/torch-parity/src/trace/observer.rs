//! Who is told what a run does, while it does it.

use parity_record::{Array, Key, SHARED, Trace, Writer};
use tch::Tensor;

use crate::error::Result;
use crate::nn::Module;
use crate::optim::{Group, Optimizer, Setting};
use crate::values::{InOrder, OfTensor};

/// Tensors under their names, in PyTorch's order.
pub type Named<'a> = [(&'a str, &'a Tensor)];

/// One training step, after the optimizer's update. Copy what is to outlive it:
/// the next step may write to the same memory.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    /// What is being trained.
    pub series: &'a str,
    /// Counted from 1.
    pub step: usize,
    /// What the forward pass put out, before the update.
    pub forward: &'a [(&'a str, &'a Tensor)],
    /// (), before the update.
    pub loss: &'a Tensor,
    /// Gradients, and after the update state and parameters.
    pub optimizer: &'a dyn Optimizer,
}

/// Is told what a run does, while it does it.
pub trait Observer {
    /// Tensors of one phase of a step, in PyTorch's order; who looks at whole steps
    /// alone does nothing with them.
    fn tensors(&mut self, _series: &str, _step: usize, _phase: &str, _named: &Named) -> Result<()> {
        Ok(())
    }

    /// A training step, told phase by phase unless an observer takes it as one.
    fn step(&mut self, at: &Step) -> Result<()> {
        self.tensors(at.series, at.step, "forward", at.forward)?;
        self.tensors(at.series, at.step, "loss", &[("loss", at.loss)])?;
        self.update(at.series, at.step, at.optimizer)
    }

    /// An optimizer's update: gradients, and after it state and parameters.
    fn update(&mut self, series: &str, step: usize, optimizer: &dyn Optimizer) -> Result<()> {
        let mut tell = |phase, named: &Named| self.tensors(series, step, phase, named);
        let parameters = optimizer.parameters();
        let taken = parameters.taken();
        let grads_then = taken.map_or(parameters.grads(), |taken| &taken.grads);
        let names = || parameters.names().iter().map(String::as_str);
        let grads = names().zip(grads_then);
        let grads: Vec<_> = grads.filter_map(|(name, grad)| Some((name, grad.as_ref()?))).collect();
        tell("grad", &grads)?;
        let state_of = |(i, name)| {
            let named = optimizer.state(i).into_iter();
            named.map(move |(of, tensor)| (format!("{name}.{of}"), tensor))
        };
        let state: Vec<_> = names().enumerate().flat_map(state_of).collect();
        tell("state", &borrowed(&state))?;
        tell("param", &names().zip(parameters.tensors()).collect::<Vec<_>>())?;
        let groups = taken.map_or_else(|| optimizer.param_groups(), |taken| taken.groups.clone());
        self.groups(series, step, &groups);
        Ok(())
    }

    /// What the optimizer's groups of parameters were set to in this step.
    fn groups(&mut self, _series: &str, _step: usize, _groups: &[Group]) {}

    /// What all series share.
    fn data(&mut self, named: &Named) -> Result<()> {
        self.tensors(SHARED, 0, "data", named)
    }

    /// The parameters that `series` starts from.
    fn init(&mut self, series: &str, module: &dyn Module) -> Result<()> {
        self.tensors(series, 0, "init", &borrowed(&module.named_parameters()))
    }

    /// What was found out of `series` after so many steps.
    fn measure(&mut self, series: &str, step: usize, named: &Named) -> Result<()> {
        self.tensors(series, step, "measure", named)
    }
}

/// Owned names and tensors, as an observer takes them.
pub fn borrowed(named: &[(String, Tensor)]) -> Vec<(&str, &Tensor)> {
    named.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect()
}

/// Nobody watches: a run pays one call a step.
impl Observer for () {
    fn step(&mut self, _: &Step) -> Result<()> {
        Ok(())
    }
}

/// Two watch, and are told in this order.
pub struct Both<'a>(pub &'a mut dyn Observer, pub &'a mut dyn Observer);

impl Observer for Both<'_> {
    fn tensors(&mut self, series: &str, step: usize, phase: &str, named: &Named) -> Result<()> {
        self.0.tensors(series, step, phase, named)?;
        self.1.tensors(series, step, phase, named)
    }

    fn step(&mut self, at: &Step) -> Result<()> {
        self.0.step(at)?;
        self.1.step(at)
    }

    fn groups(&mut self, series: &str, step: usize, groups: &[Group]) {
        self.0.groups(series, step, groups);
        self.1.groups(series, step, groups);
    }
}

/// As a record has them.
fn written(groups: &[Group]) -> Vec<parity_record::Group> {
    let value = |setting: &Setting| match *setting {
        Setting::Float(x) => number(x),
        Setting::Pair(x, y) => vec![number(x), number(y)].into(),
        Setting::Flag(flag) => flag.into(),
        Setting::Whole(n) => n.into(),
        Setting::Word(word) => word.into(),
    };
    let group = |group: &Group| {
        group.iter().map(|(name, setting)| ((*name).to_owned(), value(setting))).collect()
    };
    groups.iter().map(group).collect()
}

/// JSON has no number for inf and nan: then as Python prints it.
fn number(x: f64) -> serde_json::Value {
    let word = || if x.is_nan() { "nan".to_owned() } else { x.to_string() };
    if x.is_finite() { x.into() } else { word().into() }
}

impl Observer for Trace {
    fn tensors(&mut self, series: &str, step: usize, phase: &str, named: &Named) -> Result<()> {
        for (name, tensor) in named {
            self.insert(Key::new(series, step, phase, name), Array::of(tensor)?)?;
        }
        Ok(())
    }

    fn groups(&mut self, series: &str, step: usize, groups: &[Group]) {
        self.about.groups.note(series, step, written(groups));
    }
}

impl Observer for Writer {
    fn tensors(&mut self, series: &str, step: usize, phase: &str, named: &Named) -> Result<()> {
        if !self.wants(step) {
            return Ok(self.refuse_after_signal()?);
        }
        // Digests together, on all cores; values one by one, so that there is one
        // copy at a time of those that are not in order.
        let most = if self.is_of_digests() { named.len().max(1) } else { 1 };
        for named in named.chunks(most) {
            let held: Result<Vec<_>> = named.iter().map(|(_, x)| InOrder::of(x)).collect();
            let held = held?;
            let views = named.iter().zip(&held).map(|((name, _), x)| Ok((*name, x.view()?)));
            self.record(series, step, phase, &views.collect::<Result<Vec<_>>>()?)?;
        }
        Ok(())
    }

    fn groups(&mut self, series: &str, step: usize, groups: &[Group]) {
        self.note_groups(series, step, written(groups));
    }
}
