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

/// `text` in at most so many characters, its middle left out where it is longer.
pub fn elided(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let end = (room - 3).div_ceil(2);
    let start: String = text.chars().take(room - 3 - end).collect();
    start + "..." + &text.chars().skip(length - end).collect::<String>()
}
