//! Resynchronisation: after each step both runs go on from the same values, so
//! that each step's own error shows, apart from what it inherited.

use safetensors::Dtype;
use tch::{Kind, Tensor, no_grad};

use crate::trace::{Array, Observer, Step, Trace};

/// An observer that puts the values of another run's trace in place of the
/// run's own: data, initial parameters and, after each step, parameters and
/// what the optimizer remembers of them.
///
/// Where it watches together with others it comes last: they are to see the
/// run's own values. What the trace lacks, or has in another shape, stays.
#[derive(Debug)]
pub struct Resync<'a>(pub &'a Trace);

impl Resync<'_> {
    fn put(&self, series: &str, step: usize, phase: &str, name: &str, tensor: &Tensor) {
        let key = format!("{series}/{step:06}/{phase}/{name}");
        if let Some(value) = self.0.tensors.get(&key).and_then(tensor_of)
            && value.size() == tensor.size()
        {
            // In place, so that network and optimizer go on from it.
            no_grad(|| tensor.shallow_clone().copy_(&value));
        }
    }
}

impl Observer for Resync<'_> {
    fn data(&mut self, named: &[(&str, &Tensor)]) {
        for (name, tensor) in named {
            self.put("data", 0, "data", name, tensor);
        }
    }

    fn init(&mut self, series: &str, named: &[(String, Tensor)]) {
        for (name, tensor) in named {
            self.put(series, 0, "init", name, tensor);
        }
    }

    fn step(&mut self, step: &Step) {
        let put =
            |phase, name: &str, tensor| self.put(step.series, step.epoch, phase, name, tensor);
        for (name, state) in step.names.iter().zip(step.state) {
            put("state", &format!("{name}.exp_avg"), &state.exp_avg);
            put("state", &format!("{name}.exp_avg_sq"), &state.exp_avg_sq);
        }
        for (name, param) in step.names.iter().zip(step.params) {
            put("param", name, param);
        }
    }
}

/// The array as a tensor; none for a dtype that no experiment trains with.
fn tensor_of(array: &Array) -> Option<Tensor> {
    let kind = match array.dtype {
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        Dtype::I64 => Kind::Int64,
        _ => return None,
    };
    let shape: Vec<_> = array.shape.iter().map(|&n| n as i64).collect();
    Some(Tensor::from_data_size(&array.bytes, &shape, kind))
}
