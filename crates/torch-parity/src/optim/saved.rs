//! What a `state_dict` has that was not loaded yet.

use std::collections::BTreeMap;

use tch::{Kind, Tensor};

use crate::error::{Error, Result, ensure};

/// What has not been loaded yet.
pub(super) struct Saved<'a>(BTreeMap<&'a str, &'a Tensor>);

impl<'a> Saved<'a> {
    pub fn of(all: &'a BTreeMap<String, Tensor>) -> Self {
        Self(all.iter().map(|(name, x)| (name.as_str(), x)).collect())
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Takes what may be there.
    pub fn take(&mut self, key: &str) -> Option<&'a Tensor> {
        self.0.remove(key)
    }

    /// Takes what must be there.
    pub fn tensor(&mut self, key: &str) -> Result<&'a Tensor> {
        self.take(key).ok_or_else(|| Error::State(format!("no {key}")))
    }

    pub fn float(&mut self, key: &str) -> Result<f64> {
        let x = self.tensor(key)?;
        ensure!(x.kind() == Kind::Double, State, "{key} is float64, not {:?}", x.kind());
        Ok(x.try_into()?)
    }

    /// `key.0`, `key.1` and so on, as far as they go.
    pub fn list<T>(&mut self, key: &str, of: impl Fn(&Tensor) -> T) -> Vec<T> {
        (0..).map_while(|i| self.take(&format!("{key}.{i}")).map(&of)).collect()
    }

    /// Refuses what nobody took.
    pub fn finish(self, refused: &str) -> Result<()> {
        let unknown: Vec<_> = self.0.into_keys().collect();
        ensure!(unknown.is_empty(), State, "{refused} {}", unknown.join(", "));
        Ok(())
    }
}
