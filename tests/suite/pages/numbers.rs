//! The numbers of a text, English or Chinese.

use regex::Regex;

/// The numbers of a text without separators; from three on also those in words.
pub fn numbers(text: &str) -> Vec<String> {
    const WORDS: [&str; 14] = [
        "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen",
    ];
    let text = Regex::new(r"\]\([^)]*\)").unwrap().replace_all(text, "]");
    let number = r"[-±]?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)*(?:e[-+]?[0-9]+)?";
    let chinese = "[一二三四五六七八九]?十[一二三四五六七八九]?|[三四五六七八九]";
    // A name keeps its digits: float32, fc1, AVX-512.
    let token = Regex::new(&format!("[A-Za-z_][A-Za-z0-9_-]*|{number}|{chinese}")).unwrap();
    let value = |token: &str| match token.to_lowercase().as_str() {
        "forty" => Some("40".to_owned()),
        "quarter" => Some("4".to_owned()),
        word if word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
            WORDS.iter().position(|known| *known == word).map(|at| (at + 3).to_string())
        }
        digits if digits.is_ascii() || digits.starts_with('±') => Some(digits.replace(',', "")),
        numeral => Some(in_digits(numeral).to_string()),
    };
    token.find_iter(&text).filter_map(|found| value(found.as_str())).collect()
}

/// A Chinese numeral below a hundred.
fn in_digits(numeral: &str) -> usize {
    let digit = |text: &str| "零一二三四五六七八九".chars().position(|c| text == c.to_string());
    match numeral.split_once('十') {
        Some((tens, ones)) => digit(tens).unwrap_or(1) * 10 + digit(ones).unwrap_or(0),
        None => digit(numeral).unwrap(),
    }
}

#[test]
fn numbers_are_read_in_both_languages() {
    let same = |english: &str, chinese: &str| assert_eq!(numbers(english), numbers(chinese));
    same("1,000 seeds, 0.0 %", "1000 个种子，0.0%");
    same("sixteen, forty, a quarter, Ten", "十六、40、四分之一、10");
    same("float32 and AVX-512", "没有数");
    assert_eq!(numbers("二十三、-1、±1、2e-04、1, 2"), ["23", "-1", "±1", "2e-04", "1", "2"]);
}
