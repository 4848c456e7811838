//! A number as the decimal text that it is, whatever its spelling.

/// A number that a text spells: `0.50`, `+.5` and `5e-1` are one, `-0` and `0`
/// are two, and no digit is lost that a float would not hold.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Decimal {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Magnitude {
    Nan,
    Infinite,
    /// 0.digits * 10^point, without zeros at either end; zero has no digits.
    Finite {
        digits: String,
        point: i64,
    },
}

impl Decimal {
    /// The number that `text` spells, blanks around it aside; None where it is a
    /// word. Infinities and NaN are spelled as Rust or Python spells them.
    pub fn parse(text: &str) -> Option<Self> {
        let text = trimmed(text);
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let magnitude = match rest.as_bytes().first()? {
            b'0'..=b'9' | b'.' => finite(rest)?,
            b'n' | b'N' if rest.eq_ignore_ascii_case("nan") => Magnitude::Nan,
            b'i' | b'I' if ["inf", "infinity"].iter().any(|x| rest.eq_ignore_ascii_case(x)) => {
                Magnitude::Infinite
            }
            _ => return None,
        };
        Some(Self { negative, magnitude })
    }

    /// Whether it is not a number, though it stands for one.
    pub fn is_nan(&self) -> bool {
        self.magnitude == Magnitude::Nan
    }
}

/// The number that [`Decimal::parse`] took `text` for, as the closest float.
pub fn float(text: &str) -> f64 {
    let text = trimmed(text);
    text.parse().expect("what spells a Decimal spells an f64")
}

/// Without the blanks around it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn finite(text: &str) -> Option<Magnitude> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let all = [whole, fraction].concat();
    let leading = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0');
    if digits.is_empty() {
        return Some(Magnitude::Finite { digits: String::new(), point: 0 });
    }
    let point = exponent + whole.len() as i64 - leading as i64;
    Some(Magnitude::Finite { digits: digits.to_owned(), point })
}

/// An exponent of up to 18 digits, zeros before them aside; what has more is
/// taken as a word, and so compared as the text that it is.
fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let size: i64 = match digits.len() {
        0 => 0,
        1..=17 => digits.parse().ok()?,
        _ => return None,
    };
    Some(if text.starts_with('-') { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_equal_and_numbers_are_not() {
        let one = ["0.5", "+.5", "5e-1", "0.50", "00.5", "50E-2", " .5", "0.0005e3", "0.5e-000"];
        for text in one {
            assert_eq!(Decimal::parse(text), Decimal::parse("0.5"), "{text}");
        }
        let zeros = ["0", "0.0", "0e7", "+0", ".0", "0."];
        for text in zeros {
            assert_eq!(Decimal::parse(text), Decimal::parse("0e-3"), "{text}");
        }
        for [a, b] in [
            ["-0", "0"],
            ["1e400", "inf"],
            ["1e400", "1e500"],
            ["1e-400", "0.0"],
            ["9007199254740993", "9007199254740992.0"],
            ["18446744073709551615", "18446744073709551614"],
            ["nan", "-nan"],
            ["inf", "-inf"],
            ["1", "10"],
            ["0.1", "0.01"],
        ] {
            let [a, b] = [a, b].map(|text| Decimal::parse(text).unwrap());
            assert_ne!(a, b);
        }
        assert_eq!(Decimal::parse("Infinity"), Decimal::parse("+INF"));
    }

    #[test]
    fn words_are_no_numbers() {
        for text in
            ["", ".", "e5", "1e", "1e+", "1_000", "0x1", "1 2", "tanh", "--1", "infi", "1.2.3"]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::parse("1e100000000000000000000"), None);
    }

    #[test]
    fn what_is_a_number_is_one_for_rust() {
        for text in
            ["0.5", "+.5", "5.", "1e400", "-nan", "+inf", "Infinity", "1e-99999999999999999"]
        {
            assert!(Decimal::parse(text).is_some());
            float(text);
        }
    }
}
