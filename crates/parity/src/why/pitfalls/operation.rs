//! The operations of one program as the rules look at them: those that stand for
//! themselves, what they take and give, and who made or takes it.

use std::collections::HashMap;

use crate::why::call::{Call, TensorWord, Word};
use crate::why::counterpart::drawn_from;
use crate::why::list::{List, Tensor};

/// How far a result is looked for, in operations: farther than an optimizer's update.
const NEAR: usize = 400;

/// One program.
pub struct Program<'a> {
    list: &'a List,
    /// For each operation, whether it stands for itself: it is not made of others, and
    /// no operation called it but such that are.
    stands: Vec<bool>,
    /// The draws, each with the generator's state before it.
    draws: Vec<(u64, usize)>,
}

/// One of its operations.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    program: &'a Program<'a>,
    /// Its number among all, from 0.
    pub at: usize,
}

/// What an operation takes.
pub enum Argument {
    /// Values.
    Tensor(Tensor, TensorWord),
    /// A number, or a text.
    Plain(String),
}

impl<'a> Program<'a> {
    /// The program that left this list.
    pub fn of(list: &'a List) -> Self {
        let mut program = Self { stands: stands(list), draws: Vec::new(), list };
        let standing = (0..list.operations.len()).filter(|&at| program.stands[at]);
        let states = standing.filter_map(|at| Some((drawn_from(list, at)?, at)));
        program.draws = states.collect();
        program
    }

