//! A Python number or a tensor of one value: LBFGS computes with both.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use tch::{Kind, Tensor};

/// What a name of PyTorch's LBFGS may hold: a Python float, or a float32 tensor,
/// (). Where the two meet, the float is rounded to float32 first. A float64
/// tensor computes as a float does, and is one here.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A Python float, or a float64 tensor.
    Float(f64),
    /// A float32 tensor.
    Single(f32),
}

use Number::{Float, Single};

impl Number {
    /// The value of a tensor, ().
    pub fn of(tensor: &Tensor) -> Self {
        let value = tensor.double_value(&[]);
        if tensor.kind() == Kind::Float { Single(value as f32) } else { Float(value) }
    }

    /// The same as a tensor, whose dtype tells which it is.
    pub fn to_tensor(self) -> Tensor {
        match self {
            Float(x) => Tensor::from(x),
            Single(x) => Tensor::from(x),
        }
    }

    /// Python's `float(x)`.
    pub fn float(self) -> f64 {
        match self {
            Float(x) => x,
            Single(x) => x.into(),
        }
    }

    /// Python's `abs(x)`.
    pub fn abs(self) -> Self {
        match self {
            Float(x) => Float(x.abs()),
            Single(x) => Single(x.abs()),
        }
    }

    /// The root of a tensor. Left to libtorch, which takes MKL's: the last bit is
    /// not always the nearest.
    pub fn sqrt(self) -> Self {
        Self::of(&self.to_tensor().sqrt())
    }

    /// Python's `max(self, other)`: the first unless the other is greater.
    pub fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// Python's `min(self, other)`: the first unless the other is less.
    pub fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    fn single(self) -> f32 {
        match self {
            Float(x) => x as f32,
            Single(x) => x,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Float(a), Float(b)) => a.partial_cmp(b),
            _ => self.single().partial_cmp(&other.single()),
        }
    }
}

impl Neg for Number {
    type Output = Self;

    fn neg(self) -> Self {
        match self {
            Float(x) => Float(-x),
            Single(x) => Single(-x),
        }
    }
}

impl Add for Number {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Float(a), Float(b)) => Float(a + b),
            _ => Single(self.single() + other.single()),
        }
    }
}

impl Sub for Number {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        match (self, other) {
            (Float(a), Float(b)) => Float(a - b),
            _ => Single(self.single() - other.single()),
        }
    }
}

impl Mul for Number {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        match (self, other) {
            (Float(a), Float(b)) => Float(a * b),
            _ => Single(self.single() * other.single()),
        }
    }
}

impl Div for Number {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        match (self, other) {
            (Float(a), Float(b)) => Float(a / b),
            // Python's number / tensor: a reciprocal, then a product.
            (Float(a), Single(b)) => Single(1.0 / b * a as f32),
            (Single(a), _) => Single(a / other.single()),
        }
    }
}
