//! CSVs, with commas, semicolons or tabs, as tables.

use std::collections::HashSet;
use std::path::Path;

use bytes::Bytes;

use super::decimal::Decimal;
use super::table::{CellSpan, Table};
use crate::error::{Context, Error, Result, bail, ensure};

/// The table that a file of text is. The separator is told by the text, and a
/// first line of numbers only is a row, not a header.
pub(super) fn table(file: &Bytes, path: &Path) -> Result<Table> {
    let table = table_of_text(file, path);
    let is_script = path.extension().is_some_and(|it| it == "py");
    ensure!(
        table.is_ok() || !is_script,
        "{} is a script: record it with `parity record`, and name its record",
        path.display()
    );
    table
}

fn table_of_text(file: &Bytes, path: &Path) -> Result<Table> {
    let name = path.display();
    let what = || format!("{name} is not a readable CSV");
    let text = file.slice(if file.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }..);
    if let Err(error) = std::str::from_utf8(&text) {
        let line = text[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
        let wrong = format!("line {line} is not UTF-8: save it as UTF-8");
        return Err(Error::File(wrong)).with_context(what);
    }
    let dialect = Dialect::of(&text);
    let mut table = Table { text, header: None, width: 0, cells: vec![], lines: vec![] };
    read(&mut table, &dialect).with_context(what)?;
    take_header(&mut table);
    if let Some(header) = &table.header {
        let mut names = HashSet::new();
        for column in header {
            ensure!(names.insert(column), "{name} has two columns {column}: name each once");
        }
    }
    let is_number = |&span: &CellSpan| Decimal::parse(&table.at(span)).is_some();
    ensure!(
        table.cells.iter().any(is_number),
        "{name} holds no numbers: name a CSV of numbers, or a record"
    );
    Ok(table)
}

/// How a file writes its lines.
struct Dialect {
    separator: u8,
    /// Whether a blank follows each separator of the first line.
    blanks: bool,
}

impl Dialect {
    fn of(text: &[u8]) -> Self {
        let separator = [b'\t', b';'].into_iter().find(|&separator| separates(text, separator));
        let separator = separator.unwrap_or(b',');
        let line = text.split(|byte| b"\r\n".contains(byte)).find(|line| !line.is_empty());
        let mut cells =
            line.unwrap_or_default().split(|&byte| byte == separator).skip(1).peekable();
        let blanks = cells.peek().is_some() && cells.all(|cell| cell.starts_with(b" "));
        Self { separator, blanks }
    }
}

/// Whether each of the first lines has as many of `separator`, outside of quotes,
/// and not none.
fn separates(text: &[u8], separator: u8) -> bool {
    let (mut quoted, mut count, mut blank, mut first) = (false, 0, true, None);
    // Up to the end of a line beyond this much.
    for (i, &byte) in text.iter().chain(b"\n").enumerate() {
        quoted ^= byte == b'"';
        if byte == separator && !quoted {
            count += 1;
        } else if b"\r\n".contains(&byte) && !quoted {
            if !blank && *first.get_or_insert(count) != count {
                return false;
            }
            (count, blank) = (0, true);
            if i > 1 << 16 {
                break;
            }
            continue;
        }
        blank = false;
    }
    first.is_some_and(|count| count > 0)
}

/// Reads all lines as rows.
fn read(table: &mut Table, dialect: &Dialect) -> Result<()> {
    let text = table.text.clone();
    let mut cursor = Cursor { text: &text, at: 0, line: 1 };
    while cursor.at < text.len() {
        if cursor.end_of_line() {
            continue; // a blank line
        }
        let (line, before) = (cursor.line, table.cells.len());
        loop {
            table.cells.push(cursor.cell(dialect)?);
            if cursor.peek() != Some(dialect.separator) {
                break;
            }
            cursor.at += 1;
            if dialect.blanks && cursor.peek() == Some(b' ') {
                cursor.at += 1;
            }
        }
        cursor.end_of_line();
        let width = table.cells.len() - before;
        if table.lines.is_empty() {
            table.width = width;
        }
        let expected = table.width;
        let s = if width == 1 { "" } else { "s" };
        ensure!(width == expected, "line {line} has {width} cell{s}, the first line {expected}");
        table.lines.push(line);
    }
    Ok(())
}

/// Takes the first row as the header, unless it is of numbers only.
fn take_header(table: &mut Table) {
    let first = &table.cells[..table.width.min(table.cells.len())];
    let texts: Vec<_> = first.iter().map(|&span| table.at(span).into_owned()).collect();
    if texts.is_empty() || texts.iter().all(|text| Decimal::parse(text).is_some()) {
        return;
    }
    table.cells.drain(..table.width);
    table.lines.remove(0);
    table.header = Some(texts);
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    /// Counted from 1.
    line: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Steps over the end of a line, if here is one: \n, \r\n or \r.
    fn end_of_line(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let length = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => return false,
        };
        self.at += length;
        self.line += 1;
        true
    }

    /// Reads a cell up to the separator, the end of the line or of the text.
    fn cell(&mut self, dialect: &Dialect) -> Result<CellSpan> {
        let span = if self.peek() == Some(b'"') {
            self.quoted()?
        } else {
            let ends = |byte: &u8| *byte == dialect.separator || b"\r\n".contains(byte);
            let rest = &self.text[self.at..];
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            self.at += length;
            (self.at - length, length, false)
        };
        let (start, length, doubled) = span;
        let length = u32::try_from(length).context("a cell is longer than 4 GiB")?;
        match self.peek() {
            None | Some(b'\r' | b'\n') => {}
            Some(byte) if byte == dialect.separator => {}
            Some(_) => bail!("line {} goes on behind a closing quote", self.line),
        }
        Ok(CellSpan { start, length, doubled })
    }

    /// Reads a quoted cell: start, length, and whether quotes in it are doubled.
    fn quoted(&mut self) -> Result<(usize, usize, bool)> {
        let (start, line) = (self.at + 1, self.line);
        self.at = start;
        let mut doubled = false;
        loop {
            match self.text[self.at..] {
                [] => bail!("line {line} opens a quote that is never closed"),
                [b'"', b'"', ..] => {
                    doubled = true;
                    self.at += 2;
                }
                [b'"', ..] => break,
                [b'\r' | b'\n', ..] => drop(self.end_of_line()),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok((start, self.at - 1 - start, doubled))
    }
}
