//! Numbers as Python prints them.

/// The text of Python's `repr(x)`: the shortest digits that read back as `x`,
/// the closest of them, the even one of two as close; with an exponent below
/// 1e-4 and from 1e16 on.
pub fn repr(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() { "nan" } else { ["-inf", "inf"][usize::from(x > 0.0)] }.to_owned();
    }
    // Not {:?}, which takes the odd one of two as close.
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(x.abs());
    let (digits, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    // x = 0.significant * 10^point
    let leading_zeros = (all.len() - all.trim_start_matches('0').len()) as i32;
    let point = exponent.parse::<i32>().expect("an exponent is a whole number")
        + whole.len() as i32
        - leading_zeros;
    let sign = if x.is_sign_negative() { "-" } else { "" };
    sign.to_owned() + &placed(significant, point)
}

/// 0.digits * 10^point, for digits without zeros at either end. Zero has none, and
/// a point of -1.
fn placed(digits: &str, point: i32) -> String {
    let n = digits.len() as i32;
    match point {
        -3..=0 => format!("0.{}{digits}", "0".repeat(-point as usize)),
        1..=16 if point >= n => format!("{digits}{}.0", "0".repeat((point - n) as usize)),
        1..=16 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
        _ => {
            let dot = if n > 1 { "." } else { "" };
            let sign = if point > 0 { '+' } else { '-' };
            format!("{}{dot}{}e{sign}{:02}", &digits[..1], &digits[1..], (point - 1).abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line was printed by Python 3.11 for the call in it.
    #[test]
    fn numbers_read_as_python_prints_them() {
        for (x, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (1e16, "1e+16"),
            (123_456_789_012_345.6, "123456789012345.6"),
            (1.5e-5, "1.5e-05"),
            (1e-4, "0.0001"),
            (-5e-324, "-5e-324"),
        ] {
            assert_eq!(repr(x), text);
        }
    }
}
