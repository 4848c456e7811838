//! Where two runs' optimizers were set otherwise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::about::About;
use super::groups::Group;
use super::order::Order;

/// Where two runs are first set otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Reset<'a> {
    /// The series.
    pub series: &'a str,
    /// Its step.
    pub step: usize,
    /// The number of the group, from 0 on; None where there is one.
    pub group: Option<usize>,
    /// Each setting that differs, and both values.
    pub settings: Vec<(&'a str, [&'a Value; 2])>,
}

/// The first step that both runs took in which an optimizer was set otherwise. What one
/// side alone tells is not compared.
pub fn set_otherwise<'a>(actual: &'a About, expected: &'a About) -> Option<Reset<'a>> {
    let orders = [actual, expected].map(|about| Order::of(&[about]));
    let mut steps: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (series, step, _) in actual.groups.changes().iter().chain(expected.groups.changes()) {
        if orders.iter().all(|order| order.has(series, *step)) {
            steps.entry(series).or_default().insert(*step);
        }
    }
    let firsts = steps.into_iter().filter_map(|(series, steps)| {
        let mut states = [actual, expected].map(|about| State::of(about, series));
        steps.into_iter().find_map(|step| {
            for state in &mut states {
                state.go_to(step);
            }
            let [a, e] = &states;
            a.otherwise(e, series, step)
        })
    });
    firsts.min_by_key(|reset| orders[1].event(reset.series, reset.step))
}

/// What the groups of one series are set to, as the steps go by.
struct State<'a> {
    /// The changes to come.
    changes: std::vec::IntoIter<(usize, &'a [Group])>,
    groups: Vec<BTreeMap<&'a str, &'a Value>>,
}

impl<'a> State<'a> {
    fn of(about: &'a About, series: &str) -> Self {
        let own = about.groups.changes().iter().filter(|(of, ..)| of == series);
        let mut changes: Vec<_> = own.map(|(_, step, groups)| (*step, &groups[..])).collect();
        changes.sort_by_key(|(step, _)| *step);
        Self { changes: changes.into_iter(), groups: Vec::new() }
    }

    fn go_to(&mut self, step: usize) {
        while let Some((next, groups)) = self.changes.as_slice().first().copied()
            && next <= step
        {
            self.changes.next();
            if groups.len() != self.groups.len() {
                self.groups = vec![BTreeMap::new(); groups.len()];
            }
            for (known, group) in self.groups.iter_mut().zip(groups) {
                known.extend(group.iter().map(|(name, value)| (name.as_str(), value)));
            }
        }
    }

    fn otherwise(&self, expected: &Self, series: &'a str, step: usize) -> Option<Reset<'a>> {
        if self.groups.len() != expected.groups.len() {
            return None; // the same parameters in other groups
        }
        let both = self.groups.iter().zip(&expected.groups).enumerate();
        let first = both.into_iter().find_map(|(i, (a, e))| {
            let both = e.iter().filter_map(|(name, e)| Some((*name, [*a.get(name)?, *e])));
            let mut settings: Vec<_> = both.filter(|(_, [a, e])| !same(a, e)).collect();
            settings.sort_by_key(|(name, _)| *name != "lr"); // what is asked first
            (!settings.is_empty()).then_some((i, settings))
        });
        let (group, settings) = first?;
        Some(Reset { series, step, group: (self.groups.len() > 1).then_some(group), settings })
    }
}

/// Python's 0 is 0.0.
fn same(a: &Value, e: &Value) -> bool {
    match (a, e) {
        (Value::Number(a), Value::Number(e)) => a == e || a.as_f64() == e.as_f64(),
        (Value::Array(a), Value::Array(e)) => {
            a.len() == e.len() && a.iter().zip(e).all(|(a, e)| same(a, e))
        }
        _ => a == e,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Run;

    fn group(settings: &Value) -> Group {
        settings.as_object().unwrap().clone()
    }

    /// Ten steps of one series, set to these.
    fn about(steps: &[(usize, Value)]) -> About {
        let events = vec![Run("net".to_owned(), 0, 11, 0)];
        let mut about = About { events, ..About::default() };
        for (step, settings) in steps {
            about.groups.note("net", *step, vec![group(settings)]);
        }
        about
    }

    #[test]
    fn only_what_changes_is_stored() {
        let whole = json!({ "lr": 0.1, "eps": 1e-8 });
        let about = about(&[
            (1, whole.clone()),
            (2, whole.clone()),
            (3, json!({ "lr": 0.2, "eps": 1e-8 })),
            (4, json!({ "lr": 0.2, "eps": 1e-8 })),
        ]);
        let net = || "net".to_owned();
        let expected =
            vec![(net(), 1, vec![group(&whole)]), (net(), 3, vec![group(&json!({ "lr": 0.2 }))])];
        assert_eq!(about.groups.changes(), expected);
        let read: About = serde_json::from_str(&serde_json::to_string(&about).unwrap()).unwrap();
        assert_eq!(read.groups.changes(), expected);
    }

    #[test]
    fn the_first_step_that_is_set_otherwise_is_named() {
        let script = about(&[(1, json!({ "lr": 0.1, "eps": 0 })), (4, json!({ "lr": 0.2 }))]);
        let first = |steps: &[(usize, Value)]| {
            let port = about(steps);
            let reset = set_otherwise(&port, &script)?;
            assert_eq!((reset.series, reset.group), ("net", None));
            let told = reset.settings.iter().map(|(name, [a, e])| format!("{name} {a} {e}"));
            Some((reset.step, told.collect::<Vec<_>>().join(", ")))
        };
        let is = |step, told: &str| Some((step, told.to_owned()));
        assert_eq!(
            first(&[(1, json!({ "eps": 0.0, "lr": 0.1 })), (4, json!({ "lr": 0.2 }))]),
            None
        );
        assert_eq!(
            first(&[(1, json!({ "lr": 0.1 })), (5, json!({ "lr": 0.2 }))]),
            is(4, "lr 0.1 0.2")
        );
        assert_eq!(
            first(&[(1, json!({ "lr": 0.1 })), (3, json!({ "lr": 0.2 }))]),
            is(3, "lr 0.2 0.1")
        );
        let both = json!({ "eps": 1, "lr": 0.3, "own": 7 });
        assert_eq!(first(&[(1, both)]), is(1, "lr 0.3 0.1, eps 1 0"));
        assert_eq!(first(&[]), None, "it does not say");
        let beyond = json!({ "lr": 0.2 });
        let steps = [(1, json!({ "lr": 0.1 })), (4, beyond), (20, json!({ "lr": 0.9 }))];
        assert_eq!(first(&steps), None, "the script ends before");
    }

    #[test]
    fn the_group_is_named_where_there_are_several() {
        let of = |decay: f64| {
            let mut about = about(&[]);
            let groups = [0.1, decay].map(|decay| group(&json!({ "weight_decay": decay })));
            about.groups.note("net", 1, groups.to_vec());
            about
        };
        let (a, e) = (of(0.01), of(0.0));
        let reset = set_otherwise(&a, &e).unwrap();
        assert_eq!((reset.step, reset.group, reset.settings[0].0), (1, Some(1), "weight_decay"));
        let other = about(&[(1, json!({ "weight_decay": 1.0 }))]);
        assert_eq!(set_otherwise(&other, &e), None, "the groups are others");
    }
}
