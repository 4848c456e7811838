//! The line of source that called an operation: file, line, function and text.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use addr2line::{Loader, demangle_auto};
use serde::Serialize;

use super::list::{List, Operation, Sources};

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The file, as whoever compiled or ran it named it.
    pub file: String,
    /// The line's number; 0 if it is not known.
    pub line: u32,
    /// The function that the line is in.
    pub function: String,
    /// What the line says, where the file can be read.
    pub text: Option<String>,
}

/// Where a program called an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The nearest line that is the program's own.
    pub own: Option<Line>,
    /// The line inside a library that it led to, if it is another.
    pub library: Option<Line>,
}

/// Finds lines of source, and keeps what was read for them.
#[derive(Default)]
pub struct Finder {
    loaders: RefCell<HashMap<PathBuf, Option<Loader>>>,
}

impl Finder {
    /// The line that called `operation`.
    pub fn source(&self, list: &List, operation: &Operation) -> Source {
        let sources = &list.sources;
        let frames = match sources.stacks.get(&operation.source) {
            Some(stack) if !sources.stacks.is_empty() => python(sources, stack),
            _ => self.native(sources, operation.source),
        };
        // A line that is known says more than the name of a function without one.
        let own = frames.iter().position(|it| it.line > 0 && is_own(&it.file));
        let own =
            own.or_else(|| frames.iter().position(|it| it.line == 0 && is_own_name(&it.function)));
        let library = frames.first().filter(|it| own != Some(0) && it.line > 0);
        let library = library.cloned().map(with_text);
        Source { own: own.map(|at| with_text(frames[at].clone())), library }
    }

    /// The lines that an address in a program stands for: more than one, where
    /// functions were inlined.
    fn native(&self, sources: &Sources, id: u32) -> Vec<Line> {
        let calls = sources.calls.get(&id).map(Vec::as_slice).unwrap_or_default();
        let mut lines = Vec::new();
        for (object, address) in calls {
            let Some(path) = sources.objects.get(object) else { continue };
            let mut loaders = self.loaders.borrow_mut();
            let loader =
                loaders.entry(path.into()).or_insert_with(|| Loader::new(Path::new(path)).ok());
            let before = lines.len();
            if let Some(loader) = loader {
                lines.extend(inlined(loader, *address));
                if lines.len() == before {
                    let symbol = loader.find_symbol(*address).unwrap_or("?");
                    lines.push(unknown(path, *address, &demangle_auto(symbol.into(), None)));
                }
            } else {
                lines.push(unknown(path, *address, "?"));
            }
        }
        lines
    }
}

fn inlined(loader: &Loader, address: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    let Ok(mut frames) = loader.find_frames(address) else { return lines };
    while let Ok(Some(frame)) = frames.next() {
        let Some(location) = frame.location else { continue };
        let (Some(file), Some(line)) = (location.file, location.line) else { continue };
        let function =
            frame.function.and_then(|it| it.demangle().ok().map(std::borrow::Cow::into_owned));
        lines.push(Line {
            file: file.to_owned(),
            line,
            function: short(&function.unwrap_or_else(|| "?".to_owned())),
            text: None,
        });
    }
    lines
}

fn unknown(path: &str, address: u64, function: &str) -> Line {
    Line { file: format!("{path}+{address:#x}"), line: 0, function: short(function), text: None }
}

fn python(sources: &Sources, stack: &[u32]) -> Vec<Line> {
    let frames = stack.iter().filter_map(|id| sources.frames.get(id));
    frames
        .map(|(file, line, function)| Line {
            file: file.clone(),
            line: *line,
            function: function.clone(),
            text: None,
        })
        .collect()
}

/// Whether a file is the program's own: no library that it uses, installed or written
/// for it.
pub fn is_own(file: &str) -> bool {
    const OTHERS: [&str; 14] = [
        "site-packages/",
        "dist-packages/",
        "/lib/python3",
        "<frozen ",
        "<string>",
        ".cargo/registry/",
        ".cargo/git/",
        "/rustc/",
        "/rustlib/",
        "torch-parity/src/",
        "/include/torch/",
        "/include/ATen/",
        "/include/c10/",
        "/usr/include/",
    ];
    !OTHERS.iter().any(|other| file.contains(other))
}

/// Whether a function is the program's own, where its name is all that is known.
fn is_own_name(function: &str) -> bool {
    const OTHERS: [&str; 12] = [
        "atg_",
        "at_",
        "tch::",
        "<tch::",
        "torch_sys::",
        "torch_parity::",
        "<torch_parity::",
        "core::",
        "<core::",
        "std::",
        "<std::",
        "at::",
    ];
    !["?", "_start", "__rust", "torch::"].iter().chain(&OTHERS).any(|it| function.starts_with(it))
}

/// A function without what the compiler adds to its name: hashes, arguments of
/// templates that fill a screen.
fn short(function: &str) -> String {
    let name = match function.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => function,
    };
    match name.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

fn with_text(mut line: Line) -> Line {
    if let Ok(text) = std::fs::read_to_string(&line.file) {
        let at = text.lines().nth((line.line as usize).saturating_sub(1));
        line.text = at.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    }
    line
}
