//! Which results go where, and which of them matter.

use super::Whose;
use super::lasting::Lasting;
use super::makers::Makers;
use crate::why::known::{Judged, Known};
use crate::why::list::{List, Operation, Tensor};

/// What is wrong with an operation, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its results are known, or it has none.
    Fine,
    /// They are not, or not from these inputs, but nothing that matters is computed
    /// from them.
    Open,
    /// It matters.
    Matters,
}

/// Which results go where.
pub struct Flow {
    /// For each operation, how its results stand.
    pub states: Vec<State>,
    /// For each operation, whether it takes a result that matters.
    pub follows: Vec<bool>,
    /// What each of them takes.
    pub taken: Taken,
}

/// For each operation, those before it whose open results it takes.
#[derive(Default)]
pub struct Taken {
    /// As its inputs.
    inputs: Vec<Vec<u32>>,
    /// From the operations that it called.
    inside: Vec<Vec<u32>>,
}

impl Taken {
    /// All whose open results the operation at `at` takes as its inputs.
    pub fn inputs(&self, at: usize) -> &[u32] {
        &self.inputs[at]
    }

    /// All whose open results the operation at `at` takes.
    pub fn of(&self, at: usize) -> impl Iterator<Item = u32> + '_ {
        self.inputs[at].iter().chain(&self.inside[at]).copied()
    }
}

impl Flow {
    /// Goes through `list` with what the other program knows.
    pub fn of(list: &List, other: &Known, side: Whose) -> Self {
        let count = list.operations.len();
        let mut states = vec![State::Fine; count];
        // Whose results, if nothing takes them, were for nothing.
        let (mut idle, mut drawn) = (vec![false; count], vec![false; count]);
        // Whose results are made of more than constants.
        let mut computed = vec![false; count];
        let (mut makers, mut lasting) = (Makers::default(), Lasting::default());
        let mut taken = Taken { inputs: vec![Vec::new(); count], inside: vec![Vec::new(); count] };
        for (at, operation) in list.operations.iter().enumerate() {
            let knows = |value| other.has_for(operation.is_step, value);
            let kind = list.kind(operation);
            lasting.pass(list, operation, at);
            if kind.fresh {
                makers.forget(list.outputs(operation));
            }
            if kind.composite || kind.fresh {
                continue;
            }
            let inputs = list.inputs(operation).iter();
            let mut from: Vec<u32> =
                inputs.filter_map(|it| makers.of(it, knows, kind.view)).collect();
            from.sort_unstable();
            from.dedup();
            taken.inside[at] = open_inside(list, at, &states);
            computed[at] = values(list, operation)
                .iter()
                .any(|it| !it.weak || makers.last(it).is_some_and(|by| computed[by as usize]));
            let judged = other.judge(list, operation);
            idle[at] = judged == Judged::Chance && gives_what_it_took(list, operation);
            let is_open = match judged {
                // Another look at what is open is open, too.
                Judged::Known => kind.view && !from.is_empty(),
                Judged::Chance => !from.is_empty(),
                Judged::Other => true,
                Judged::Unknown => {
                    !from.is_empty() || computed[at] || !is_argument(list, operation, side)
                }
            };
            if is_open {
                states[at] = State::Open;
            }
            drawn[at] = is_open
                && is_drawn(list, operation, |it| {
                    makers.of(it, knows, kind.view).is_some_and(|by| drawn[by as usize])
                });
            idle[at] |= drawn[at];
            let is_new = is_open && !(kind.view && from.is_empty());
            if is_new || !kind.view {
                for output in list.outputs(operation) {
                    makers.made(output, at as u32, is_new);
                }
            }
            taken.inputs[at] = from;
        }
        let mut kept = vec![false; count];
        lasting.mark(&mut kept);
        let follows = settle(list, &mut states, [&idle, &kept], &taken, side);
        Self { states, follows, taken }
    }
}

/// Whether nothing came out but what went in, as of an update too small to change
/// anything.
fn gives_what_it_took(list: &List, operation: &Operation) -> bool {
    let inputs = list.inputs(operation);
    list.outputs(operation).iter().all(|it| inputs.iter().any(|input| input.value == it.value))
}

