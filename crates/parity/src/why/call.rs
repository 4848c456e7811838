//! One line of a list in full: an operation with its arguments and results, as it is
//! reported.

use super::enums;
use super::list::{List, Operation};

/// An operation with its arguments and results.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `lerp_`, without namespace and overload.
    pub name: String,
    /// Its arguments, by their names.
    pub arguments: Vec<(String, Word)>,
    /// What it gave.
    pub results: Vec<Word>,
}

/// An argument or a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// A tensor.
    Tensor(TensorWord),
    /// Several of them.
    List(Vec<Word>),
    /// A number, a text, nothing.
    Plain(String),
}

/// A tensor as the line shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorWord {
    /// `f32[64,10]`.
    pub kind: String,
    /// `1,64`, if they are not those of a contiguous tensor.
    pub strides: Option<String>,
    /// The digest of its values, if they could be read.
    pub digest: Option<String>,
    /// Its first values.
    pub first: Option<String>,
}

impl Call {
    /// The line of `operation` in full.
    pub fn of(list: &List, operation: &Operation) -> Self {
        let kind = list.kind(operation);
        let mut words = list.line(operation).split('\t').skip(8);
        let arguments = words.by_ref().take_while(|&word| word != ">").enumerate();
        let name = |at: usize| kind.arguments.get(at).cloned().unwrap_or_else(|| at.to_string());
        let arguments = arguments.map(|(at, it)| (name(at), Word::of(it))).collect();
        Self { name: kind.bare().to_owned(), arguments, results: words.map(Word::of).collect() }
    }

    /// `lerp_(f32[64, 10], end=f32[64, 10], weight=0.1)`.
    pub fn text(&self) -> String {
        let is_cast = |name: &str| self.name == "_to_copy" && name == "dtype";
        let shown = self.arguments.iter();
        let shown = shown.filter(|(name, word)| is_cast(name) || !is_left_out(name, word));
        let words: Vec<_> = shown
            .map(|(name, word)| match name.as_str() {
                "self" | "input" => word.text(),
                _ => format!("{name}={}", self.shown(name, word)),
            })
            .collect();
        format!("{}({})", self.name, words.join(", "))
    }

    /// One of its arguments, as a line of a report has it.
    pub fn shown(&self, name: &str, argument: &Word) -> String {
        let word = match argument {
            Word::Plain(nothing) if nothing == "-" => Some("None"),
            Word::Plain(number) => enums::word(&self.name, name, number),
            _ => None,
        };
        word.map_or_else(|| argument.text(), str::to_owned)
    }
}

/// What says nothing: absent arguments, and how a new tensor is stored.
fn is_left_out(name: &str, word: &Word) -> bool {
    let plain = matches!(word, Word::Plain(text) if text == "-" || text == "generator");
    let stored = ["dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking"];
    plain || stored.contains(&name)
}

impl Word {
    fn of(word: &str) -> Self {
        let word = word.strip_prefix('!').unwrap_or(word);
        if word.starts_with('"') {
            return Self::Plain(word.to_owned());
        }
        if let Some(inner) = word.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
            let parts = inner.split(';').filter(|it| !it.is_empty());
            return Self::List(parts.map(Self::of).collect());
        }
        match word.split_once('[') {
            Some((dtype, rest)) => Self::Tensor(TensorWord::of(dtype, rest)),
            None => Self::Plain(word.to_owned()),
        }
    }

    /// As a line of a report has it.
    pub fn text(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Tensor(it) if it.kind.ends_with("[]") => match &it.first {
                Some(value) => value.clone(),
                None => it.kind.clone(),
            },
            Self::Tensor(it) => it.kind.replace(',', ", "),
            Self::List(words) => {
                let words: Vec<_> = words.iter().map(Self::text).collect();
                format!("[{}]", words.join(", "))
            }
        }
    }

    /// The tensor, if it is one.
    pub fn tensor(&self) -> Option<&TensorWord> {
        match self {
            Self::Tensor(it) => Some(it),
            _ => None,
        }
    }
}

impl TensorWord {
    /// Of `dtype[shape]{strides}@storage=digest~:first,values`.
    fn of(dtype: &str, rest: &str) -> Self {
        let (shape, rest) = rest.split_once(']').unwrap_or((rest, ""));
        let (head, values) = rest.split_once('=').unwrap_or((rest, ""));
        let (digest, first) = match values.split_once(':') {
            Some((digest, first)) => (digest, Some(first.to_owned())),
            None => (values, None),
        };
        let digest = digest.trim_end_matches('~');
        let strides = head.strip_prefix('{').and_then(|it| it.split_once('}'));
        Self {
            kind: format!("{dtype}[{shape}]"),
            strides: strides.map(|(it, _)| it.to_owned()),
            digest: (!digest.is_empty()).then(|| digest.to_owned()),
            first,
        }
    }
}
