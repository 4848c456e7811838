//! What a trace says of its run, and the order of events that follows from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The phases of a step, in the order in which they happen.
///
/// `measure` is what an experiment finds out after the step, with the parameters
/// that the step left behind: at step 0, with the initial ones.
pub const PHASES: [&str; 8] =
    ["data", "init", "forward", "loss", "grad", "state", "param", "measure"];

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
