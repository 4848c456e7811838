//! The complete record of a run: key -> tensor, in the order of events; reads
//! and writes .safetensors. Twin of `python_ref/trace.py`.
//!
//! A key is `series/step/phase/name`, for example
//! `tanh/000007/grad/fc1.weight`; step 000000 is before training.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail};
use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::pytorch;
use crate::pytorch::optim::State;

/// The phases of a step, in the order in which they happen.
///
/// `measure` is what an experiment finds out after the step, with the parameters
/// that the step left behind: at step 0, with the initial ones.
pub const PHASES: [&str; 8] =
    ["data", "init", "forward", "loss", "grad", "state", "param", "measure"];

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

/// A tensor's values, as bytes in native order, apart from libtorch.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The type of a value.
    pub dtype: Dtype,
    /// Empty for a single value.
    pub shape: Vec<usize>,
    /// The values in row-major order.
    pub bytes: Vec<u8>,
}

impl From<&Tensor> for Array {
    fn from(tensor: &Tensor) -> Self {
        let (dtype, width) = match tensor.kind() {
            Kind::Float => (Dtype::F32, 4),
            Kind::Double => (Dtype::F64, 8),
            Kind::Int64 => (Dtype::I64, 8),
            Kind::Uint8 => (Dtype::U8, 1),
            kind => unreachable!("no experiment records a tensor of kind {kind:?}"),
        };
        let mut bytes = vec![0; tensor.numel() * width];
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        let shape = tensor.size().iter().map(|&n| n as usize).collect();
        Self { dtype, shape, bytes }
    }
}

impl View for &Array {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// What a trace says of its run; the metadata of the file, as JSON.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct About {
    /// The experiment's name.
    pub experiment: String,
    /// Every setting that the results depend on.
    pub settings: BTreeMap<String, String>,
    /// What ran it: `by`, `torch`, `threads`, `cpu_capability` where known.
    pub environment: BTreeMap<String, String>,
    /// The series in the order in which they ran; the file sorts by name.
    pub series: Vec<String>,
    /// Likewise the names of tensors.
    pub names: Vec<String>,
}

impl About {
    /// Where `key` stands in the order of events. Keys of another form come
    /// last, by name.
    fn rank<'k>(&self, key: &'k str) -> (usize, usize, usize, usize, &'k str) {
        let place =
            |list: &[String], item| list.iter().position(|x| x == item).unwrap_or(list.len());
        let parts: Vec<_> = key.splitn(4, '/').collect();
        if let [series, step, phase, name] = parts[..]
            && let Ok(step) = step.parse()
        {
            let phase = PHASES.iter().position(|&p| p == phase).unwrap_or(PHASES.len());
            (place(&self.series, series), step, phase, place(&self.names, name), key)
        } else {
            (usize::MAX, 0, 0, 0, key)
        }
    }

    /// Sorts `keys` by the order of events.
    pub fn sort(&self, keys: &mut [&str]) {
        keys.sort_by_cached_key(|key| self.rank(key));
    }
}

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
        Self::from_bytes(&bytes)
            .with_context(|| format!("{} is not a readable .safetensors file", path.display()))
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
