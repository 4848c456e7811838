//! What a record says of its run, and the order of events that follows from it.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use serde::{Deserialize, Deserializer, Serialize};

use super::key::{Key, PHASES};

/// What a record says of a model that was trained.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Model {
    /// Its series.
    pub series: String,
    /// The name of its class.
    pub class: String,
    /// How often it was updated.
    pub steps: usize,
    /// `torch.initial_seed()` at its first step, as a number of 64 bits.
    #[serde(deserialize_with = "any_64_bits")]
    pub seed: Option<i64>,
    /// Its optimizer's class and settings.
    pub optimizer: Option<serde_json::Map<String, serde_json::Value>>,
    /// The nodes of its loss's autograd graph, from the loss on.
    pub graph: Vec<String>,
}

impl Model {
    /// Its optimizer's learning rate.
    pub fn lr(&self) -> Option<f64> {
        self.optimizer.as_ref()?.get("lr")?.as_f64()
    }
}

/// PyTorch tells a negative seed as an unsigned number.
fn any_64_bits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = Option::<serde_json::Number>::deserialize(deserializer)?;
    Ok(number.and_then(|n| n.as_i64().or_else(|| n.as_u64().map(|n| n as i64))))
}

/// What a record says of its run; the metadata of the file, as JSON.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct About {
    /// What ran: an experiment's or a script's name.
    #[serde(default)]
    pub experiment: String,
    /// Every setting that the results depend on.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// What ran it: `by`, `torch`, `threads`, `cpu_capability` where known.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The series in the order in which they ran; the file sorts by name.
    #[serde(default)]
    pub series: IndexSet<String>,
    /// Likewise the names of tensors.
    #[serde(default)]
    pub names: IndexSet<String>,
    /// Likewise the phases, where they are not a part of [`PHASES`] in its order.
    #[serde(default, skip_serializing_if = "IndexSet::is_empty")]
    pub phases: IndexSet<String>,
    /// What was trained, in a record of a script.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Model>,
}

impl About {
    /// Of a run of `experiment` by this crate, with these settings and so many
    /// threads of libtorch.
    pub fn new(experiment: &str, settings: BTreeMap<String, String>, threads: i32) -> Self {
        let environment = [
            ("by", format!("tch {}", crate::TCH_VERSION)),
            ("torch", crate::TORCH_VERSION.to_owned()),
            ("threads", threads.to_string()),
        ];
        let environment =
            environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { experiment: experiment.to_owned(), settings, environment, ..Self::default() }
    }

    /// Remembers the order in which the parts of `key` arose.
    pub(super) fn note(&mut self, key: &Key) {
        let Some(place) = key.place() else { return };
        for (list, item) in [(&mut self.series, place.series), (&mut self.names, place.name)] {
            if !list.contains(item) {
                list.insert(item.to_owned());
            }
        }
        if self.phase(place.phase) == self.phase_count() {
            if self.phases.is_empty() {
                self.phases.extend(PHASES.map(str::to_owned));
            }
            self.phases.insert(place.phase.to_owned());
        }
    }

    /// The place of `phase` among all phases; one that is not known comes last.
    pub fn phase(&self, phase: &str) -> usize {
        if self.phases.is_empty() {
            PHASES.iter().position(|&known| known == phase).unwrap_or(PHASES.len())
        } else {
            self.phases.get_index_of(phase).unwrap_or(self.phases.len())
        }
    }

    fn phase_count(&self) -> usize {
        if self.phases.is_empty() { PHASES.len() } else { self.phases.len() }
    }

    /// Where `key` stands in the order of events. Keys of another form come
    /// last, by name.
    fn rank<'k>(&self, key: &'k Key) -> (usize, usize, usize, usize, &'k str) {
        let Some(place) = key.place() else { return (usize::MAX, 0, 0, 0, key.as_str()) };
        let index = |list: &IndexSet<String>, item: &str| list.get_index_of(item);
        let series = index(&self.series, place.series).unwrap_or(self.series.len());
        let name = index(&self.names, place.name).unwrap_or(self.names.len());
        (series, place.step, self.phase(place.phase), name, key.as_str())
    }

    /// Sorts `keys` by the order of events.
    pub fn sort(&self, keys: &mut [&Key]) {
        keys.sort_by_cached_key(|key| self.rank(key));
    }

    /// The order of events that this and the other's lists imply.
    #[must_use]
    pub fn order_with(&self, other: &Self) -> Self {
        let join = |a: &IndexSet<String>, b: &IndexSet<String>| a.union(b).cloned().collect();
        Self {
            series: join(&self.series, &other.series),
            names: join(&self.names, &other.names),
            phases: join(&self.phases, &other.phases),
            ..Self::default()
        }
    }
}
