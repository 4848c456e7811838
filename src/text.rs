//! Rounded numbers and paragraphs as text.

/// Four decimals, or as many digits where that would hide the value.
pub fn number(x: f64) -> String {
    match x.abs() {
        nan if nan.is_nan() => "-".to_owned(),
        0.0 | 1e-3..1e2 => format!("{x:.4}"),
        _ => format!("{x:.2e}"),
    }
}

/// A share of 1 in percent.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A paragraph in lines of at most 80 columns.
pub fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if lines[lines.len() - 1].chars().count() + word.chars().count() >= 80 {
            lines.push(String::new());
        }
        let line = lines.last_mut().expect("there is a first line");
        *line += if line.is_empty() { "" } else { " " };
        *line += word;
    }
    lines.join("\n") + "\n"
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

    /// Each was printed by Python 3.11 for the call in it.
    #[test]
    fn rounded_numbers_read_as_python_prints_them() {
        assert_eq!(fixed(0.0625, 3), "0.062"); // a tie goes to the even digit
        assert_eq!(fixed(f64::NAN, 3), "nan");
        assert_eq!(scientific(0.0, 0), "0e+00");
        assert_eq!(scientific(2.5, 0), "2e+00");
        assert_eq!(scientific(9.123e-12, 1), "9.1e-12");
        assert_eq!(scientific(f64::INFINITY, 1), "inf");
    }

    #[test]
    fn numbers_have_four_decimals_or_three_digits() {
        for (x, text) in [
            (0.0, "0.0000"),
            (0.001, "0.0010"),
            (-99.99, "-99.9900"),
            (100.0, "1.00e2"),
            (0.00099, "9.90e-4"),
            (f64::NAN, "-"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number(x), text);
        }
        assert_eq!(percent(0.9995), "100.0 %");
        assert_eq!(percent(0.025), "2.5 %");
    }

    #[test]
    fn a_line_is_as_long_as_80_columns_allow() {
        let word = "x".repeat(39);
        assert_eq!(wrapped(&format!("{word} {word}y")), format!("{word} {word}y\n"));
        assert_eq!(wrapped(&format!("{word} {word}yz")), format!("{word}\n{word}yz\n"));
    }
}
