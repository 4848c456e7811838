//! The rule by which an optimizer updates one parameter, and what the rule is
//! set to and remembers.

use std::fmt::Debug;
use std::hint::black_box;

use tch::Tensor;

/// How one parameter is updated by its gradient, whatever becomes of the others:
/// the body of the loop in PyTorch's `_single_tensor_*` functions, with the
/// settings of a group of parameters.
pub trait Rule: Clone + Debug + Default {
    /// The names that its state can have, in the order in which PyTorch makes it.
    const STATE: &'static [&'static str];

    /// Whether the state counts steps: all but SGD's.
    const COUNTS_STEPS: bool = true;

    /// Whether the state is made with the optimizer, as Adagrad's is, and not at
    /// the first gradient.
    const EAGER: bool = false;

    /// The settings under PyTorch's names and in PyTorch's order.
    fn settings(&self) -> Vec<(&'static str, Setting)>;

    /// The same, to be changed.
    fn settings_mut(&mut self) -> Vec<(&'static str, SettingMut<'_>)>;

    /// What is remembered of `param` before its first gradient.
    fn init(&self, param: &Tensor) -> State;

    /// Updates `param`, and the state with it.
    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State);
}

/// What one setting of an optimizer is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// A Python float.
    Float(f64),
    /// A tuple of two Python floats.
    Pair(f64, f64),
    /// A Python bool.
    Flag(bool),
    /// A Python int.
    Whole(usize),
    /// A Python string, or None.
    Word(Option<&'static str>),
}

/// The same, to be changed.
#[derive(Debug)]
pub enum SettingMut<'a> {
    /// A Python float.
    Float(&'a mut f64),
    /// A tuple of two Python floats.
    Pair(&'a mut (f64, f64)),
    /// A Python bool.
    Flag(&'a mut bool),
}

macro_rules! from_field {
    ($($kind:ident($field:ty): |$x:ident| $setting:expr;)*) => {$(
        impl From<$field> for Setting {
            fn from($x: $field) -> Self {
                $setting
            }
        }

        impl<'a> From<&'a mut $field> for SettingMut<'a> {
            fn from(field: &'a mut $field) -> Self {
                Self::$kind(field)
            }
        }
    )*};
}

from_field! {
    Float(f64): |x| Self::Float(x);
    Pair((f64, f64)): |x| Self::Pair(x.0, x.1);
    Flag(bool): |x| Self::Flag(x);
}

/// Fields of a rule as its settings, under their names, which are PyTorch's.
macro_rules! settings {
    ($($name:ident),+) => {
        fn settings(&self) -> Vec<(&'static str, $crate::optim::Setting)> {
            vec![$((stringify!($name), self.$name.into())),+]
        }

        fn settings_mut(&mut self) -> Vec<(&'static str, $crate::optim::SettingMut<'_>)> {
            vec![$((stringify!($name), (&mut self.$name).into())),+]
        }
    };
}
pub(super) use settings;

/// What is remembered of one parameter.
#[derive(Debug, Default)]
pub struct State {
    /// How many updates there were. PyTorch counts in a float32 tensor, which
    /// stays at 2²⁴; so does this.
    pub step: f32,
    /// The tensors under PyTorch's names, in PyTorch's order.
    pub tensors: Vec<(&'static str, Tensor)>,
}

impl State {
    /// Tensors of zeros, of the shape of `param`.
    pub fn zeros<const N: usize>(param: &Tensor, names: [&'static str; N]) -> Self {
        let zeros = |name| (name, param.zeros_like().detach());
        Self { step: 0.0, tensors: names.map(zeros).into() }
    }

    /// The same with one tensor more.
    #[must_use]
    pub fn and(mut self, name: &'static str, tensor: Tensor) -> Self {
        self.tensors.push((name, tensor));
        self
    }

    /// Counts a step, and gives the count, from 1, as Python's `item()` does.
    pub fn next_step(&mut self) -> f64 {
        self.step += 1.0;
        f64::from(self.step)
    }

    /// The tensor of this name, which shares the state's memory.
    pub fn get(&self, name: &str) -> Tensor {
        let found = self.tensors.iter().find(|(known, _)| *known == name);
        let (_, tensor) = found.unwrap_or_else(|| panic!("the state has no {name}"));
        tensor.shallow_clone()
    }
}

/// The gradient to go down by: `-grad` if the loss is to be maximized.
pub fn descent(grad: &Tensor, maximize: bool) -> Tensor {
    if maximize { -grad } else { grad.shallow_clone() }
}

/// Python's `base ** exponent`: C's pow.
///
/// Behind a black box, since the compiler would turn a power of 0.5 into a
/// square root: of a million numbers between 0 and 1 it differs for 900.
pub fn pow(base: f64, exponent: f64) -> f64 {
    base.powf(black_box(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_power_of_one_half_is_no_square_root() {
        let count = (1..100_000).filter(|&n| {
            let x = f64::from(n) / 100_000.0;
            pow(x, 0.5) != x.sqrt()
        });
        assert!(count.count() > 0);
    }

    #[test]
    fn steps_stop_where_float32_has_no_next_whole_number() {
        let mut state = State { step: 16_777_215.0, tensors: vec![] };
        assert_eq!(state.next_step(), 16_777_216.0);
        assert_eq!(state.next_step(), 16_777_216.0);
    }
}
