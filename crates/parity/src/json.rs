//! What a command found, as JSON.

use std::fmt::Write;

use anyhow::Result;
use parity_record::escaped;
use serde::Serialize;

use crate::program;

/// The version of what programs read. It grows where a name goes or changes its
/// meaning; names may be added under the same version.
pub const SCHEMA: u32 = 1;

/// What stands before the fields of all that a command found.
#[derive(Serialize)]
struct Results<'a, T> {
    schema: u32,
    program: String,
    command: &'a str,
    #[serde(flatten)]
    found: &'a T,
}

/// What `command` found, as JSON that is safe to print: what moves a terminal's
/// cursor is spelled `\u009b`, which reads back as what it was.
pub fn to_json(command: &str, found: &impl Serialize) -> Result<String> {
    let results = Results { schema: SCHEMA, program: program::current().title(), command, found };
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
