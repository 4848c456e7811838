//! Which operation of the script stands where the port left it.

use std::collections::HashSet;

use super::list::{List, Operation};
use super::passes::passes;

/// The script's operation that the port's at `at` stands for, as far as there is one:
/// the same on the same inputs, the draw from the same state, or what takes most of the
/// same values. `first` is where the script leaves the port, seen from its side.
pub fn counterpart(port: &List, at: usize, script: &List, first: Option<usize>) -> Option<usize> {
    let operation = &port.operations[at];
    let near = anchor(port, at, script);
    if let Some(key) = operation.key {
        let same = indices(script, |it| it.key == Some(key));
        if let Some(it) = nearest(same, near) {
            return Some(it);
        }
    }
    if let Some(state) = drawn_from(port, at) {
        let drawn = script.operations.iter().position(|it| it.generator == Some(state));
        let drawn = drawn.or_else(|| of_that_order(port, at, script));
        return drawn.map(|it| outermost(script, it)).or(first);
    }
    most_alike(port, at, script, near, first)
}

/// The state of the generator that an operation draws from, or one that it calls.
pub fn drawn_from(list: &List, at: usize) -> Option<u64> {
    let operation = &list.operations[at];
    let called = list.operations[..at].iter().rev();
    let called =
        called.take_while(|it| it.depth > operation.depth && it.thread == operation.thread);
    operation.generator.or_else(|| called.filter_map(|it| it.generator).last())
}

/// The script's draw that has as many before it as the port's at `at`.
fn of_that_order(port: &List, at: usize, script: &List) -> Option<usize> {
    let draws = |it: &&Operation| it.generator.is_some();
    let before = port.operations[..=at].iter().filter(draws).count().max(1);
    let theirs = script.operations.iter().enumerate().filter(|(_, it)| it.generator.is_some());
    theirs.map(|(at, _)| at).nth(before - 1)
}

/// The outermost operation with values of its own that called this one, or itself.
pub fn outermost(list: &List, at: usize) -> usize {
    let mut found = at;
    for it in callers(list, at) {
        if !list.kind(&list.operations[it]).composite {
            found = it;
        }
    }
    found
}

/// The operations that called this one, from the inside out.
pub fn callers(list: &List, at: usize) -> impl Iterator<Item = usize> + '_ {
    let operation = &list.operations[at];
    let mut depth = operation.depth;
    let after = list.operations[at + 1..].iter().enumerate();
    let own = after.filter(|(_, it)| it.thread == operation.thread);
    let until = own.take(if depth == 0 { 0 } else { 4096 });
    until.filter_map(move |(later, it)| {
        let calls = it.depth + 1 == depth;
        if calls {
            depth -= 1;
        }
        calls.then_some(at + 1 + later)
    })
}

/// Where the script is when the port is at `at`: at its operation with the last result
/// that both have.
fn anchor(port: &List, at: usize, script: &List) -> usize {
    let strong = |it: &&Operation| !port.kind(it).view && !port.kind(it).composite;
    for operation in port.operations[..at].iter().rev().filter(strong).take(1000) {
        for output in port.outputs(operation).iter().filter(|it| !it.weak) {
            let makes =
                |it: &Operation| script.outputs(it).iter().any(|made| made.value == output.value);
            if let Some(found) = script.operations.iter().position(makes) {
                return found;
            }
        }
    }
    0
}

fn indices(list: &List, is_one: impl Fn(&Operation) -> bool) -> Vec<usize> {
    let found = list.operations.iter().enumerate().filter(|(_, it)| is_one(it));
    found.map(|(at, _)| at).collect()
}

fn nearest(of: Vec<usize>, near: usize) -> Option<usize> {
    of.into_iter().min_by_key(|&it| (it.abs_diff(near), it))
}

/// What takes most of the same values in the same pass; else what the script does first
/// that the port does not. Of another pass it is never, unless it is the same operation,
/// as of a backward pass by hand.
fn most_alike(
    port: &List,
    at: usize,
    script: &List,
    near: usize,
    first: Option<usize>,
) -> Option<usize> {
    let operation = &port.operations[at];
    let strong = port.inputs(operation).iter().filter(|it| !it.weak);
    let inputs: HashSet<u32> = strong.map(|it| it.value).collect();
    let kind = port.kind(operation);
    let name = kind.bare().trim_end_matches('_');
    let (pass, theirs) = (passes(port)[outermost(port, at)], passes(script));
    // Whether it is of the same pass and of the same name; none if of neither.
    let alike = |it: usize| {
        let other = script.kind(&script.operations[it]);
        let same_name = other.bare().trim_end_matches('_') == name;
        let same_pass = pass.may_be(theirs[outermost(script, it)]);
        (same_pass || same_name).then_some((same_pass, same_name))
    };
    let mut best = None;
    for (it, other) in script.operations.iter().enumerate() {
        let its = script.kind(other);
        let is_inner = other.is_step && !operation.is_step && its.name != kind.name;
        if its.composite || its.view || its.fresh || is_inner {
            continue;
        }
        let values: HashSet<u32> = script.inputs(other).iter().map(|it| it.value).collect();
        let shared = inputs.intersection(&values).count();
        if shared == 0 {
            continue;
        }
        let Some((same_pass, same_name)) = alike(it) else { continue };
        let score = 4 * shared
            + 2 * usize::from(same_name)
            + usize::from(its.in_place)
            + 3 * usize::from(first == Some(it));
        let rank = (same_pass, score, usize::MAX - it.abs_diff(near));
        if best.is_none_or(|(highest, _)| rank > highest) {
            best = Some((rank, it));
        }
    }
    let first = first.filter(|&it| alike(it).is_some());
    best.map(|(_, it)| it).or(first)
}
