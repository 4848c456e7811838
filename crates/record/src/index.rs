//! Which tensors a file has, on the disk: memory does not grow with their number.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use safetensors::Dtype;
use serde_json::Value;

use super::Key;
use super::spool::Spool;

/// A line for each tensor, while they come.
#[derive(Debug)]
pub(super) struct Index(Spool);

/// All of them.
#[derive(Debug)]
pub(super) struct Entries(File);

/// What the line of a tensor says.
pub(super) struct Entry<'a> {
    /// The number of its spool.
    pub spool: usize,
    /// Where it lies there.
    pub start: u64,
    pub end: u64,
    /// Its key, dtype and shape, as JSON.
    pub key: &'a str,
    pub dtype: &'a str,
    pub shape: &'a str,
}

impl Index {
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self(Spool::new(folder)?))
    }

    /// Adds a tensor that lies there in the spool of this number.
    pub fn push(
        &mut self,
        key: &Key,
        (dtype, shape): (Dtype, &[usize]),
        spool: usize,
        (start, end): (u64, u64),
    ) -> io::Result<()> {
        let key = Value::from(key.as_str()); // its text has neither tabs nor line ends
        let line = format!("{spool}\t{start}\t{end}\t{key}\t\"{dtype}\"\t{shape:?}\n");
        self.0.write(line.as_bytes())
    }

    pub fn finish(self) -> io::Result<Entries> {
        self.0.finish().map(Entries)
    }
}

impl Entries {
    /// Goes through all of them, as they came.
    pub fn each(&mut self, mut with: impl FnMut(Entry<'_>) -> io::Result<()>) -> io::Result<()> {
        self.0.rewind()?;
        let (mut lines, mut line) = (BufReader::new(&self.0), String::new());
        while lines.read_line(&mut line)? > 0 {
            with(Entry::of(line.trim_end_matches('\n')).ok_or(io::ErrorKind::InvalidData)?)?;
            line.clear();
        }
        Ok(())
    }
}

impl<'a> Entry<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let mut parts = line.split('\t');
        let mut next = || parts.next();
        let (spool, start, end) =
            (next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?);
        Some(Self { spool, start, end, key: next()?, dtype: next()?, shape: next()? })
    }
}
