//! What a list does not have, and what to do about it, each in a line.

use std::collections::HashSet;

use super::call::{Call, TensorWord, Word};
use super::known::Known;
use super::list::List;
use super::source::Source;

/// What is to be known of a program's list before it is believed.
pub fn notes(name: &str, list: &List) -> Vec<String> {
    let cut_off = !list.program.whole;
    let cut_off = cut_off.then(|| {
        format!("the {name}'s list ends before the program did: what came later was not compared")
    });
    // Who compiles calls operations meanwhile, from there.
    let mut files = list.sources.frames.values().map(|(file, ..)| file);
    let is_compiled = files.any(|file| file.contains("/torch/_inductor/"));
    let is_compiled = is_compiled.then(|| {
        format!(
            "the {name} runs code compiled by TorchInductor, whose operations are not seen: \
             run it with TORCH_COMPILE_DISABLE=1"
        )
    });
    cut_off.into_iter().chain(is_compiled).collect()
}

/// What is to be said of a call of which not even a line is known.
pub fn without_lines(name: &str, list: &List, source: &Source) -> Option<String> {
    let is_native = list.sources.stacks.is_empty();
    let has_line = source.own.as_ref().is_some_and(|it| it.line > 0);
    (is_native && !has_line).then(|| {
        format!(
            "the {name} has no line numbers: compile it with debug = \"line-tables-only\" \
             (Rust) or -g1 (C++), and do not strip it"
        )
    })
}

/// What the operation at `at` took that the other program does not know, and that no
/// operation made.
pub fn made_by_none(list: &List, at: usize, other: &Known) -> Option<String> {
    let operation = &list.operations[at];
    let earlier = &list.operations[..at];
    let made: HashSet<u32> =
        earlier.iter().flat_map(|it| list.outputs(it)).map(|it| it.value).collect();
    let call = Call::of(list, operation);
    let taken = call.arguments.iter().flat_map(|(name, word)| {
        tensors(word).into_iter().filter(|it| it.digest.is_some()).map(move |_| name)
    });
    let inputs = list.inputs(operation).iter().zip(taken);
    let unknown = inputs.filter(|(it, _)| !it.weak && !other.has(it.value));
    let (_, name) = unknown.into_iter().find(|(it, _)| !made.contains(&it.value))?;
    Some(format!(
        "{name}: values that no operation made: the program's own, such as data, or of \
         a kernel that writes to memory by itself"
    ))
}

fn tensors(word: &Word) -> Vec<&TensorWord> {
    match word {
        Word::Tensor(it) => vec![it],
        Word::List(words) => words.iter().flat_map(tensors).collect(),
        Word::Plain(_) => Vec::new(),
    }
}
