//! A computation as a formula, whatever operations it is made of: `x * 2`, in place or
//! not, with a factor of its own or with one that `addcdiv_` takes, reads the same.
//!
//! Adam's update of a parameter is `p+lerp(s,x,#)*#/(sqrt(s*#+x*#*x)/#+#)`: `p` is what is
//! updated, `s` what is kept from step to step, `x` what comes from elsewhere, such as a
//! gradient, and `#` a number.

use std::collections::HashSet;

use super::operation::{Argument, Operation};
use crate::why::list::Tensor;

/// Deeper than any formula that a rule knows.
const DEEP: usize = 12;

/// A formula, its numbers, and the values that it starts from.
#[derive(Debug, Default)]
pub struct Formula {
    /// `p+x*#`.
    pub text: String,
    /// Its numbers, in their order.
    pub numbers: Vec<f64>,
    /// Its `x`, in their order.
    pub values: Vec<u32>,
    /// Its `p`.
    pub updated: Option<Tensor>,
}

/// How tightly a piece of a formula holds together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    Sum,
    Product,
    Whole,
}

use Holds::{Product, Sum, Whole};

struct Builder<'s> {
    formula: Formula,
    known: &'s HashSet<u32>,
}

impl Formula {
    /// What `operation` computes, from values of `known` at the latest.
    pub fn of(operation: Operation<'_>, known: &HashSet<u32>) -> Self {
        let mut formula = Self::default();
        if operation.is_in_place() && !operation.is_in_backward() {
            formula.updated = first_self(operation);
        }
        let mut builder = Builder { formula, known };
        let (text, _) = builder.made_by(operation, 0);
        Self { text, ..builder.formula }
    }

    /// The number at this place, counted from the end.
    pub fn last(&self, place: usize) -> f64 {
        let count = self.numbers.len();
        count.checked_sub(place).map_or(f64::NAN, |at| self.numbers[at])
    }
}

