//! The lesson's tables: what was measured is what a command prints.

use std::collections::HashMap;

use regex::Regex;

use super::Page;
use crate::common::{is_amd, is_avx512};

/// The numbers in the column "measured here" that the command in the last column,
/// or one that begins like it, does not print, rounded or not. A row that names AMD
/// has the numbers of its CPUs.
pub fn wrong_numbers(page: &Page, ran: &HashMap<String, (i32, String)>) -> Vec<String> {
    let mut found = Vec::new();
    for row in page.text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.trim_matches(['|', ' ']).split(" | ").collect();
        let [_, measured, _, command] = cells[..] else { continue };
        let Some(command) = command.strip_prefix("`tanh-parity ") else { continue };
        let command = format!("tanh-parity {}", command.trim_end_matches('`'));
        let Some(like) = ran.keys().filter(|line| line.starts_with(&command)).max() else {
            found.push(format!("{}: the page does not run {command}", page.path));
            continue;
        };
        let printed = numbers(&ran[like].1);
        for number in numbers(measured) {
            let exact = is_amd() || is_avx512() && !row.contains("AMD");
            if exact && !printed.iter().any(|known| rounds_to(known, &number)) {
                found.push(format!("{}: {command} prints no {number} for: {row}", page.path));
            }
        }
    }
    found
}

/// The numbers in a text, as they are written, without signs and separators.
fn numbers(text: &str) -> Vec<String> {
    let number = Regex::new(r"\b\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?").unwrap();
    number.find_iter(text).map(|found| found.as_str().replace(',', "")).collect()
}

/// Whether a number that was printed can be written so, with fewer digits.
fn rounds_to(printed: &str, written: &str) -> bool {
    let value: f64 = printed.parse().unwrap();
    let (mantissa, exponent) = written.split_once('e').map_or((written, false), |(m, _)| (m, true));
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let same = |text: String| text.parse::<f64>() == written.parse();
    if exponent {
        same(format!("{value:.decimals$e}"))
    } else {
        printed == written || same(format!("{value:.decimals$}"))
    }
}

#[test]
fn a_number_that_no_command_prints_is_found() {
    let ran =
        HashMap::from([("tanh-parity x --all".to_owned(), (0, "1.2345e-05, -0.0249".into()))]);
    let wrong = |measured: &str, command: &str| {
        let text = format!("| said | {measured} | yes | `{command}` |\n");
        wrong_numbers(&Page { path: String::new(), text }, &ran).len()
    };
    assert_eq!(wrong("0.0249 and 0.025, or 1.23e-5", "tanh-parity x"), 0);
    assert_eq!(wrong("nothing", "tanh-parity y"), 1);
    if is_avx512() {
        assert_eq!(wrong("0.0248, 0.03 and 1.24e-5", "tanh-parity x"), 3);
    }
}
