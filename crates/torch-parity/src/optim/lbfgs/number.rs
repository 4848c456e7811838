//! A Python number or a tensor of one value: LBFGS computes with both.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use tch::{Kind, Tensor};

/// What a name of PyTorch's LBFGS may hold: a Python float, or a tensor, (). Where
/// the two meet, the float is rounded to the tensor's dtype first, and is not
/// divided by the tensor but multiplied with its reciprocal.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A Python float.
    Float(f64),
    /// A float64 tensor.
    Double(f64),
    /// A float32 tensor.
    Single(f32),
}

use Number::{Double, Float, Single};

impl Number {
    /// The value of a tensor, ().
    pub fn of(tensor: &Tensor) -> Self {
        let value = tensor.double_value(&[]);
        if tensor.kind() == Kind::Float { Single(value as f32) } else { Double(value) }
    }

    /// The same as a tensor, whose dtype tells which it is.
    pub fn to_tensor(self) -> Tensor {
        match self {
            Float(x) | Double(x) => Tensor::from(x),
            Single(x) => Tensor::from(x),
        }
    }

    /// Python's `float(x)`.
    pub fn float(self) -> f64 {
        match self {
            Float(x) | Double(x) => x,
            Single(x) => x.into(),
        }
    }

    /// Python's `abs(x)`.
    pub fn abs(self) -> Self {
        match self {
            Float(x) => Float(x.abs()),
            Double(x) => Double(x.abs()),
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
            Float(x) | Double(x) => x as f32,
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
            (Single(_), _) | (_, Single(_)) => self.single().partial_cmp(&other.single()),
            _ => self.float().partial_cmp(&other.float()),
        }
    }
}

impl Number {
    /// The result in the dtype that the two have together.
    fn with(self, other: Self, op: fn(f64, f64) -> f64, op32: fn(f32, f32) -> f32) -> Self {
        match (self, other) {
            (Float(a), Float(b)) => Float(op(a, b)),
            (Single(_), _) | (_, Single(_)) => Single(op32(self.single(), other.single())),
            _ => Double(op(self.float(), other.float())),
        }
    }
}

impl Neg for Number {
    type Output = Self;

    fn neg(self) -> Self {
        match self {
            Float(x) => Float(-x),
            Double(x) => Double(-x),
            Single(x) => Single(-x),
        }
    }
}

impl Add for Number {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.with(other, f64::add, f32::add)
    }
}

impl Sub for Number {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.with(other, f64::sub, f32::sub)
    }
}

impl Mul for Number {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.with(other, f64::mul, f32::mul)
    }
}

impl Div for Number {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        match (self, other) {
            (Float(_), Single(x)) => self * Single(1.0 / x),
            (Float(_), Double(x)) => self * Double(1.0 / x),
            _ => self.with(other, f64::div, f32::div),
        }
    }
}