/// The last operation of the computation that this one is a part of: from each on to the
/// first that takes its result, as long as it is arithmetic.
pub fn end_of(operation: Operation<'_>) -> Operation<'_> {
    let mut end = operation;
    while let Some(next) = end.taker().filter(|it| is_arithmetic(*it)) {
        end = next;
    }
    end
}

/// Whether formulas have a sign or a name for it.
pub fn is_arithmetic(operation: Operation<'_>) -> bool {
    let one = ["sqrt", "rsqrt", "reciprocal", "neg", "sigmoid", "tanh", "exp", "log"];
    let soft = ["_softmax", "_log_softmax", "maximum", "copy"];
    let more = ["mul", "div", "add", "sub", "addcdiv", "addcmul", "lerp"];
    [&one[..], &soft, &more].iter().any(|names| operation.is(names))
}

/// What an operation in place writes over, before any product in place just before it.
fn first_self(operation: Operation<'_>) -> Option<Tensor> {
    let own = operation.first()?;
    match scaled_before(operation) {
        Some(product) => product.first(),
        None => Some(own),
    }
}

/// The `mul_` that an update in place begins with, as `v.mul_(b).addcmul_(...)` does.
fn scaled_before(operation: Operation<'_>) -> Option<Operation<'_>> {
    let before = operation.maker(operation.first()?)?;
    (operation.plain_name() != "mul" && before.name() == "mul_").then_some(before)
}

impl Builder<'_> {
    fn made_by(&mut self, operation: Operation<'_>, depth: usize) -> (String, Holds) {
        let arguments = operation.arguments();
        let text = |builder: &mut Self, name: &str, least: Holds| {
            let (_, argument) = arguments.iter().find(|(it, _)| it == name)?;
            let own = name == "self" && (operation.is_in_place() || operation.is(&["maximum"]));
            let (text, holds) = builder.argument(argument, own, operation, depth);
            Some(if holds < least { format!("({text})") } else { text })
        };
        let name = operation.plain_name();
        let piece = match name {
            "mul" => self.two(&text, '*', Product),
            "div" => self.two(&text, '/', Product),
            "add" => self.two(&text, '+', Sum),
            "sub" => self.two(&text, '-', Sum),
            "addcmul" | "addcdiv" => {
                let sign = if name == "addcmul" { '*' } else { '/' };
                let own = text(self, "self", Sum);
                let mut first = text(self, "tensor1", Product);
                if operation.number("value") != Some(1.0) {
                    let factor = text(self, "value", Whole);
                    first = first.zip(factor).map(|(first, factor)| format!("{first}*{factor}"));
                }
                let second = text(self, "tensor2", Whole);
                let all = own.zip(first).zip(second);
                all.map(|((own, first), second)| (format!("{own}+{first}{sign}{second}"), Sum))
            }
            "lerp" => {
                let parts = ["self", "end", "weight"].map(|it| text(self, it, Sum));
                let [own, end, weight] = parts.map(Option::unwrap_or_default);
                Some((format!("lerp({own},{end},{weight})"), Whole))
            }
            "maximum" => {
                let [one, other] = ["self", "other"].map(|it| text(self, it, Sum));
                one.zip(other).map(|(one, other)| (format!("max({one},{other})"), Whole))
            }
            "copy" => text(self, "src", Whole).map(|it| (it, Whole)),
            _ => {
                let inner = text(self, "self", Sum);
                let name = name.trim_start_matches('_');
                inner.map(|inner| (format!("{name}({inner})"), Whole))
            }
        };
        piece.unwrap_or_else(|| ("?".to_owned(), Whole))
    }

    fn two(
        &mut self,
        text: &impl Fn(&mut Self, &str, Holds) -> Option<String>,
        sign: char,
        holds: Holds,
    ) -> Option<(String, Holds)> {
        let left = text(self, "self", holds)?;
        // a-(b+c), a/(b*c)
        let right = if matches!(sign, '-' | '/') { Whole } else { holds };
        let mut right = text(self, "other", right)?;
        let alpha = if holds == Sum { text(self, "alpha", Whole) } else { None };
        if alpha.is_some() && self.formula.numbers.last() == Some(&1.0) {
            self.formula.numbers.pop();
        } else if let Some(alpha) = alpha {
            right = format!("{right}*{alpha}");
        }
        Some((format!("{left}{sign}{right}"), holds))
    }

    fn argument(
        &mut self,
        argument: &Argument,
        own: bool,
        of: Operation<'_>,
        depth: usize,
    ) -> (String, Holds) {
        let tensor = match argument {
            Argument::Plain(text) => return self.number(text),
            Argument::Tensor(_, shown) if shown.kind.ends_with("[]") => {
                return self.number(shown.first.as_deref().unwrap_or_default());
            }
            Argument::Tensor(tensor, _) => *tensor,
        };
        if let Some(product) = scaled_before(of).filter(|_| own) {
            return self.made_by(product, depth + 1);
        }
        if self.formula.updated.is_some_and(|it| it.value == tensor.value) {
            return ("p".to_owned(), Whole);
        }
        let maker = of.maker(tensor).filter(|it| is_arithmetic(*it));
        // What is written over is kept from step to step, unless it was just made.
        let is_made = maker.is_some_and(|it| !it.is_in_place()) && !of.is(&["maximum"]);
        let is_kept = own && !is_made;
        if is_kept && !of.is_in_backward() {
            return ("s".to_owned(), Whole);
        }
        match maker {
            Some(maker) if depth < DEEP && !self.known.contains(&tensor.value) => {
                self.made_by(maker, depth + 1)
            }
            _ => {
                self.formula.values.push(tensor.value);
                ("x".to_owned(), Whole)
            }
        }
    }

    fn number(&mut self, text: &str) -> (String, Holds) {
        self.formula.numbers.push(text.parse().unwrap_or(f64::NAN));
        ("#".to_owned(), Whole)
    }
}
