//! The bytes of a file or of standard input.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use crate::error::{Context, Result, ensure};

/// What is read of a pipe, which has to be held in memory.
const MOST_PIPED: u64 = 1 << 30;

/// A plain file, or all bytes of a pipe.
pub enum Opened {
    File(File, u64),
    Piped(Bytes),
}

/// Opens the file, whose length comes with it; `-` is standard input.
pub fn open(path: &Path) -> Result<Opened> {
    if path == Path::new("-") {
        return piped(std::io::stdin().lock(), "standard input").map(Opened::Piped);
    }
    let name = path.display().to_string();
    let cannot = || format!("cannot read {name}");
    let file = File::open(path).with_context(cannot)?;
    let about = file.metadata().with_context(cannot)?;
    ensure!(!about.is_dir(), "{name} is a folder: name a file in it");
    if !about.is_file() || about.len() == 0 {
        return piped(file, &name).map(Opened::Piped);
    }
    Ok(Opened::File(file, about.len()))
}

/// All bytes of a plain file, so that nothing is copied and memory does not grow
/// with it.
#[allow(unsafe_code)] // the only way to map a file
pub fn mapped(file: &File) -> std::io::Result<Bytes> {
    // SAFETY: the map is read only. Another program that writes to the file
    // meanwhile changes what is compared, as it does for whoever reads; one that
    // cuts it short ends this process (SIGBUS), so records are replaced whole.
    let map = unsafe { memmap2::Mmap::map(file)? };
    Ok(Bytes::from_owner(map))
}

fn piped(source: impl Read, name: &str) -> Result<Bytes> {
    let mut bytes = Vec::new();
    let mut source = source.take(MOST_PIPED + 1);
    source.read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    ensure!(
        bytes.len() as u64 <= MOST_PIPED,
        "{name} goes on beyond 1 GiB: write it to a file first"
    );
    Ok(bytes.into())
}
