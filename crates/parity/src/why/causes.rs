//! What stands behind two operations that differ in what they took: where those values
//! were made, or the first draw that one of the programs makes and the other does not.

use super::call::{Call, TensorWord, Word};
use super::counterpart::outermost;
use super::known::Known;
use super::list::{List, Operation, Tensor};

/// Two operations, or one, that explain why two others differ.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// What they are, in words that end before the two are shown.
    pub what: String,
    /// The script's, and the port's.
    pub at: [Option<usize>; 2],
}

/// What explains that the script's operation and the port's differ, if anything does;
/// `unmade` if the port's took what no operation made.
pub fn cause(
    [script, port]: [&List; 2],
    [theirs, ours]: [usize; 2],
    unmade: bool,
) -> Option<Cause> {
    if unmade {
        return other_draws([script, port], ours);
    }
    let names = [(script, theirs), (port, ours)].map(|(list, at)| list.kind(&list.operations[at]));
    let both = inputs(script, theirs).into_iter().zip(inputs(port, ours));
    let mut other = both.filter(|((_, a), (_, b))| a.value != b.value);
    let ((name, a), (_, b)) = other.next().filter(|_| names[0].bare() == names[1].bare())?;
    let at = [maker(script, theirs, &a), maker(port, ours, &b)];
    at.iter().any(Option::is_some).then(|| Cause { what: format!("where {name} comes from"), at })
}

/// What the script does before the backward pass, in which the two differ, and the port
/// never does: `first` of all that.
pub fn left_out(script: &List, theirs: usize, first: Option<usize>) -> Option<Cause> {
    let is_backward = |at: usize| script.operations[at].node.is_some();
    let before = first.filter(|&it| is_backward(theirs) && !is_backward(it) && it < theirs);
    before.map(|it| Cause {
        what: "before that, the script does this, and the port never does".to_owned(),
        at: [Some(it), None],
    })
}

/// What the operation at `at` took that the other program does not know, and that no
/// operation made: its name.
pub fn made_by_none(list: &List, at: usize, other: &Known) -> Option<String> {
    let unknown = inputs(list, at).into_iter().filter(|(_, it)| !it.weak && !other.has(it.value));
    let mut unmade =
        unknown.filter(|(_, it)| !list.operations[..at].iter().any(|maker| gives(list, maker, it)));
    unmade.next().map(|(name, _)| name)
}

/// The tensors with values that an operation took, by the names of its arguments.
fn inputs(list: &List, at: usize) -> Vec<(String, Tensor)> {
    let operation = &list.operations[at];
    let call = Call::of(list, operation);
    let names = call.arguments.iter().flat_map(|(name, word)| {
        tensors(word).into_iter().filter(|it| it.digest.is_some()).map(|_| name.clone())
    });
    names.zip(list.inputs(operation).iter().copied()).collect()
}

fn tensors(word: &Word) -> Vec<&TensorWord> {
    match word {
        Word::Tensor(it) => vec![it],
        Word::List(words) => words.iter().flat_map(tensors).collect(),
        Word::Plain(_) => Vec::new(),
    }
}

fn gives(list: &List, operation: &Operation, tensor: &Tensor) -> bool {
    list.outputs(operation).iter().any(|it| it.value == tensor.value)
}

/// The operation that made what the one at `at` took: the first with these values, and of
/// a view what it looks at. Values that come up by chance, such as zeros, are those that
/// were last written to that memory.
fn maker(list: &List, at: usize, tensor: &Tensor) -> Option<usize> {
    let makes = |&at: &usize| {
        let operation = &list.operations[at];
        let kind = list.kind(operation);
        let is_it = |it: &Tensor| {
            it.value == tensor.value && (!tensor.weak || it.storage == tensor.storage)
        };
        !(kind.fresh || kind.composite) && list.outputs(operation).iter().any(is_it)
    };
    let found = if tensor.weak { (0..at).rev().find(makes) } else { (0..at).find(makes) }?;
    let operation = &list.operations[found];
    if list.kind(operation).view {
        let of = list.inputs(operation).first();
        return of.and_then(|it| maker(list, found, it)).or(Some(found));
    }
    Some(outermost(list, found)).filter(|&it| it < at)
}

/// The first draws from the same state of the generator that leave it in different ones,
/// if the port's is before `ours`.
fn other_draws([script, port]: [&List; 2], ours: usize) -> Option<Cause> {
    let [theirs, own] = [script, port].map(|list| {
        let draws = list.operations.iter().enumerate();
        draws.filter_map(|(at, it)| Some((at, it.generator?))).collect::<Vec<_>>()
    });
    let same = theirs.iter().zip(&own).take_while(|(a, b)| a.1 == b.1).count();
    let (a, b) = (theirs.get(same.checked_sub(1)?)?.0, own.get(same - 1)?.0);
    let is_followed = theirs.len() > same && own.len() > same;
    (is_followed && b < ours).then(|| Cause {
        what: "before that, they draw different random numbers, here first".to_owned(),
        at: [Some(outermost(script, a)), Some(outermost(port, b))],
    })
}
