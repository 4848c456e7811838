//! What a record says of its run, and the order of events that follows from it.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use serde::{Deserialize, Deserializer, Serialize};

use super::groups::Groups;
use super::key::{Key, PHASES};

/// What a record says of a model that was trained.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Model {
    /// Its series.
    pub series: String,
    /// The name of its class; empty for tensors of no module.
    #[serde(deserialize_with = "or_empty")]
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

/// Whether it seems that somebody set this seed: PyTorch draws one of 53 bits or more
/// where nobody does.
pub fn is_chosen_seed(seed: i64) -> bool {
    seed.unsigned_abs() < 1 << 48
}

/// PyTorch tells a negative seed as an unsigned number.
fn any_64_bits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = Option::<serde_json::Number>::deserialize(deserializer)?;
    Ok(number.and_then(|n| n.as_i64().or_else(|| n.as_u64().map(|n| n as i64))))
}

/// Tensors of no module have no class.
fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Steps of one series that no other series' steps came between: its name, the
/// first of them, how many, and 1 where the update is that of the run before, since
/// one optimizer updates several models.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Run(pub String, pub usize, pub usize, #[serde(default)] pub u8);

/// What a record says of its run; the metadata of the file, as JSON.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct About {
    /// What ran: an experiment's or a script's name.
    pub experiment: String,
    /// Every setting that the results depend on.
    pub settings: BTreeMap<String, String>,
    /// What ran it: `by`, `torch`, `threads`, `cpu`, `cpu_capability` where known.
    pub environment: BTreeMap<String, String>,
    /// The series in the order in which they ran; the file sorts by name.
    pub series: IndexSet<String>,
    /// Likewise the names of tensors.
    pub names: IndexSet<String>,
    /// Likewise the phases; written only where some are not of [`PHASES`].
    #[serde(skip_serializing_if = "only_known")]
    pub phases: IndexSet<String>,
    /// The steps of all series in the order in which they were taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Run>,
    /// The state of the default generator of random numbers by the end of a step of
    /// a series, as a digest, where it is not that of the step before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub generator: Vec<(String, usize, String)>,
    /// What the optimizer's groups of parameters were set to when a series took a step,
    /// where that is not what they were set to before.
    #[serde(skip_serializing_if = "Groups::is_empty")]
    pub groups: Groups,
    /// How each tensor's digest was computed, where the record has digests in
    /// place of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Why the record ends before its run was to end, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<String>,
    /// What steps of a script lack that others have, and why, in lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// What was trained, in a record of a script.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Model>,
}

impl About {
    /// Of a run of `experiment` with these settings, by what this environment says.
    pub fn new(
        experiment: &str,
        settings: BTreeMap<String, String>,
        environment: BTreeMap<String, String>,
    ) -> Self {
        Self { experiment: experiment.to_owned(), settings, environment, ..Self::default() }
    }

    /// Adds what a further file of the same record says.
    pub(super) fn join(&mut self, other: Self) {
        // All of it: a field that is forgotten here would be lost on reading.
        let Self {
            experiment,
            settings,
            environment,
            series,
            names,
            phases,
            events,
            generator,
            groups,
            digest,
            partial,
            lacks,
            models,
        } = other;
        if self.experiment.is_empty() {
            self.experiment = experiment;
        }
        if self.settings.is_empty() {
            self.settings = settings;
        }
        if self.environment.is_empty() {
            self.environment = environment;
        }
        self.digest = self.digest.take().or(digest);
        self.partial = self.partial.take().or(partial);
        self.lacks.extend(lacks);
        self.models.extend(models);
        self.events.extend(events);
        self.generator.extend(generator);
        self.groups.extend(groups);
        self.series.extend(series);
        self.names.extend(names);
        self.phases.extend(phases);
    }

    /// Remembers that a series takes this step now.
    pub(super) fn note_step(&mut self, series: &str, step: usize) {
        match self.events.last_mut() {
            Some(run) if run.0 == series && run.1 + run.2 == step => run.2 += 1,
            _ => self.events.push(Run(series.to_owned(), step, 1, 0)),
        }
    }

    /// Remembers the order in which the parts of `key` arose.
    pub(super) fn note(&mut self, key: &Key) {
        let Some(place) = key.place() else { return };
        for (list, item) in [
            (&mut self.series, place.series),
            (&mut self.names, place.name),
            (&mut self.phases, place.phase),
        ] {
            if !list.contains(item) {
                list.insert(item.to_owned());
            }
        }
    }
}

/// Whether there is nothing in `phases` that [`PHASES`] does not say.
fn only_known(phases: &IndexSet<String>) -> bool {
    phases.iter().all(|phase| PHASES.contains(&phase.as_str()))
}
