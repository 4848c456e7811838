//! Plain tables: columns two spaces apart, the first one left-aligned.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

/// Lays out `rows` under `header`. No line of it ends in spaces.
pub fn table<R>(header: &[&str], rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = String>,
{
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
        if column.index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A count with a comma between thousands.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same of a count of 64 bits, as ULPs are.
pub fn thousands_u64(n: u64) -> String {
    thousands(usize::try_from(n).unwrap_or(usize::MAX))
}

/// So many of `what`, a word that takes an s: "1 seed", "1,000 seeds".
pub fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(n), if n == 1 { "" } else { "s" })
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
