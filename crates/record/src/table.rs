//! Lines of cells, as a CSV has them, in the bytes of their file.

use std::borrow::Cow;

use bytes::Bytes;

use super::decimal::Decimal;

/// A table: a header, where there is one, and rows of as many cells each.
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) text: Bytes,
    /// The names of the columns; None where the first line is one of numbers.
    pub(super) header: Option<Vec<String>>,
    /// Cells in a row.
    pub(super) width: usize,
    /// Row by row.
    pub(super) cells: Vec<CellSpan>,
    /// The line of the file that each row begins in.
    pub(super) lines: Vec<usize>,
}

/// Where in the text a cell is, its quotes aside.
#[derive(Clone, Copy, Debug)]
pub(super) struct CellSpan {
    pub start: usize,
    pub length: u32,
    /// Whether a quote within it is written twice.
    pub doubled: bool,
}

/// What a cell holds.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Cell<'a> {
    /// A number, however it is spelled.
    Number(Decimal),
    /// Anything else.
    Word(Cow<'a, str>),
}

impl Table {
    /// The names of the columns, where the file names them.
    pub fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    /// The name of a column, or its place, counted from 1, where it has none.
    pub fn column(&self, column: usize) -> Cow<'_, str> {
        match self.header.as_ref().and_then(|header| header.get(column)) {
            Some(name) if !name.is_empty() => Cow::Borrowed(name),
            _ => Cow::Owned(format!("column {}", column + 1)),
        }
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are, the header aside.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of the file, counted from 1, that a row begins in.
    pub fn line(&self, row: usize) -> usize {
        self.lines[row]
    }

    /// A cell as it is written.
    pub fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        self.at(self.cells[row * self.width + column])
    }

    /// A cell as what it means.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let text = self.text(row, column);
        Decimal::parse(&text).map_or(Cell::Word(text), Cell::Number)
    }

    pub(super) fn at(&self, span: CellSpan) -> Cow<'_, str> {
        let bytes = &self.text[span.start..span.start + span.length as usize];
        let text = std::str::from_utf8(bytes).expect("a table is read from UTF-8, cut at ASCII");
        if span.doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
    }
}