    /// The operation at this place of the list.
    pub fn operation(&'a self, at: usize) -> Operation<'a> {
        Operation { program: self, at }
    }

    /// All that stand for themselves, from this place on.
    pub fn from(&'a self, at: usize) -> impl DoubleEndedIterator<Item = Operation<'a>> {
        let all = at..self.list.operations.len();
        all.filter(|&at| self.stands[at]).map(|at| self.operation(at))
    }

    /// All that stand for themselves.
    pub fn operations(&'a self) -> impl DoubleEndedIterator<Item = Operation<'a>> {
        self.from(0)
    }

    /// Those that take this value.
    pub fn takers(&'a self, value: u32) -> impl Iterator<Item = Operation<'a>> {
        self.operations().filter(move |it| it.takes().iter().any(|it| it.value == value))
    }

    /// All draws.
    pub fn draws(&'a self) -> impl Iterator<Item = Operation<'a>> {
        self.draws.iter().map(|&(_, at)| self.operation(at))
    }

    /// The first draw from this state of the generator.
    pub fn draw_from(&'a self, state: u64) -> Option<Operation<'a>> {
        self.draws().find(|it| it.drawn_from() == Some(state))
    }
}

/// From the end to the beginning, for what an operation calls ends before it does.
fn stands(list: &List) -> Vec<bool> {
    let mut callers: HashMap<u32, Vec<(u16, bool)>> = HashMap::new();
    let mut stands = vec![false; list.operations.len()];
    for (at, operation) in list.operations.iter().enumerate().rev() {
        let callers = callers.entry(operation.thread).or_default();
        while callers.last().is_some_and(|(depth, _)| *depth >= operation.depth) {
            callers.pop();
        }
        let composite = list.kind(operation).composite;
        stands[at] = !composite && callers.iter().all(|(_, composite)| *composite);
        callers.push((operation.depth, composite));
    }
    stands
}

impl<'a> Operation<'a> {
    /// `lerp_`.
    pub fn name(self) -> &'a str {
        self.kind().bare()
    }

    /// `lerp`, in place or not.
    pub fn plain_name(self) -> &'a str {
        self.name().trim_end_matches('_')
    }

    /// Whether its name is one of these, in place or not.
    pub fn is(self, names: &[&str]) -> bool {
        names.contains(&self.plain_name())
    }

    /// Whether it writes where its first argument is.
    pub fn is_in_place(self) -> bool {
        self.kind().in_place && self.name().ends_with('_')
    }

    /// Whether it only looks at its input.
    pub fn is_view(self) -> bool {
        self.kind().view
    }

    /// Whether a node of the backward pass called it.
    pub fn is_in_backward(self) -> bool {
        self.raw().node.is_some()
    }

    /// The tensors with values that it takes.
    pub fn takes(self) -> &'a [Tensor] {
        self.program.list.inputs(self.raw())
    }

    /// The first of them.
    pub fn first(self) -> Option<Tensor> {
        self.takes().first().copied()
    }

    /// Those that it gives.
    pub fn gives(self) -> &'a [Tensor] {
        self.program.list.outputs(self.raw())
    }

    /// The first of them.
    pub fn result(self) -> Option<Tensor> {
        self.gives().first().copied()
    }

    /// With all its words.
    pub fn call(self) -> Call {
        Call::of(self.program.list, self.raw())
    }

    /// What it takes, by names, as far as it is tensors with values, numbers and texts.
    pub fn arguments(self) -> Vec<(String, Argument)> {
        let mut tensors = self.takes().iter();
        let mut found = Vec::new();
        for (name, word) in self.call().arguments {
            for word in if let Word::List(words) = word { words } else { vec![word] } {
                let argument = match word {
                    Word::Tensor(shown) if shown.digest.is_some() => {
                        tensors.next().map(|&it| Argument::Tensor(it, shown))
                    }
                    Word::Plain(text) => Some(Argument::Plain(text)),
                    _ => None,
                };
                found.extend(argument.map(|it| (name.clone(), it)));
            }
        }
        found
    }

    /// The argument of this name as text: of a tensor, its first value.
    pub fn text(self, argument: &str) -> Option<String> {
        let (_, word) = self.call().arguments.into_iter().find(|(name, _)| name == argument)?;
        Some(word.text().trim_matches('"').to_owned())
    }

    /// The argument of this name as a number.
    pub fn number(self, argument: &str) -> Option<f64> {
        self.text(argument)?.parse().ok()
    }

    /// Its first argument, if that is a tensor: `f32`, and the shape.
    pub fn input(self) -> Option<(String, Vec<u64>)> {
        let (_, word) = self.call().arguments.into_iter().next()?;
        parts(word.tensor()?)
    }

    /// Its first result: `f32`, and the shape.
    pub fn output(self) -> Option<(String, Vec<u64>)> {
        let result = self.call().results.into_iter().next()?;
        parts(result.tensor()?)
    }

    /// The shape of its first result.
    pub fn shape(self) -> Vec<u64> {
        self.output().map(|(_, shape)| shape).unwrap_or_default()
    }

    /// The generator's state from which it draws.
    pub fn drawn_from(self) -> Option<u64> {
        let draws = &self.program.draws;
        let found = draws.binary_search_by_key(&self.at, |(_, at)| *at).ok()?;
        Some(draws[found].0)
    }

    /// Those before it that stand for themselves, the last one first.
    pub fn before(self) -> impl Iterator<Item = Self> {
        let before = (0..self.at).rev().filter(move |&at| self.program.stands[at]);
        before.map(move |at| Self { at, ..self })
    }

    /// Those after it.
    pub fn after(self) -> impl Iterator<Item = Self> {
        self.program.from(self.at + 1)
    }

    /// Which operation made what this one takes.
    pub fn maker(self, of: Tensor) -> Option<Self> {
        let is_it = |it: &Tensor| (it.value, it.storage) == (of.value, of.storage);
        self.before().take(NEAR).find(|it| it.gives().iter().any(is_it))
    }

    /// The first operation that takes its result.
    pub fn taker(self) -> Option<Self> {
        let result = self.result()?;
        let is_it = |it: &Tensor| (it.value, it.storage) == (result.value, result.storage);
        self.after().take(NEAR).find(|it| it.takes().iter().any(is_it))
    }

    fn raw(self) -> &'a crate::why::list::Operation {
        &self.program.list.operations[self.at]
    }

    fn kind(self) -> &'a crate::why::list::Kind {
        self.program.list.kind(self.raw())
    }
}

fn parts(tensor: &TensorWord) -> Option<(String, Vec<u64>)> {
    let (dtype, shape) = tensor.kind.strip_suffix(']')?.split_once('[')?;
    let sizes = shape.split(',').filter(|it| !it.is_empty()).map(|it| it.trim().parse());
    Some((dtype.to_owned(), sizes.collect::<Result<_, _>>().ok()?))
}
