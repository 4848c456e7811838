//! What optimizers were set to, step by step.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A group of parameters: its settings under PyTorch's names, as `param_groups` has
/// them.
pub type Group = Map<String, Value>;

/// What changed of a series' groups in a step; of the first step, all of it.
pub type Change = (String, usize, Vec<Group>);

/// What optimizers were set to, step by step: in a file, only what changed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Groups {
    changes: Vec<Change>,
    /// By series, as noted last.
    #[serde(skip)]
    now: BTreeMap<String, Vec<Group>>,
}

impl Groups {
    /// What changed, in the order in which it was noted.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds what a further file of the same record says.
    pub(super) fn extend(&mut self, other: Self) {
        self.changes.extend(other.changes);
    }

    /// Notes what the groups of a series are set to in this step.
    pub fn note(&mut self, series: &str, step: usize, groups: Vec<Group>) {
        let known = self.now.get(series).filter(|known| known.len() == groups.len());
        let change = match known {
            None => groups.clone(),
            Some(known) => groups.iter().zip(known).map(|(new, old)| changed(new, old)).collect(),
        };
        if change.iter().any(|group| !group.is_empty()) {
            self.changes.push((series.to_owned(), step, change));
            self.now.insert(series.to_owned(), groups);
        }
    }
}

/// What is not as it was.
fn changed(new: &Group, old: &Group) -> Group {
    let changed = new.iter().filter(|(name, value)| old.get(*name) != Some(*value));
    changed.map(|(name, value)| (name.clone(), value.clone())).collect()
}
