//! What a list does not have, and what to do about it, each in a line.

use super::list::List;
use super::source::Source;

/// What is to be known of a program's list before it is believed.
pub fn notes(name: &str, list: &List) -> Vec<String> {
    let cut_off = !list.program.whole;
    let cut_off = cut_off.then(|| {
        format!("the {name}'s list ends before the program did: what came later was not compared")
    });
    let ended = list.program.ended.iter().map(|how| format!("the {name} ended with {how}"));
    // Who compiles calls operations meanwhile, from there.
    let mut files = list.sources.frames.values().map(|(file, ..)| file);
    let is_compiled = files.any(|file| file.contains("/torch/_inductor/"));
    let is_compiled = is_compiled.then(|| {
        format!(
            "the {name} runs code compiled by TorchInductor, whose operations are not seen: \
             run it with TORCH_COMPILE_DISABLE=1"
        )
    });
    cut_off.into_iter().chain(ended).chain(is_compiled).collect()
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

/// What is to be said of what an operation took, `name`, if no operation made it.
pub fn made_by_none(name: &str) -> String {
    format!(
        "{name}: values that no operation made: the program's own, such as data, or of \
         a kernel that writes to memory by itself"
    )
}
