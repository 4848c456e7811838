//! The complete record of a run: key -> tensor, in the order of events; reads
//! and writes .safetensors. Twin of `python_ref/trace.py`.
//!
//! A key is `series/step/phase/name`, for example
//! `tanh/000007/grad/fc1.weight`; step 000000 is before training.

mod about;
mod array;
mod observer;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use safetensors::SafeTensors;
use tch::Tensor;

pub use self::about::{About, PHASES};
pub use self::array::Array;
pub use self::observer::{Observer, Step};
use crate::pytorch;

/// A run's record.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// What was run, where.
    pub about: About,
    /// The tensors by key.
    pub tensors: BTreeMap<String, Array>,
}

impl Trace {
    /// An empty record of an experiment with these settings.
    pub fn new(experiment: &str, settings: Vec<(&'static str, String)>, threads: i32) -> Self {
        let named = |(name, value): (&str, String)| (name.to_owned(), value);
        let environment = [
            ("by", format!("tch {}", env!("TCH_VERSION"))),
            ("torch", pytorch::VERSION.to_owned()),
            ("threads", threads.to_string()),
        ];
        let about = About {
            experiment: experiment.to_owned(),
            settings: settings.into_iter().map(named).collect(),
            environment: environment.into_iter().map(named).collect(),
            ..About::default()
        };
        Self { about, tensors: BTreeMap::new() }
    }

    /// Adds a copy of `tensor`.
    pub fn record(&mut self, series: &str, step: usize, phase: &str, name: &str, tensor: &Tensor) {
        for (list, item) in [(&mut self.about.series, series), (&mut self.about.names, name)] {
            if !list.iter().any(|x| x == item) {
                list.push(item.to_owned());
            }
        }
        self.tensors.insert(format!("{series}/{step:06}/{phase}/{name}"), tensor.into());
    }

    /// The keys in the order of events.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<_> = self.tensors.keys().map(String::as_str).collect();
        self.about.sort(&mut keys);
        keys
    }

    /// The bytes of the .safetensors file.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        // One entry: .safetensors writes several in no fixed order.
        let metadata = HashMap::from([("trace".to_owned(), serde_json::to_string(&self.about)?)]);
        Ok(safetensors::serialize(&self.tensors, Some(metadata))?)
    }

    /// Reads a .safetensors file, one of ours or of any origin.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let trace = Self::from_bytes(&bytes)
            .with_context(|| format!("{} is not a readable .safetensors file", path.display()))?;
        ensure!(!trace.tensors.is_empty(), "{} holds no tensors", path.display());
        Ok(trace)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        let about = match metadata.metadata().as_ref().and_then(|map| map.get("trace")) {
            Some(text) => {
                serde_json::from_str(text).context("its metadata entry 'trace' is not ours")?
            }
            None => About::default(),
        };
        let mut tensors = BTreeMap::new();
        for (key, view) in SafeTensors::deserialize(bytes)?.tensors() {
            if view.dtype().bitsize() % 8 != 0 {
                bail!(
                    "{key} is of dtype {:?}: no values smaller than a byte are compared",
                    view.dtype()
                );
            }
            let (dtype, shape, bytes) = (view.dtype(), view.shape().to_vec(), view.data().to_vec());
            tensors.insert(key, Array { dtype, shape, bytes });
        }
        Ok(Self { about, tensors })
    }
}

impl Observer for Trace {
    fn data(&mut self, named: &[(&str, &Tensor)]) {
        for (name, tensor) in named {
            self.record("data", 0, "data", name, tensor);
        }
    }

    fn init(&mut self, series: &str, named: &[(String, Tensor)]) {
        for (name, tensor) in named {
            self.record(series, 0, "init", name, tensor);
        }
    }

    fn step(&mut self, step: &Step) {
        let mut record =
            |phase, name: &str, tensor| self.record(step.series, step.epoch, phase, name, tensor);
        record("forward", "logits", step.logits);
        record("loss", "loss", step.loss);
        for (name, grad) in step.names.iter().zip(step.grads) {
            record("grad", name, grad);
        }
        for (name, state) in step.names.iter().zip(step.state) {
            record("state", &format!("{name}.exp_avg"), &state.exp_avg);
            record("state", &format!("{name}.exp_avg_sq"), &state.exp_avg_sq);
        }
        for (name, param) in step.names.iter().zip(step.params) {
            record("param", name, param);
        }
    }

    fn measure(&mut self, series: &str, step: usize, named: &[(String, Tensor)]) {
        for (name, tensor) in named {
            self.record(series, step, "measure", name, tensor);
        }
    }
}
