//! The bytes of a file or of standard input.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;

/// What is read of a pipe, which has to be held in memory.
const MOST_PIPED: u64 = 1 << 30;

/// All bytes of the file: mapped where it is a plain one, so that nothing is
/// copied and memory does not grow with it. `-` is standard input.
pub fn bytes(path: &Path) -> Result<Bytes> {
    if path == Path::new("-") {
        return piped(std::io::stdin().lock(), "standard input");
    }
    let name = path.display().to_string();
    let cannot = || format!("cannot read {name}");
    let file = File::open(path).with_context(cannot)?;
    let about = file.metadata().with_context(cannot)?;
    ensure!(!about.is_dir(), "{name} is a folder: name a file in it");
    if !about.is_file() || about.len() == 0 {
        return piped(file, &name);
    }
    mapped(&file).with_context(cannot)
}

#[allow(unsafe_code)] // the only way to map a file
fn mapped(file: &File) -> std::io::Result<Bytes> {
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
