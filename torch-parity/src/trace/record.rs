//! A run's record in memory; reads and writes .safetensors.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use safetensors::SafeTensors;
use tch::Tensor;

use super::{About, Array, Key, Observer};

/// A run's record: key -> tensor.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// What was run, where.
    pub about: About,
    /// The tensors by key.
    pub tensors: BTreeMap<Key, Array>,
}

impl Trace {
    /// An empty record of a run.
    pub fn new(about: About) -> Self {
        Self { about, tensors: BTreeMap::new() }
    }

    /// Adds a tensor; refuses a key that is there already.
    pub fn insert(&mut self, key: Key, array: Array) -> Result<()> {
        ensure!(!self.tensors.contains_key(&key), "{key} is recorded twice: count steps on");
        self.about.note(&key);
        self.tensors.insert(key, array);
        Ok(())
    }

    /// The tensor at a place.
    pub fn get(&self, series: &str, step: usize, phase: &str, name: &str) -> Option<&Array> {
        self.tensors.get(&Key::new(series, step, phase, name))
    }

    /// The keys in the order of events.
    pub fn keys(&self) -> Vec<&Key> {
        let mut keys: Vec<_> = self.tensors.keys().collect();
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
            let array = Array::new(view.dtype(), view.shape().to_vec(), view.data().to_vec())?;
            tensors.insert(key.into(), array);
        }
        Ok(Self { about, tensors })
    }
}

impl Observer for Trace {
    fn tensors(
        &mut self,
        series: &str,
        step: usize,
        phase: &str,
        named: &[(&str, &Tensor)],
    ) -> Result<()> {
        for (name, tensor) in named {
            self.insert(Key::new(series, step, phase, name), Array::of(tensor)?)?;
        }
        Ok(())
    }
}
