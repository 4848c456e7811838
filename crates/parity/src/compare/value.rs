//! One value of a tensor: its bits, its number, and how far it is from another.

use parity_record::Dtype;

use super::small_float;
use crate::text::repr;

/// A value of any dtype. Of dtypes smaller than a byte it is a byte, which holds
/// parts of several values.
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
        Self { dtype, bits: u64::from_ne_bytes(word) }
    }

    /// A float32.
    pub fn float32(x: f32) -> Self {
        Self::new(Dtype::F32, &x.to_ne_bytes())
    }

    /// The bytes of a value of `dtype` in an array.
    pub fn width(dtype: Dtype) -> usize {
        dtype.bitsize().div_ceil(8)
    }

    /// Its dtype.
    pub fn dtype(self) -> Dtype {
        self.dtype
    }

    /// Its number; none for a complex one, and for dtypes smaller than a byte.
    pub fn number(self) -> Option<f64> {
        let bits = self.bits;
        Some(match self.dtype {
            Dtype::F64 => f64::from_bits(bits),
            Dtype::F32 => f32::from_bits(bits as u32).into(),
            Dtype::F16 => half::f16::from_bits(bits as u16).into(),
            Dtype::BF16 => half::bf16::from_bits(bits as u16).into(),
            dtype => match self.whole() {
                Some(whole) => whole as f64,
                None => small_float::number(dtype, bits as u8)?.into(),
            },
        })
    }

    /// The real and the imaginary part of a complex number.
    pub fn parts(self) -> Option<[Self; 2]> {
        // In memory the real part comes first.
        let halves = [self.bits & 0xffff_ffff, self.bits >> 32];
        let part = |bits| Self { dtype: Dtype::F32, bits };
        let halves = if cfg!(target_endian = "big") { [halves[1], halves[0]] } else { halves };
        (self.dtype == Dtype::C64).then(|| halves.map(part))
    }

    /// Whether it, or a part of it, is not a number.
    pub fn is_nan(self) -> bool {
        match self.parts() {
            Some(parts) => parts.into_iter().any(Self::is_nan),
            None => self.number().is_some_and(f64::is_nan),
        }
    }

    /// Whether its dtype is one of whole numbers.
    pub fn is_whole(self) -> bool {
        self.whole().is_some()
    }

    /// Its number, for whole-number dtypes.
    pub(super) fn whole(self) -> Option<i128> {
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

    /// Its number among all values of its dtype, smallest first, -0 just before
    /// +0 (IEEE 754's totalOrder, as `f32::total_cmp`). None for NaN.
    fn ordinal(self) -> Option<i128> {
        if let Some(whole) = self.whole() {
            return Some(whole);
        }
        if self.number()?.is_nan() {
            return None;
        }
        if self.dtype == Dtype::F8_E8M0 {
            return Some(self.bits.into()); // it has no sign
        }
        let sign = 1 << (self.dtype.bitsize() - 1);
        let magnitude = i128::from(self.bits & (sign - 1));
        Some(if self.bits & sign == 0 { magnitude } else { -1 - magnitude })
    }

    /// How many steps from one representable value to the next lie between the
    /// two: units in the last place; of complex numbers, of the part farther off.
    /// None where either is NaN, or the dtype's numbers are not known.
    pub fn ulps(self, other: Self) -> Option<u64> {
        if let (Some([re, im]), Some([other_re, other_im])) = (self.parts(), other.parts()) {
            return Some(re.ulps(other_re)?.max(im.ulps(other_im)?));
        }
        let distance = (self.ordinal()? - other.ordinal()?).unsigned_abs();
        Some(u64::try_from(distance).unwrap_or(u64::MAX))
    }

    /// The absolute difference of the two: exact for whole numbers, as far as a
    /// float tells them. None where the dtype's numbers are not known.
    pub fn distance(self, other: Self) -> Option<f64> {
        if let (Some(x), Some(y)) = (self.whole(), other.whole()) {
            return Some((x - y).unsigned_abs() as f64);
        }
        if let (Some([re, im]), Some([other_re, other_im])) = (self.parts(), other.parts()) {
            return Some(re.distance(other_re)?.hypot(im.distance(other_im)?));
        }
        Some((self.number()? - other.number()?).abs())
    }

    /// Its bits in hexadecimal, such as `0x3dcccccd`.
    pub fn hex(self) -> String {
        let digits = 2 * Self::width(self.dtype);
        format!("0x{:0digits$x}", self.bits)
    }

    /// The number as Python prints it; None where the dtype's numbers are not known.
    pub fn decimal(self) -> Option<String> {
        if let Some([re, im]) = self.parts() {
            let [re, im] = [re, im].map(|part| repr(part.number().expect("it is a float")));
            let plus = if im.starts_with('-') { "" } else { "+" };
            return Some(format!("({re}{plus}{im}j)"));
        }
        self.whole().map(|whole| whole.to_string()).or_else(|| self.number().map(repr))
    }

    /// The number as Python prints it, with the bits where it is a float.
    pub fn text(self) -> String {
        match self.decimal() {
            Some(number) if self.is_whole() => number,
            Some(number) => format!("{number} ({})", self.hex()),
            None => self.hex(),
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
