//! The header of a `.safetensors` file, read entry by entry through a window, so
//! that it is never in memory as a whole.

use std::borrow::Cow;
use std::io::Read;

use ::safetensors::Dtype;
use serde::Deserialize;

use crate::error::{Error, Result, ensure};

/// What is read at a time.
const WINDOW: u64 = 1 << 20;

/// The longest entry: what has to be in memory at once.
const LONGEST: usize = 1 << 30;

/// An entry of a header.
pub enum Entry<'a> {
    Metadata(serde_json::Value),
    Tensor(Cow<'a, str>, Info),
}

/// A tensor as the header tells it.
#[derive(Deserialize)]
pub struct Info {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub data_offsets: [u64; 2],
}

/// Reads a header of `length` bytes, and hands over its entries in their order.
pub fn read(
    source: &mut dyn Read,
    length: u64,
    mut visit: impl FnMut(Entry<'_>) -> Result<()>,
) -> Result<()> {
    let mut window = Window { source, left: length, text: Vec::new(), at: 0, before: 0 };
    if window.next()? != Some(b'{') {
        return Err(window.wrong("expected tensors by name"));
    }
    if window.peek()? == Some(b'}') {
        window.at += 1;
    } else {
        loop {
            window.entry(&mut visit)?;
            match window.next()? {
                Some(b',') => {}
                Some(b'}') => break,
                Some(_) => return Err(window.wrong("expected `,` or `}`")),
                None => return Err(window.wrong("EOF while parsing an object")),
            }
        }
    }
    if window.peek()?.is_some() { Err(window.wrong("trailing characters")) } else { Ok(()) }
}

/// A part of the header, which moves on.
struct Window<'s> {
    source: &'s mut dyn Read,
    /// Bytes of the header that were not read.
    left: u64,
    text: Vec<u8>,
    /// Where in `text` the next entry is.
    at: usize,
    /// Bytes of the header before `text`.
    before: u64,
}

impl Window<'_> {
    /// Drops what is done, and reads on: as much again as is there already, so
    /// that a long entry is not tried too often.
    fn fill(&mut self) -> Result<()> {
        self.text.drain(..self.at);
        self.before += self.at as u64;
        self.at = 0;
        ensure!(self.text.len() < LONGEST, "an entry of its header is longer than 1 GiB");
        let more = self.left.min(WINDOW.max(self.text.len() as u64));
        let read = self.source.take(more).read_to_end(&mut self.text)?;
        ensure!(read as u64 == more, "it is cut short");
        self.left -= more;
        Ok(())
    }

    /// The byte after blanks.
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            let rest = &self.text[self.at..];
            let blanks = rest.iter().take_while(|byte| b" \n\t\r".contains(byte)).count();
            self.at += blanks;
            match self.text.get(self.at) {
                None if self.left > 0 => self.fill()?,
                byte => return Ok(byte.copied()),
            }
        }
    }

    fn next(&mut self) -> Result<Option<u8>> {
        let byte = self.peek()?;
        self.at += usize::from(byte.is_some());
        Ok(byte)
    }

    /// `"name": {...}`
    fn entry(&mut self, visit: &mut impl FnMut(Entry<'_>) -> Result<()>) -> Result<()> {
        if self.peek()?.is_some_and(|byte| byte != b'"') {
            self.at += 1;
            return Err(self.wrong("key must be a string"));
        }
        loop {
            match entry(&self.text[self.at..]) {
                // A number may go on.
                Ok((_, length)) if self.left > 0 && self.at + length == self.text.len() => {}
                Ok((entry, length)) => {
                    visit(entry)?;
                    self.at += length;
                    return Ok(());
                }
                Err(fault) if fault.at_end && self.left > 0 => {}
                Err(fault) => {
                    self.at += fault.at;
                    return Err(self.wrong(&fault.what));
                }
            }
            self.fill()?;
        }
    }

    fn wrong(&self, what: &str) -> Error {
        let byte = self.before + self.at as u64;
        // serde's text without its list of all dtypes.
        match what.split_once(", expected one of ") {
            Some((what, _)) => Error::File(format!("{what} in its header, at byte {byte}")),
            None => Error::File(format!("its header: {what}, at byte {byte}")),
        }
    }
}

/// What is wrong, and where in the text.
struct Fault {
    what: String,
    at: usize,
    /// Whether more text may mend it.
    at_end: bool,
}

/// The entry that the text begins with, and its length.
fn entry(text: &[u8]) -> Result<(Entry<'_>, usize), Fault> {
    let (Name(name), end) = value(text, 0)?;
    let blanks = |from: usize| text[from..].iter().take_while(|b| b" \n\t\r".contains(b)).count();
    let colon = end + blanks(end);
    match text.get(colon) {
        Some(b':') => {}
        byte => {
            let what = if byte.is_some() { "expected `:`" } else { "EOF while parsing an object" };
            return Err(Fault { what: what.to_owned(), at: colon, at_end: byte.is_none() });
        }
    }
    if name == "__metadata__" {
        let (metadata, end) = value(text, colon + 1)?;
        return Ok((Entry::Metadata(metadata), end));
    }
    let (info, end) = value(text, colon + 1)?;
    Ok((Entry::Tensor(name, info), end))
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The value at this place, and where it ends.
fn value<'a, T: Deserialize<'a>>(text: &'a [u8], from: usize) -> Result<(T, usize), Fault> {
    let rest = &text[from..];
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
    match values.next() {
        Some(Ok(value)) => Ok((value, from + values.byte_offset())),
        None => {
            let what = "EOF while parsing a value".to_owned();
            Err(Fault { what, at: text.len(), at_end: true })
        }
        Some(Err(error)) => {
            let lines = rest.split_inclusive(|&byte| byte == b'\n');
            let before: usize = lines.take(error.line().max(1) - 1).map(<[u8]>::len).sum();
            let what = error.to_string();
            let what = what.rsplit_once(" at line ").map_or(&*what, |(what, _)| what).to_owned();
            Err(Fault { what, at: from + before + error.column(), at_end: error.is_eof() })
        }
    }
}
