//! Rows -> CSV; results -> JSON. The CSV is that of `python_ref/export.py`.

use std::fmt::Write;

use anyhow::Result;
use parity::text::{escaped, repr};
use serde::{Serialize, Serializer};

/// The version of what programs read. It grows where a name goes or changes its
/// meaning; names may be added under the same version.
pub const SCHEMA: u32 = 1;

/// The program's name and version.
pub const PROGRAM: &str = concat!("tanh-parity ", env!("CARGO_PKG_VERSION"));

/// The rows as CSV, under the names of their fields; lists of cells without.
pub fn to_csv(rows: impl IntoIterator<Item = impl Serialize>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.into_inner()?)
}

/// Numbers in a CSV read as Python writes them.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
pub fn as_python<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&repr(*x))
}

/// As [`as_python`], with an empty cell for what there is not.
#[allow(clippy::ref_option)] // serde's signature
pub fn as_python_or_empty<S: Serializer>(
    x: &Option<f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match x {
        Some(x) => as_python(x, serializer),
        None => serializer.serialize_none(),
    }
}

/// What stands before the fields of all that a command found.
#[derive(Serialize)]
struct Results<'a, T> {
    schema: u32,
    program: &'static str,
    command: &'a str,
    #[serde(flatten)]
    found: &'a T,
}

/// What `command` found, as JSON that is safe to print: what moves a terminal's
/// cursor is spelled `\u009b`, which reads back as what it was.
pub fn to_json(command: &str, found: &impl Serialize) -> Result<String> {
    let results = Results { schema: SCHEMA, program: PROGRAM, command, found };
    let text = serde_json::to_string_pretty(&results)? + "\n";
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let mut bytes = [0; 4];
        let alone: &str = character.encode_utf8(&mut bytes);
        if character == '\n' || escaped(alone) == alone {
            safe.push(character);
            continue;
        }
        // Such a character stands within a string only.
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(safe, "\\u{unit:04x}").expect("a String takes any text");
        }
    }
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    #[test]
    fn what_moves_the_cursor_is_spelled_out_and_reads_back() {
        let hostile = "a\"\n\u{1b}[2J\u{9b}\u{7f}\u{202e}\u{e0001}重み";
        let text = super::to_json("check", &BTreeMap::from([("name", hostile)])).unwrap();
        assert!(text.contains("\\u009b\\u007f\\u202e\\udb40\\udc01重み"), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["name"], hostile);
    }
}
