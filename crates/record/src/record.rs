//! A run's record in memory; reads and writes .safetensors.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::digests::Digests;
use super::order::Order;
use super::read::shown;
use super::{About, Array, Input, Key, whole};
use crate::error::{Context, Result, bail, ensure};

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
        ensure!(
            !self.tensors.contains_key(&key),
            Record,
            "{key} is recorded twice: count steps on"
        );
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
        let order = Order::of(&[&self.about]);
        keys.sort_by_cached_key(|key| order.rank(key));
        keys
    }

    /// The bytes of the .safetensors file.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if self.about.digest.is_some() {
            return self.digests_to_bytes();
        }
        // One entry: .safetensors writes several in no fixed order.
        let metadata = HashMap::from([("trace".to_owned(), serde_json::to_string(&self.about)?)]);
        let tensors = self.tensors.iter().map(|(key, array)| (key.as_str(), array));
        Ok(safetensors::serialize(tensors, Some(metadata))?)
    }

    fn digests_to_bytes(&self) -> Result<Vec<u8>> {
        let (mut digests, mut bytes) = (Digests::new(), Vec::new());
        let folder = std::env::temp_dir();
        for (key, array) in &self.tensors {
            digests.push(key, array, &folder)?;
        }
        let metadata = json!({ "trace": serde_json::to_string(&self.about)? });
        digests.write_to(&metadata, &folder, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads a .safetensors file, one of ours or of any origin.
    pub fn read(path: &Path) -> Result<Self> {
        match Input::read(path)? {
            Input::Record(trace) => Ok(trace),
            Input::Stored(stored) => stored.into_trace(),
            Input::Table(_) => bail!("{} is a table: name a record", shown(path)),
        }
    }
}

/// Writes arrays by name as a .safetensors file, such as a model's parameters; whole,
/// or not at all.
pub fn save(arrays: &BTreeMap<String, Array>, path: &Path) -> Result<()> {
    // PyTorch's readers know their files by this entry.
    let metadata = [("format".to_owned(), "pt".to_owned())].into();
    let bytes = safetensors::serialize(arrays, Some(metadata))?;
    let write = || {
        let mut file = whole::beside(path)?;
        file.write_all(&bytes)?;
        whole::replace(path, file)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
