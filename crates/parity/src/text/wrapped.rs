//! Words in lines that fit a terminal.

/// Columns that what is printed fits.
pub const WIDTH: usize = 80;

/// Words in lines of at most 80 columns, behind `first`; the second and later ones are
/// set in by two columns more than that has.
pub fn wrapped(first: &str, words: &str) -> String {
    let indent = " ".repeat(first.chars().count() + 2);
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in words.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, indent.clone()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines.join("\n")
}
