//! Where two runs drew different random numbers.

use super::about::{About, Run};
use super::order::Order;

/// The first step of `expected` by whose end the default generators of the two runs
/// were not in the same state: its series and number. None where they always were,
/// or a record does not say.
pub fn parted<'a>(actual: &About, expected: &'a About) -> Option<(&'a str, usize)> {
    let states = [actual, expected].map(States::of);
    let steps = expected.events.iter().flat_map(|Run(series, first, count, _)| {
        (*first..first + count).map(move |step| (series.as_str(), step))
    });
    steps.filter(|(_, step)| *step > 0).find(|(series, step)| {
        let [a, e] = states.each_ref().map(|states| states.at_end_of(series, *step));
        a.is_some() && e.is_some() && a != e
    })
}

/// The states that a record names, in the order of its events.
struct States<'a> {
    order: Order,
    known: Vec<([usize; 2], &'a str)>,
}

impl<'a> States<'a> {
    fn of(about: &'a About) -> Self {
        let order = Order::of(&[about]);
        let known = about
            .generator
            .iter()
            .map(|(series, step, digest)| (order.event(series, *step), digest.as_str()));
        let mut known: Vec<_> = known.collect();
        known.sort_by_key(|(event, _)| *event);
        Self { order, known }
    }

    /// The state by the end of a step that the record has.
    fn at_end_of(&self, series: &str, step: usize) -> Option<&'a str> {
        if !self.order.has(series, step) {
            return None;
        }
        let event = self.order.event(series, step);
        let after = self.known.partition_point(|(known, _)| *known <= event);
        after.checked_sub(1).map(|i| self.known[i].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(states: &[(usize, &str)]) -> About {
        let generator =
            states.iter().map(|(step, digest)| ("net".to_owned(), *step, (*digest).to_owned()));
        let events = vec![Run("net".to_owned(), 0, 6, 0)];
        About { events, generator: generator.collect(), ..About::default() }
    }

    #[test]
    fn the_first_step_with_another_state_is_named() {
        let script = about(&[(1, "a"), (4, "b")]);
        let parted = |states: &[(usize, &str)]| parted(&about(states), &script);
        assert_eq!(parted(&[(1, "a"), (4, "b")]), None);
        assert_eq!(parted(&[(1, "a"), (3, "b")]), Some(("net", 3)));
        assert_eq!(parted(&[(1, "a")]), Some(("net", 4)));
        assert_eq!(parted(&[(1, "c"), (4, "b")]), Some(("net", 1)));
        assert_eq!(parted(&[]), None, "it does not say");
    }
}
