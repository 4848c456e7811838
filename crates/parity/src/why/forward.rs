//! Which operation of the forward pass one of the backward pass belongs to.

use super::counterpart::outermost;
use super::list::{List, Operation};

/// The operation of the forward pass whose node called this one: the last that could
/// have made a node of that number.
pub fn forward(list: &List, at: usize) -> Option<usize> {
    let node = list.operations[at].node.filter(|it| it.sequence >= 0)?;
    list.operations[..at].iter().rposition(|it| {
        it.sequence == node.sequence && it.thread == node.thread && it.node.is_none()
    })
}

/// Where the backward passes part, at `theirs` and `ours`, because an operation of the
/// forward pass takes other settings on the same tensors: that one, of each program. Its
/// result may be one that nobody looks at, as of a loss.
pub fn set_otherwise(
    [script, port]: [&List; 2],
    [theirs, ours]: [Option<usize>; 2],
) -> Option<[usize; 2]> {
    let of = |list, at: Option<usize>| forward(list, outermost(list, at?));
    let own = of(port, ours).and_then(|it| Some([same_but_for_settings(port, it, script)?, it]));
    own.or_else(|| {
        let it = of(script, theirs)?;
        Some([it, same_but_for_settings(script, it, port)?])
    })
}

/// The other program's operation on the tensors of the one at `at`, with other settings;
/// none if it has one with the same.
fn same_but_for_settings(list: &List, at: usize, other: &List) -> Option<usize> {
    let operation = &list.operations[at];
    let key = operation.key?;
    let strong = |list: &List, it: &Operation| {
        let strong = list.inputs(it).iter().filter(|it| !it.weak);
        strong.map(|it| it.value).collect::<Vec<_>>()
    };
    let (name, tensors) = (&list.kind(operation).name, strong(list, operation));
    let mut on_these = other.operations.iter().enumerate().filter(|(_, it)| {
        let is_named = it.node.is_none() && other.kind(it).name == *name;
        is_named && !tensors.is_empty() && strong(other, it) == tensors
    });
    let (first, _) = on_these.clone().next()?;
    on_these.all(|(_, it)| it.key.is_some_and(|it| it != key)).then_some(first)
}
