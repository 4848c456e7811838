//! Differences that died out: an operation gives another result than its counterpart in
//! the other program, and all that is computed from it is the other's again.
//!
//! Another way to the same bits is none of these. It has no counterpart (other operations
//! on other tensors), or where it has one, of another scalar, what it leads to is made by
//! other operations than in the other program: `pow(x, 2) * x` in place of `pow(x, 3)`.
//! But what comes to numbers again only once it was counted or compared, as by `argmax`,
//! is no other way: other values may give the same place. Nor did it die out where it has a
//! counterpart: logits that differ are a difference, whatever their classes are.

use std::collections::HashMap;

use super::flow::{Flow, State};
use super::is_called_by;
use crate::why::call::{Call, Word};
use crate::why::known::{Counterpart, Known};
use crate::why::list::{List, Operation};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiedOut {
    /// The operation that gives another result.
    pub at: usize,
    /// How many results differ, this one among them.
    pub results: usize,
    /// The last operation whose result differs.
    pub last: usize,
    /// It stands for one of the other program, and came to that one's results again as
    /// whole numbers or truths alone.
    pub only_decided: bool,
}

/// How it came to the other's results again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Not so far.
    Nowhere,
    /// As whole numbers or truths only.
    InPlaces,
    /// As the other's very numbers.
    InNumbers,
}

/// Whether an operation makes whole numbers or truths of numbers, as `argmax` and `gt`.
fn gives_no_numbers(list: &List, operation: &Operation) -> bool {
    let call = Call::of(list, operation);
    let is_number = |it: &Word| {
        it.tensor().is_some_and(|it| it.kind.starts_with('f') || it.kind.starts_with("bf"))
    };
    let takes = call.arguments.iter().any(|(_, it)| is_number(it));
    takes && !call.results.iter().any(is_number)
}

/// Those that are found while a list is gone through.
pub struct Dying<'a> {
    list: &'a List,
    other: &'a Known,
    /// In the order in which they begin; none in place of another way to the same bits.
    found: Vec<Option<DiedOut>>,
    /// How each has ended so far, and whether it is without a counterpart.
    ends: Vec<(End, bool)>,
    /// For each operation whose result differs, which of them it belongs to.
    of: HashMap<u32, usize>,
}

impl<'a> Dying<'a> {
    /// None so far.
    pub fn new(list: &'a List, other: &'a Known) -> Self {
        Self { list, other, found: Vec::new(), ends: Vec::new(), of: HashMap::new() }
    }

    /// Goes past the operation at `at`.
    pub fn pass(&mut self, at: usize, flow: &Flow) {
        let operation = &self.list.operations[at];
        let is_view = self.list.kind(operation).view;
        let from = flow.taken.of(at).find_map(|it| self.of.get(&it)).copied();
        match flow.states[at] {
            State::Open if self.begins(at, flow) => {
                self.of.insert(at as u32, self.found.len());
                self.found.push(Some(DiedOut { at, results: 1, last: at, only_decided: false }));
                let has_none = self.other.counterpart(self.list, operation) == Counterpart::None;
                self.ends.push((End::Nowhere, has_none));
            }
            State::Open => {
                let Some(from) = from else { return };
                self.of.insert(at as u32, from);
                if let Some(it) = self.found[from].as_mut().filter(|_| !is_view) {
                    (it.results, it.last) = (it.results + 1, at);
                }
            }
            // It died out here: by the same operation as in the other program?
            State::Fine if !is_view => {
                let Some(from) = from else { return };
                let Some(it) = self.found[from] else { return };
                let (end, has_none) = &mut self.ends[from];
                if *end != End::InNumbers {
                    let is_lossy = gives_no_numbers(self.list, operation);
                    *end = if is_lossy { End::InPlaces } else { End::InNumbers };
                    if *has_none {
                        return;
                    }
                }
                let begin = self.other.counterpart(self.list, &self.list.operations[it.at]);
                let is_another = begin == Counterpart::OfSameTensors;
                if is_another && !self.other.makes(self.list, operation) {
                    self.found[from] = None;
                }
            }
            State::Fine | State::Matters => {}
        }
    }

    /// Whether a difference begins at `at`, whose result is open.
    fn begins(&self, at: usize, flow: &Flow) -> bool {
        let operation = &self.list.operations[at];
        let is_first = flow.taken.of(at).next().is_none();
        match self.other.counterpart(self.list, operation) {
            _ if self.list.kind(operation).view => false,
            Counterpart::OfSameInputs => true,
            Counterpart::OfSameTensors | Counterpart::None => is_first,
        }
    }

    /// All of them; what an operation called itself is counted with it.
    pub fn died_out(self) -> Vec<DiedOut> {
        let mut all: Vec<DiedOut> = Vec::new();
        let found = self.found.into_iter().zip(self.ends);
        for (it, (end, has_none)) in found {
            let in_places = end == End::InPlaces;
            let Some(mut it) = it.filter(|_| in_places || !has_none) else { continue };
            it.only_decided = in_places && !has_none;
            while let Some(inner) = all.pop_if(|inner| is_called_by(self.list, inner.at, it.at)) {
                it.results += inner.results;
                it.last = it.last.max(inner.last);
            }
            all.push(it);
        }
        all
    }
}
