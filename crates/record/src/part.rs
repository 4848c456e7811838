//! What becomes one .safetensors file, while it arises.

use std::io::{self, BufWriter, Seek, Write};
use std::path::Path;

use safetensors::Dtype;
use serde_json::Value;
use tempfile::tempfile_in;

use super::index::{Entries, Index};
use super::spool::Spool;
use super::{Key, View};

/// The widths of values, in bytes. Those of one width lie together, the widest
/// first, so that all are aligned.
const WIDTHS: [usize; 4] = [8, 4, 2, 1];

/// Tensors that become one file.
#[derive(Debug)]
pub(super) struct Part {
    /// Which they are; None before the first.
    index: Option<Index>,
    len: usize,
    spools: [Option<Spool>; WIDTHS.len()],
}

impl Part {
    pub fn new() -> Self {
        Self { index: None, len: 0, spools: [const { None }; WIDTHS.len()] }
    }

    /// How many tensors it has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Adds a tensor; what waits for the disk goes to this folder.
    pub fn push(&mut self, key: &Key, view: View, folder: &Path) -> io::Result<()> {
        let start = self.write(view.dtype(), view.bytes(), folder)?;
        self.enter(key, view.dtype(), view.shape(), start, folder)
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
    pub fn enter(
        &mut self,
        key: &Key,
        dtype: Dtype,
        shape: &[usize],
        start: u64,
        folder: &Path,
    ) -> io::Result<()> {
        let spool = spool_of(dtype);
        let end = self.spools[spool].as_ref().map_or(start, Spool::len);
        let index = match &mut self.index {
            Some(index) => index,
            none => none.insert(Index::new(folder)?),
        };
        self.len += 1;
        index.push(key, (dtype, shape), spool, (start, end))
    }

    /// Header, then the values: into a file, the kernel copies them. Returns which
    /// tensors these are.
    pub fn write_to(
        self,
        metadata: &Value,
        folder: &Path,
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<Option<Entries>> {
        let lengths = self.spools.each_ref().map(|spool| spool.as_ref().map_or(0, Spool::len));
        let bases = std::array::from_fn(|i| lengths[..i].iter().sum());
        let mut entries = self.index.map(Index::finish).transpose()?;
        write_header(metadata, entries.as_mut(), bases, folder, out)?;
        for spool in self.spools.into_iter().flatten() {
            io::copy(&mut spool.finish()?, out)?;
        }
        out.flush()?;
        Ok(entries)
    }
}

/// Writes the header behind its length: of a long record, 40 MB, which wait for
/// that in a file.
fn write_header(
    metadata: &Value,
    entries: Option<&mut Entries>,
    bases: [u64; WIDTHS.len()],
    folder: &Path,
    out: &mut (impl Write + ?Sized),
) -> io::Result<()> {
    let mut header = BufWriter::new(tempfile_in(folder)?);
    write!(header, "{{\"__metadata__\":{metadata}")?;
    if let Some(entries) = entries {
        entries.each(|entry| {
            let offsets = [entry.start, entry.end].map(|place| bases[entry.spool] + place);
            let (key, dtype, shape) = (entry.key, entry.dtype, entry.shape);
            write!(
                header,
                ",{key}:{{\"dtype\":{dtype},\"shape\":{shape},\"data_offsets\":{offsets:?}}}"
            )
        })?;
    }
    write!(header, "}}")?;
    while header.stream_position()? % 8 != 0 {
        write!(header, " ")?; // so that the values are aligned
    }
    let mut header = header.into_inner()?;
    out.write_all(&header.stream_position()?.to_le_bytes())?;
    header.rewind()?;
    io::copy(&mut header, out).map(drop)
}

/// The number of the spool for a dtype's width.
fn spool_of(dtype: Dtype) -> usize {
    let width = (dtype.bitsize() / 8).clamp(1, 8);
    WIDTHS.iter().filter(|&&larger| larger > width).count()
}
