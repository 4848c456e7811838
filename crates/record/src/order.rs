//! The order of events that one record, or two together, imply.

use indexmap::{IndexMap, IndexSet};

use super::about::About;
use super::key::{Key, PHASES};

/// The order of events: by series, step, phase and name.
#[derive(Clone, Debug)]
pub struct Order {
    series: IndexSet<String>,
    names: IndexSet<String>,
    phases: IndexSet<String>,
}

/// Where a key stands; those of other origin come last, by name.
pub type Rank<'k> = (usize, usize, usize, usize, &'k str);

impl Order {
    /// Of the first record, and behind that what only the others have.
    pub fn of(records: &[&About]) -> Self {
        let join = |list: fn(&About) -> &IndexSet<String>| {
            records.iter().flat_map(|about| list(about)).cloned().collect()
        };
        let mut own = IndexMap::new();
        for (phase, before) in records.iter().flat_map(|about| own_phases(&about.phases)) {
            own.entry(phase).or_insert(before);
        }
        Self {
            series: join(|about| &about.series),
            names: join(|about| &about.names),
            phases: among_known(own),
        }
    }

    /// The place of `phase` among all phases; one that is not known comes last.
    pub fn phase(&self, phase: &str) -> usize {
        self.phases.get_index_of(phase).unwrap_or(self.phases.len())
    }

    /// Where `key` stands.
    pub fn rank<'k>(&self, key: &'k Key) -> Rank<'k> {
        let Some(place) = key.place() else { return (usize::MAX, 0, 0, 0, key.as_str()) };
        let index =
            |list: &IndexSet<String>, item: &str| list.get_index_of(item).unwrap_or(list.len());
        let series = index(&self.series, place.series);
        let name = index(&self.names, place.name);
        (series, place.step, self.phase(place.phase), name, key.as_str())
    }
}

/// The phases of a run's own, each with the place in [`PHASES`] that it comes
/// before: that of the first known phase noted after it, as `noted` is in the
/// order in which each first arose.
fn own_phases(noted: &IndexSet<String>) -> Vec<(String, usize)> {
    let mut own = Vec::new();
    let mut next = PHASES.len();
    for phase in noted.iter().rev() {
        match PHASES.iter().position(|known| phase == known) {
            Some(place) => next = place,
            None => own.push((phase.clone(), next)),
        }
    }
    own.reverse();
    own
}

/// [`PHASES`] with a run's own among them. The order of the known ones stands
/// whatever was noted: `measure` arises before training as well as after a step.
fn among_known(own: IndexMap<String, usize>) -> IndexSet<String> {
    let mut own: Vec<_> = own.into_iter().collect();
    own.sort_by_key(|(_, before)| *before); // stable: as noted where they meet
    let mut own = own.into_iter().peekable();
    let mut all = IndexSet::new();
    for place in 0..=PHASES.len() {
        while let Some((phase, _)) = own.next_if(|(_, before)| *before == place) {
            all.insert(phase);
        }
        all.extend(PHASES.get(place).map(|&phase| phase.to_owned()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(noted: &[&str]) -> Vec<String> {
        let phases = noted.iter().map(|&phase| phase.to_owned()).collect();
        let about = About { phases, ..About::default() };
        Order::of(&[&About::default(), &about]).phases.into_iter().collect()
    }

    #[test]
    fn the_known_phases_keep_their_order() {
        assert_eq!(ordered(&[]), PHASES);
        assert_eq!(ordered(&["data", "init", "measure", "forward", "loss"]), PHASES);
    }

    #[test]
    fn a_phase_of_ones_own_comes_before_what_was_recorded_after_it() {
        let noted = ["init", "measure", "batch", "mask", "forward", "loss", "clip", "grad", "ema"];
        let expected = [
            "data", "init", "batch", "mask", "forward", "loss", "clip", "grad", "state", "param",
            "measure", "ema",
        ];
        assert_eq!(ordered(&noted), expected);
    }
}
