//! Words of a line, each by itself.

use anyhow::{Context, Result};

/// Whether each tensor of a word has a digest.
pub fn has_values(word: &str) -> bool {
    let parts = word.trim_matches(['(', ')']).split(';');
    word.starts_with('"') || parts.into_iter().all(|it| !it.contains('[') || it.contains('='))
}

/// A number of any kind.
pub fn number<T: std::str::FromStr>(word: Option<&str>) -> Result<T> {
    word.and_then(|it| it.parse().ok()).context("a number is missing")
}

/// An address of memory.
pub fn memory(hexadecimal: &str) -> u64 {
    u64::from_str_radix(hexadecimal, 16).unwrap_or_default()
}

/// `2+1f40`: an object, and an address in it.
pub fn address(word: &str) -> Result<(u32, u64)> {
    let (object, address) = word.split_once('+').context("an address is missing")?;
    Ok((number(Some(object))?, u64::from_str_radix(address, 16)?))
}

/// A word in quotes, with `\xHH` for what may not stand in a line.
pub fn unquoted(word: Option<&str>) -> String {
    let word = word.unwrap_or_default().trim_matches('"');
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find("\\x") {
        bytes.extend(&rest.as_bytes()[..at]);
        let Some(byte) = rest.get(at + 2..at + 4).and_then(|it| u8::from_str_radix(it, 16).ok())
        else {
            break;
        };
        bytes.push(byte);
        rest = &rest[at + 4..];
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
