//! What becomes one .safetensors file, while it arises.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use safetensors::Dtype;
use serde_json::Value;

use super::spool::Spool;
use super::{Key, View};

/// The widths of values, in bytes. Those of one width lie together, the widest
/// first, so that all are aligned.
const WIDTHS: [usize; 4] = [8, 4, 2, 1];

/// Tensors that become one file.
#[derive(Debug)]
pub(super) struct Part {
    entries: Vec<Entry>,
    spools: [Option<Spool>; WIDTHS.len()],
}

#[derive(Debug)]
struct Entry {
    key: Key,
    dtype: Dtype,
    shape: Vec<usize>,
    spool: usize,
    start: u64,
    end: u64,
}

impl Part {
    pub fn new() -> Self {
        Self { entries: Vec::new(), spools: [const { None }; WIDTHS.len()] }
    }

    /// How many tensors it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The keys of its tensors, as they came.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.entries.iter().map(|entry| &entry.key)
    }

    /// Adds a tensor; what waits for the disk goes to this folder.
    pub fn push(&mut self, key: Key, view: View, folder: &Path) -> io::Result<()> {
        let start = self.write(view.dtype(), view.bytes(), folder)?;
        self.enter(key, view.dtype(), view.shape().to_vec(), start);
        Ok(())
    }

    fn spool(&mut self, dtype: Dtype, folder: &Path) -> io::Result<&mut Spool> {
        match &mut self.spools[spool_of(dtype)] {
            Some(spool) => Ok(spool),
            none => Ok(none.insert(Spool::new(folder)?)),
        }
    }

    /// Adds bytes behind the others of this width; returns where they begin.
    pub fn write(&mut self, dtype: Dtype, bytes: &[u8], folder: &Path) -> io::Result<u64> {
        let spool = self.spool(dtype, folder)?;
        let start = spool.len();
        spool.write(bytes)?;
        Ok(start)
    }

    /// Makes a tensor of all bytes of its width from `start` on.
    pub fn enter(&mut self, key: Key, dtype: Dtype, shape: Vec<usize>, start: u64) {
        let spool = spool_of(dtype);
        let end = self.spools[spool].as_ref().map_or(start, Spool::len);
        self.entries.push(Entry { key, dtype, shape, spool, start, end });
    }

    /// Header, then the values: into a file, the kernel copies them.
    pub fn write_to(self, metadata: &Value, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let header = self.header(metadata);
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        drop(header); // of a long record, 40 MB
        for spool in self.spools.into_iter().flatten() {
            io::copy(&mut spool.finish()?, out)?;
        }
        out.flush()
    }

    fn header(&self, metadata: &Value) -> String {
        let lengths = self.spools.each_ref().map(|spool| spool.as_ref().map_or(0, Spool::len));
        let bases: [u64; WIDTHS.len()] = std::array::from_fn(|i| lengths[..i].iter().sum());
        let mut header = format!("{{\"__metadata__\":{metadata}");
        for Entry { key, dtype, shape, spool, start, end } in &self.entries {
            let offsets = [bases[*spool] + start, bases[*spool] + end];
            let key = Value::from(key.as_str());
            let _ = write!(
                header,
                ",{key}:{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":{offsets:?}}}"
            ); // a String takes any text
        }
        header.push('}');
        while header.len() % 8 != 0 {
            header.push(' '); // so that the values are aligned
        }
        header
    }
}

/// The number of the spool for a dtype's width.
fn spool_of(dtype: Dtype) -> usize {
    let width = (dtype.bitsize() / 8).clamp(1, 8);
    WIDTHS.iter().filter(|&&larger| larger > width).count()
}
