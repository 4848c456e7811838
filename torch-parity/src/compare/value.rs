//! One value of a tensor: its bits, its number, and how far it is from another.

use safetensors::Dtype;

use crate::text::repr;

/// A value of any dtype of whole bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    dtype: Dtype,
    /// As stored, in the low bits.
    bits: u64,
}

impl Value {
    /// Reads the bytes of one value, in native order.
    pub fn new(dtype: Dtype, bytes: &[u8]) -> Self {
        let mut word = [0; 8];
        let start = if cfg!(target_endian = "big") { 8 - bytes.len() } else { 0 };
        word[start..start + bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_ne_bytes(word);
        Self { dtype, bits }
    }

    /// A float32.
    pub fn float32(x: f32) -> Self {
        Self::new(Dtype::F32, &x.to_ne_bytes())
    }

    /// Its number; none for dtypes that have no counterpart in Rust.
    pub fn number(self) -> Option<f64> {
        let bits = self.bits;
        Some(match self.dtype {
            Dtype::F64 => f64::from_bits(bits),
            Dtype::F32 => f32::from_bits(bits as u32).into(),
            Dtype::F16 => half::f16::from_bits(bits as u16).into(),
            Dtype::BF16 => half::bf16::from_bits(bits as u16).into(),
            _ => self.whole()? as f64,
        })
    }

    /// Whether its dtype is one of whole numbers.
    pub fn is_whole(self) -> bool {
        self.whole().is_some()
    }

    /// Its number, for whole-number dtypes.
    fn whole(self) -> Option<i128> {
        let bits = self.bits;
        Some(match self.dtype {
            Dtype::I64 => i128::from(bits as i64),
            Dtype::I32 => i128::from(bits as i32),
            Dtype::I16 => i128::from(bits as i16),
            Dtype::I8 => i128::from(bits as i8),
            Dtype::U64 | Dtype::U32 | Dtype::U16 | Dtype::U8 | Dtype::BOOL => bits.into(),
            _ => return None,
        })
    }

    /// Its place among all values of its dtype, smallest first, -0 just before
    /// +0 (IEEE 754's totalOrder, as `f32::total_cmp`). None for NaN.
    fn place(self) -> Option<i128> {
        if let Some(whole) = self.whole() {
            return Some(whole);
        }
        if self.number()?.is_nan() {
            return None;
        }
        let sign = 1 << (self.dtype.bitsize() - 1);
        let magnitude = i128::from(self.bits & (sign - 1));
        Some(if self.bits & sign == 0 { magnitude } else { -1 - magnitude })
    }

    /// How many steps from one representable value to the next lie between the
    /// two: units in the last place. None where either is NaN.
    pub fn ulps(self, other: Self) -> Option<u64> {
        let distance = (self.place()? - other.place()?).unsigned_abs();
        Some(u64::try_from(distance).unwrap_or(u64::MAX))
    }

    /// The number as Python prints it, with the bits where it is a float.
    pub fn text(self) -> String {
        let digits = self.dtype.bitsize() / 4;
        match (self.whole(), self.number()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(number)) => format!("{} (0x{:0digits$x})", repr(number), self.bits),
            (None, None) => format!("0x{:0digits$x}", self.bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f32_ulps(a: f32, b: f32) -> Option<u64> {
        let value = |x: f32| Value::new(Dtype::F32, &x.to_ne_bytes());
        value(a).ulps(value(b))
    }

    #[test]
    fn ulps_count_representable_values_across_zero_and_to_infinity() {
        assert_eq!(f32_ulps(1.0, 1.0), Some(0));
        assert_eq!(f32_ulps(1.0, 1.0 + f32::EPSILON), Some(1));
        assert_eq!(f32_ulps(-0.0, 0.0), Some(1));
        assert_eq!(f32_ulps(-f32::from_bits(1), f32::from_bits(1)), Some(3));
        assert_eq!(f32_ulps(f32::MAX, f32::INFINITY), Some(1));
        assert_eq!(f32_ulps(f32::NAN, 1.0), None);
    }

    #[test]
    fn a_value_prints_as_python_prints_it() {
        let text = |x: f32| Value::new(Dtype::F32, &x.to_ne_bytes()).text();
        assert_eq!(text(0.1), "0.10000000149011612 (0x3dcccccd)");
        assert_eq!(text(-0.0), "-0.0 (0x80000000)");
        assert_eq!(Value::new(Dtype::I64, &(-7_i64).to_ne_bytes()).text(), "-7");
        assert_eq!(Value::new(Dtype::F16, &[0, 0x3c]).text(), "1.0 (0x3c00)");
    }
}