/// Whether a result is nothing but random numbers, as initial weights are before those of a
/// file take their place: drawn, or copied or changed in place, of what `is_drawn`.
fn is_drawn(list: &List, operation: &Operation, is_drawn: impl Fn(&Tensor) -> bool) -> bool {
    let kind = list.kind(operation);
    let mut strong = list.inputs(operation).iter().filter(|it| !it.weak).peekable();
    let is_same = kind.in_place || kind.view || ["clone", "_to_copy"].contains(&kind.bare());
    operation.node.is_none()
        && match strong.peek() {
            None => operation.generator.is_some(),
            Some(_) => is_same && strong.all(is_drawn),
        }
}

/// The operations that this one called whose results are open.
fn open_inside(list: &List, at: usize, states: &[State]) -> Vec<u32> {
    let outer = &list.operations[at];
    let before = list.operations[..at].iter().enumerate().rev();
    let inside = before.take_while(|(_, it)| it.thread != outer.thread || it.depth > outer.depth);
    let open = inside.filter(|(it, _)| states[*it] == State::Open).map(|(it, _)| it as u32);
    open.collect()
}

/// The tensors of which an operation takes the values, and not the shape alone.
fn values<'a>(list: &'a List, operation: &Operation) -> &'a [Tensor] {
    if list.kind(operation).of_a_shape { &[] } else { list.inputs(operation) }
}

/// Whether a result is made of nothing but constants, such as zeros, or a number that
/// came from the host: an argument of what takes it, not something computed. So is, on
/// the script's side, what is made of no tensor at all, and may be made otherwise.
fn is_argument(list: &List, operation: &Operation, side: Whose) -> bool {
    let inputs = values(list, operation);
    let constant = list.outputs(operation).iter().all(|it| it.weak);
    constant || (side == Whose::Script && inputs.is_empty())
}

/// From the end to the beginning: an open result matters if the program reads it
/// itself (not so an operation with known results, inside of which it is read), if
/// nothing takes it (then it is read unseen, or kept, unless it is what went in, or random
/// numbers), if it is `kept` whatever takes it, or if something that matters takes it. What
/// the script alone computes and nothing takes was for nothing, such as a gradient that is
/// thrown away, unless it was written in place by other than the backward pass, as
/// parameters are.
///
/// Returns which operations take results that matter.
fn settle(
    list: &List,
    states: &mut [State],
    [idle, kept]: [&[bool]; 2],
    taken: &Taken,
    side: Whose,
) -> Vec<bool> {
    let mut is_taken = vec![false; states.len()];
    let mut matters = vec![false; states.len()];
    let inside = settled(list, states);
    for at in (0..states.len()).rev() {
        let operation = &list.operations[at];
        let kind = list.kind(operation);
        let is_state = kind.in_place && operation.node.is_none();
        let is_new = !kind.view && !idle[at];
        let is_last = !is_taken[at] && (side == Whose::Port || is_state);
        let is_kept = is_new && (is_last || kept[at]);
        if states[at] == State::Open && (matters[at] || is_kept) {
            states[at] = State::Matters;
        }
        for from in taken.of(at) {
            // Looking alone takes nothing.
            is_taken[from as usize] |= !kind.view || is_taken[at];
            let is_read = kind.host && !inside[at];
            matters[from as usize] |= is_read || states[at] == State::Matters;
        }
    }
    let follows = |from: &Vec<u32>| from.iter().any(|&it| states[it as usize] == State::Matters);
    taken.inputs.iter().map(follows).collect()
}

/// For each operation, whether it ran inside of one whose results are known.
fn settled(list: &List, states: &[State]) -> Vec<bool> {
    list.inside(|at| {
        let operation = &list.operations[at];
        let kind = list.kind(operation);
        let has_results = !(kind.composite || kind.fresh || list.outputs(operation).is_empty());
        states[at] == State::Fine && has_results
    })
}
