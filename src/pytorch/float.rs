//! Numbers as Python prints them.

/// The text of Python's `repr(x)`: the shortest digits that read back as `x`,
/// with an exponent below 1e-4 and from 1e16 on.
pub fn repr(x: f64) -> String {
    let scientific = format!("{x:e}");
    let exponent = scientific.rsplit('e').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    if x != 0.0 && !(-4..16).contains(&exponent) {
        python(&scientific)
    } else {
        python(&format!("{x:?}"))
    }
}

/// The text of Python's `f"{x:.{digits}f}"`.
pub fn fixed(x: f64, digits: usize) -> String {
    python(&format!("{x:.digits$}"))
}

/// The text of Python's `f"{x:.{digits}e}"`.
pub fn scientific(x: f64, digits: usize) -> String {
    python(&format!("{x:.digits$e}"))
}

/// Rust's text of a number as Python's: `nan`, and an exponent of two digits
/// and a sign.
fn python(text: &str) -> String {
    match text.split_once('e') {
        _ if text == "NaN" => "nan".to_owned(),
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line was printed by Python 3.11 for the call in it.
    #[test]
    fn numbers_read_as_python_prints_them() {
        assert_eq!(repr(0.1), "0.1");
        assert_eq!(repr(-0.0), "-0.0");
        assert_eq!(repr(1e16), "1e+16");
        assert_eq!(repr(123_456_789.0), "123456789.0");
        assert_eq!(repr(1.5e-5), "1.5e-05");
        assert_eq!(repr(1e-100), "1e-100");
        assert_eq!(repr(f64::NAN), "nan");
        assert_eq!(repr(f64::NEG_INFINITY), "-inf");
        assert_eq!(fixed(0.0625, 3), "0.062"); // a tie goes to the even digit
        assert_eq!(fixed(f64::NAN, 3), "nan");
        assert_eq!(scientific(0.0, 0), "0e+00");
        assert_eq!(scientific(2.5, 0), "2e+00");
        assert_eq!(scientific(9.123e-12, 1), "9.1e-12");
        assert_eq!(scientific(f64::INFINITY, 1), "inf");
    }
}
