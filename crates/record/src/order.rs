//! The order of events that one record, or two together, imply.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};

use super::about::{About, Run};
use super::key::{END, Key, PHASES};

/// The order of events: by the count of events, where a record holds one, else by
/// series and step; then by phase, series and name.
#[derive(Clone, Debug)]
pub struct Order {
    series: IndexSet<String>,
    names: IndexSet<String>,
    phases: IndexSet<String>,
    /// Of each series the runs of its steps, by their first.
    runs: HashMap<String, Vec<Span>>,
}

/// Steps of a series without another's between.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: usize,
    steps: usize,
    /// The place of the first among all events, from 1 on.
    event: usize,
}

/// Where a key stands: by event, or by series and step; by phase, series and name;
/// those of other origin come last, by key.
pub type Rank<'k> = ([usize; 5], &'k str);

impl Order {
    /// Of the first record, and behind that what only the others have; events are
    /// counted as the last one says, to which the others are held.
    pub fn of(records: &[&About]) -> Self {
        let join = |list: fn(&About) -> &IndexSet<String>| {
            records.iter().flat_map(|about| list(about)).cloned().collect()
        };
        let mut own = IndexMap::new();
        for (phase, before) in records.iter().flat_map(|about| own_phases(&about.phases)) {
            own.entry(phase).or_insert(before);
        }
        let mut runs = HashMap::new();
        for about in records.iter().rev() {
            for (series, spans) in spans(&about.events) {
                runs.entry(series).or_insert(spans);
            }
        }
        Self {
            series: join(|about| &about.series),
            names: join(|about| &about.names),
            phases: among_known(own),
            runs,
        }
    }

    /// The place of `phase` among all phases; one that is not known comes last.
    pub fn phase(&self, phase: &str) -> usize {
        self.phases.get_index_of(phase).unwrap_or(self.phases.len())
    }

    /// Where `key` stands.
    pub fn rank<'k>(&self, key: &'k Key) -> Rank<'k> {
        let Some(place) = key.place() else { return ([usize::MAX; 5], key.as_str()) };
        let index =
            |list: &IndexSet<String>, item: &str| list.get_index_of(item).unwrap_or(list.len());
        let (series, name) = (index(&self.series, place.series), index(&self.names, place.name));
        let [event, step] = if place.phase == END {
            [usize::MAX - 1, 0] // behind the steps of all series
        } else if self.runs.is_empty() {
            [series, place.step]
        } else {
            self.event(place.series, place.step)
        };
        ([event, step, self.phase(place.phase), series, name], key.as_str())
    }

    /// Whether this step was counted.
    pub(super) fn has(&self, series: &str, step: usize) -> bool {
        let spans = self.runs.get(series).into_iter().flatten();
        spans.into_iter().any(|span| (span.first..span.first + span.steps).contains(&step))
    }

    /// The place of a step among all events. One that was not counted comes behind
    /// the one before it; what is there from the start, first.
    pub(super) fn event(&self, series: &str, step: usize) -> [usize; 2] {
        let Some(spans) = self.runs.get(series) else {
            let index = self.series.get_index_of(series).unwrap_or(self.series.len());
            return [if step == 0 { 0 } else { usize::MAX / 2 + index }, step];
        };
        let after = spans.partition_point(|span| span.first <= step);
        let Some(span) = after.checked_sub(1).map(|i| spans[i]) else { return [0, step] };
        let inside = (step - span.first).min(span.steps - 1);
        [span.event + inside, step - span.first - inside]
    }
}

/// The spans of each series.
fn spans(events: &[Run]) -> HashMap<String, Vec<Span>> {
    let mut spans: HashMap<String, Vec<Span>> = HashMap::new();
    let (mut next, mut last) = (1, 1);
    for Run(series, first, steps, same) in events.iter().filter(|run| run.2 > 0) {
        let event = if *same == 0 { next } else { last };
        spans.entry(series.clone()).or_default().push(Span { first: *first, steps: *steps, event });
        (next, last) = (next.max(event + steps), event);
    }
    for spans in spans.values_mut() {
        spans.sort_by_key(|span| span.first);
    }
    spans
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
            "eval", "measure", "end", "ema",
        ];
        assert_eq!(ordered(&noted), expected);
    }

    fn run(series: &str, first: usize, steps: usize, same: u8) -> Run {
        Run(series.to_owned(), first, steps, same)
    }

    /// The keys in their order, for a record with these events.
    fn sorted(events: Vec<Run>, keys: &[&str]) -> Vec<String> {
        let series = ["d", "g"].map(str::to_owned).into();
        let order = Order::of(&[&About { series, events, ..About::default() }]);
        let mut keys: Vec<_> = keys.iter().map(|&key| Key::from(key)).collect();
        keys.sort_by_cached_key(|key| {
            let (rank, text) = order.rank(key);
            (rank, text.to_owned())
        });
        keys.into_iter().map(|key| key.to_string()).collect()
    }

    #[test]
    fn one_count_of_events_goes_over_all_series() {
        let keys =
            ["d/000002/data/x", "g/000001/param/w", "d/000001/param/w", "g/000000/init/w", "w"];
        let events =
            vec![run("d", 0, 1, 0), run("g", 0, 1, 0), run("d", 1, 1, 0), run("g", 1, 1, 0)];
        let events = [events, vec![run("d", 2, 1, 0)]].concat();
        let expected =
            ["g/000000/init/w", "d/000001/param/w", "g/000001/param/w", "d/000002/data/x", "w"];
        assert_eq!(sorted(events, &keys), expected);
        // An old file has none: series by series.
        let expected =
            ["d/000001/param/w", "d/000002/data/x", "g/000000/init/w", "g/000001/param/w", "w"];
        assert_eq!(sorted(vec![], &keys), expected);
    }

    /// An average that was last called early on was changed until the end.
    #[test]
    fn what_is_there_in_the_end_comes_last() {
        let keys = ["d/000001/end/w", "g/000000/end/w", "g/000009/param/w", "x/000003/loss/l"];
        let events = vec![run("d", 0, 2, 0), run("g", 0, 10, 0)];
        let expected = ["g/000009/param/w", "x/000003/loss/l", "d/000001/end/w", "g/000000/end/w"];
        assert_eq!(sorted(events, &keys), expected);
        assert_eq!(sorted(vec![], &keys), expected);
    }

    #[test]
    fn models_of_one_update_stand_together_by_phase() {
        let events = vec![run("d", 1, 1, 0), run("g", 1, 1, 1), run("d", 2, 3, 0)];
        let keys = [
            "d/000001/param/w",
            "g/000001/grad/w",
            "d/000001/grad/w",
            "d/000004/loss/loss",
            "g/000001/param/w",
            "g/000009/measure/w",
        ];
        let expected = [
            "d/000001/grad/w",
            "g/000001/grad/w",
            "d/000001/param/w",
            "g/000001/param/w",
            "g/000009/measure/w",
            "d/000004/loss/loss",
        ];
        assert_eq!(sorted(events, &keys), expected);
    }
}
