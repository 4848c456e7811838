//! A temporary file that a thread of its own writes, so that a run does not wait.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use tempfile::tempfile_in;

/// How much is handed to the thread at once, and how often before it has written
/// any: what a spool holds in memory at most is the product.
const BLOCK: usize = 1 << 18;
const MOST_BLOCKS: usize = 16;

/// A file without a name: nothing is left of it, however the run ends.
#[derive(Debug)]
pub(super) struct Spool {
    block: Vec<u8>,
    to: SyncSender<Vec<u8>>,
    /// Blocks that were written, to be filled again.
    back: Receiver<Vec<u8>>,
    /// None once it was joined.
    thread: Option<JoinHandle<io::Result<File>>>,
    len: u64,
}

impl Spool {
    /// An empty one in this folder.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let mut file = tempfile_in(folder)?;
        let (to, blocks) = sync_channel::<Vec<u8>>(MOST_BLOCKS);
        let (give, back) = channel();
        let write = move || {
            for mut block in blocks {
                file.write_all(&block)?;
                block.clear();
                let _ = give.send(block); // where nothing follows, nobody takes it
            }
            Ok(file)
        };
        let thread = Some(thread::Builder::new().spawn(write)?);
        Ok(Self { block: Vec::with_capacity(BLOCK), to, back, thread, len: 0 })
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Adds to it. Where an earlier write failed, this says so, or
    /// [`finish`](Self::finish) does.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        let mut rest = bytes;
        while self.block.len() + rest.len() >= BLOCK {
            let (now, later) = rest.split_at(BLOCK - self.block.len());
            self.block.extend_from_slice(now);
            self.hand_over()?;
            rest = later;
        }
        self.block.extend_from_slice(rest);
        Ok(())
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let next = self.back.try_recv().unwrap_or_else(|_| Vec::with_capacity(BLOCK));
        let block = std::mem::replace(&mut self.block, next);
        // The thread ends early only where a write failed.
        self.to.send(block).or_else(|_| self.joined().map(drop))
    }

    /// What the thread leaves.
    fn joined(&mut self) -> io::Result<File> {
        let failed = || Err(io::Error::other("an earlier write failed"));
        self.thread.take().map_or_else(failed, |thread| thread.join().unwrap_or_else(|_| failed()))
    }

    /// The file, whole, at its start.
    pub fn finish(mut self) -> io::Result<File> {
        self.hand_over()?;
        drop(std::mem::replace(&mut self.to, sync_channel(0).0)); // so that the thread ends
        let mut file = self.joined()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(folder.path()).unwrap();
        let mut expected = Vec::new();
        for n in [0, 1, 70_000, BLOCK - 1, BLOCK, 3 * BLOCK + 5, 17] {
            let bytes: Vec<_> = (0..n).map(|i| (i * 31 + n) as u8).collect();
            spool.write(&bytes).unwrap();
            expected.extend(bytes);
        }
        assert_eq!(spool.len(), expected.len() as u64);
        let mut found = Vec::new();
        spool.finish().unwrap().read_to_end(&mut found).unwrap();
        assert!(found == expected);
    }
}
