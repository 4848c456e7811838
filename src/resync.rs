//! Resynchronisation: after each step both runs go on from the same values, so
//! that each step's own error shows, apart from what it inherited.

use tch::no_grad;
use torch_parity::Result;
use torch_parity::trace::{Named, Observer, OfTensor, Trace};

/// An observer that overwrites a run's own values with those of another run's
/// record: data, initial parameters and, after each step, parameters and what
/// the optimizer remembers of them.
///
/// Where it watches together with others it comes last: they are to see the
/// run's own values. What the record lacks, or has in another shape, stays.
#[derive(Debug)]
pub struct Resync<'a>(pub &'a Trace);

/// The phases that a run goes on from.
const OVERWRITTEN: [&str; 4] = ["data", "init", "state", "param"];

impl Observer for Resync<'_> {
    fn tensors(&mut self, series: &str, step: usize, phase: &str, named: &Named) -> Result<()> {
        if !OVERWRITTEN.contains(&phase) {
            return Ok(());
        }
        for (name, tensor) in named {
            let Some(array) = self.0.get(series, step, phase, name) else { continue };
            let value = array.to_tensor()?;
            if value.size() == tensor.size() {
                // In place, so that network and optimizer go on from it.
                no_grad(|| tensor.shallow_clone().copy_(&value));
            }
        }
        Ok(())
    }
}
