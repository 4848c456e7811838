//! The place where two programs part, with what stands around it: what the rules see.

use std::collections::HashSet;

use super::formula::{Formula, end_of, is_arithmetic};
use super::operation::{Operation, Program};
use crate::why::list::List;

/// Where two programs part.
pub struct Scene<'a> {
    /// The script.
    pub script: &'a Program<'a>,
    /// The port.
    pub port: &'a Program<'a>,
    /// The port's first operation that gives what the script never has.
    pub ours: Operation<'a>,
    /// The script's operation that stands there.
    pub theirs: Option<Operation<'a>>,
    /// The script's first operation that gives what the port never has.
    pub lacks: Option<Operation<'a>>,
    /// The computation that `ours` is a part of.
    pub formula: Formula,
    /// If that updates something in place: the script's update of the same.
    pub update: Option<Update>,
}

/// The same values, updated by both.
#[derive(Debug)]
pub struct Update {
    /// By the script.
    pub script: Formula,
    /// By the port.
    pub port: Formula,
}

/// Two draws from the same state of the generator.
#[derive(Clone, Copy)]
pub struct Draws<'a> {
    /// The script's.
    pub script: Operation<'a>,
    /// The port's.
    pub port: Operation<'a>,
}

/// Both programs as rules look at them.
pub fn programs<'a>(script: &'a List, port: &'a List) -> [Program<'a>; 2] {
    [Program::of(script), Program::of(port)]
}

impl<'a> Scene<'a> {
    /// Where the port is at `at`, the script at `theirs`, and lacks `lacks`.
    pub fn of(
        [script, port]: &'a [Program<'a>; 2],
        at: usize,
        theirs: Option<usize>,
        lacks: Option<usize>,
    ) -> Self {
        let ours = port.operation(at);
        let theirs = theirs.map(|it| script.operation(it));
        let lacks = lacks.map(|it| script.operation(it));
        let end = if is_arithmetic(ours) { end_of(ours) } else { ours };
        let formula = Formula::of(end, &HashSet::new());
        let update = Update::of(script, end, &formula);
        Self { script, port, ours, theirs, lacks, formula, update }
    }

    /// The script's operation of one of these names that takes the same value first.
    pub fn instead(&self, names: &[&str]) -> Option<Operation<'a>> {
        let value = self.formula.values.first().copied().or(Some(self.ours.first()?.value))?;
        self.script.takers(value).find(|it| it.is(names))
    }

    /// Two operations of the same name in the same place, for which this argument is the
    /// first number in the script and the second in the port.
    pub fn has(&self, names: &[&str], argument: &str, [script, port]: [f64; 2]) -> bool {
        self.theirs.is_some_and(|theirs| {
            self.ours.is(names)
                && theirs.name() == self.ours.name()
                && is(theirs.number(argument), script)
                && is(self.ours.number(argument), port)
        })
    }

    /// If they part at a draw: it, and what the script draws from the same state.
    pub fn draws(&self) -> Option<Draws<'a>> {
        let state = self.ours.drawn_from()?;
        Some(Draws { script: self.script.draw_from(state)?, port: self.ours })
    }

    /// The draw after this one.
    pub fn next_draw(&self, after: Operation<'a>) -> Option<Operation<'a>> {
        self.port.draws().find(|it| it.at > after.at)
    }
}

impl Update {
    fn of(script: &Program<'_>, end: Operation<'_>, formula: &Formula) -> Option<Self> {
        let updated = formula.updated?.value;
        let known = |it: &Formula| it.values.iter().copied().collect::<HashSet<_>>();
        let ours = known(formula);
        let writers = script.takers(updated).filter(|it| {
            let is_own = it.first().is_some_and(|it| it.value == updated);
            is_own && it.is_in_place() && is_arithmetic(*it) && !it.is_in_backward()
        });
        let ends = writers.map(end_of);
        let of_same = ends.map(|it| (it, Formula::of(it, &HashSet::new())));
        let of_same = of_same.filter(|(_, it)| it.updated.is_some_and(|it| it.value == updated));
        let (theirs, their_formula) = of_same
            .max_by_key(|(at, it)| (known(it).intersection(&ours).count(), usize::MAX - at.at))?;
        let known = &ours | &known(&their_formula);
        Some(Self { script: Formula::of(theirs, &known), port: Formula::of(end, &known) })
    }
}

/// Whether a number is this one, to what a few roundings leave.
pub fn is(number: Option<f64>, wanted: f64) -> bool {
    number.is_some_and(|it| is_near(it, wanted))
}

/// Whether two numbers are the same, to what a few roundings leave.
pub fn is_near(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * b.abs()
}
