//! The numbers of floats of one byte.

use parity_record::Dtype;

/// The number of this byte; None where the dtype is no float of one byte.
///
/// Sources: OCP 8-bit Floating Point Specification (E4M3, E5M2), OCP Microscaling
/// Formats (E8M0), arXiv 2206.02915 (the FNUZ formats), as PyTorch has them.
pub fn number(dtype: Dtype, byte: u8) -> Option<f32> {
    let magnitude = byte & 0x7f;
    let (width, bias) = match dtype {
        Dtype::F8_E8M0 => {
            return Some(if byte == 0xff { f32::NAN } else { 2_f32.powi(i32::from(byte) - 127) });
        }
        Dtype::F8_E4M3 if magnitude == 0x7f => return Some(f32::NAN),
        Dtype::F8_E5M2 if magnitude > 0x7c => return Some(f32::NAN),
        Dtype::F8_E5M2 if magnitude == 0x7c => {
            return Some(if byte == magnitude { f32::INFINITY } else { f32::NEG_INFINITY });
        }
        Dtype::F8_E4M3FNUZ | Dtype::F8_E5M2FNUZ if byte == 0x80 => return Some(f32::NAN),
        Dtype::F8_E4M3 => (3, 7),
        Dtype::F8_E5M2 => (2, 15),
        Dtype::F8_E4M3FNUZ => (3, 8),
        Dtype::F8_E5M2FNUZ => (2, 16),
        _ => return None,
    };
    let mantissa = i32::from(magnitude & ((1 << width) - 1));
    let exponent = i32::from(magnitude >> width);
    let (implicit, exponent) = if exponent == 0 { (0, 1) } else { (1 << width, exponent) };
    let size = (mantissa + implicit) as f32 * 2_f32.powi(exponent - bias - width);
    Some(if byte == magnitude { size } else { -size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_each_format_are_those_of_torch_finfo() {
        let at = |dtype, bits| number(dtype, bits).unwrap();
        assert_eq!(at(Dtype::F8_E4M3, 0x7e), 448.0);
        assert_eq!(at(Dtype::F8_E4M3, 0x01), 0.001_953_125);
        assert_eq!(at(Dtype::F8_E4M3, 0xb8), -1.0);
        assert_eq!(at(Dtype::F8_E5M2, 0x7b), 57344.0);
        assert_eq!(at(Dtype::F8_E5M2, 0xfc), f32::NEG_INFINITY);
        assert_eq!(at(Dtype::F8_E4M3FNUZ, 0x7f), 240.0);
        assert_eq!(at(Dtype::F8_E5M2FNUZ, 0x7f), 57344.0);
        assert_eq!(at(Dtype::F8_E8M0, 0x7f), 1.0);
        assert_eq!(at(Dtype::F8_E8M0, 0x00), 2_f32.powi(-127));
        for dtype in [Dtype::F8_E4M3FNUZ, Dtype::F8_E5M2FNUZ] {
            assert!(at(dtype, 0x80).is_nan());
        }
        assert!(at(Dtype::F8_E4M3, 0xff).is_nan() && at(Dtype::F8_E5M2, 0x7d).is_nan());
        assert_eq!(number(Dtype::F4, 1), None);
    }
}
