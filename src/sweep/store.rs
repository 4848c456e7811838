//! A sweep's CSV: appended to seed by seed, and gone on with after a kill.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::export::to_csv;
use crate::sweep::plan::Plan;
use crate::sweep::reader::Reader;
use crate::sweep::row::{self, SeedRow};
use parity::output::Output;

/// How much work a power cut may cost. What a kill may cost is less: nothing
/// that was appended, since the system keeps it.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// A sweep's CSV, open for appending; locked until dropped.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: File,
    synced: Instant,
}

impl Store {
    /// Opens or makes the CSV at `path`, cuts off a seed that a kill left half
    /// written, and hands `each` the rows of every seed that is done. Where the
    /// plan goes on beyond the one that made the CSV, that becomes the CSV's.
    pub fn open(
        path: &Path,
        plan: &Plan,
        mut each: impl FnMut(&[SeedRow]) -> Result<()>,
    ) -> Result<Self> {
        let cannot = || format!("cannot write {}", path.display());
        ensure!(
            path != Path::new("-"),
            "a sweep is written to a file, with its settings beside it: name one instead of -"
        );
        Output::open(path)?;
        Output::open(&Plan::path(path))?;
        if !path.exists() && Plan::path(path).exists() {
            Plan::read(path)?; // or it is a file of somebody else
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(path).with_context(cannot)?;
        ensure!(file.metadata()?.is_file(), "{}: it is no regular file", cannot());
        locked(file.try_lock(), path)?;
        let mut store = Self { path: path.to_owned(), file, synced: Instant::now() };
        let header = to_csv([row::header(plan.epochs)])?;
        if store.is_new(&header).with_context(cannot)? {
            plan.save(path)?;
            store.cut(0)?;
            store.write(&header)?;
            return Ok(store);
        }
        let made = Plan::read(path)?;
        plan.refuse_other(&made, path)?;
        let mut reader = Reader::new(store.file.try_clone().with_context(cannot)?, path, plan)?;
        for rows in &mut reader {
            each(&rows?)?;
        }
        if *plan != made {
            plan.save(path)?;
        }
        store.cut(reader.whole())?;
        Ok(store)
    }

    /// Whether there is nothing but, at most, a part of the header, which a kill
    /// leaves with the plan beside it.
    fn is_new(&mut self, header: &[u8]) -> Result<bool> {
        let mut start = Vec::new();
        (&self.file).take(header.len() as u64).read_to_end(&mut start)?;
        self.file.rewind()?;
        let is_cut = start.len() < header.len() && header.starts_with(&start);
        Ok(start.is_empty() || is_cut && Plan::path(&self.path).exists())
    }

    /// Appends the rows of the next seed.
    pub fn append(&mut self, rows: &[SeedRow]) -> Result<()> {
        self.write(&to_csv(rows.iter().map(SeedRow::cells))?)?;
        if self.synced.elapsed() > SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    /// Waits until everything is on the disk.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_all().with_context(|| format!("cannot write {}", self.path.display()))?;
        self.synced = Instant::now();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn cut(&mut self, length: u64) -> Result<()> {
        self.file.set_len(length).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for Store {
    /// Closing the file is not enough: a process that is being started just now holds it,
    /// too, until it runs its own program.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Keeps other sweeps off the file, where the file system can: what came of
/// [`File::try_lock`].
fn locked(outcome: Result<(), TryLockError>, path: &Path) -> Result<()> {
    let name = path.display();
    match outcome {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            bail!("{name} is being written by another sweep: wait for it")
        }
        Err(TryLockError::Error(error)) if has_no_locks(&error) => {
            let note = format!("note: {name} cannot be locked: let no other sweep write to it\n");
            let _ = std::io::stderr().write_all(note.as_bytes());
            Ok(())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot write {name}"))
        }
    }
}

/// Whether a file system, of a network perhaps, has no locks.
fn has_no_locks(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(libc::ENOLCK)
}

#[cfg(test)]
mod tests {
    use torch_parity::nn::Activation;

    use super::*;

    fn plan(seeds: &str) -> Plan {
        Plan::small(3, &[Activation::Tanh, Activation::Relu], seeds)
    }

    /// The rows of a seed.
    fn rows(seed: i64) -> Vec<SeedRow> {
        let row =
            |&activation: &_| SeedRow::new(seed, activation, &[0.7, 0.55, 0.3 + seed as f64 / 7.0]);
        plan("0..3").activations.iter().map(row).collect()
    }

    /// Goes on to the end of the plan; returns how many seeds were done.
    fn finish(path: &Path, plan: &Plan) -> usize {
        let mut done = 0;
        let mut store = Store::open(path, plan, |rows| {
            assert_eq!(rows.len(), 2);
            done += 1;
            Ok(())
        })
        .unwrap();
        for seed in plan.own_seeds().skip(done) {
            store.append(&rows(seed)).unwrap();
        }
        done
    }

    #[test]
    fn a_csv_cut_off_at_any_byte_goes_on_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.csv");
        finish(&path, &plan("0..3"));
        let whole = std::fs::read(&path).unwrap();
        let mut kept = Vec::new();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            kept.push(finish(&path, &plan("0..3")));
            assert_eq!(std::fs::read(&path).unwrap(), whole, "cut off after {length} bytes");
        }
        kept.dedup();
        assert_eq!(kept, [0, 1, 2, 3], "whole seeds are kept, parts are not");
    }

    #[test]
    fn more_seeds_go_on_behind_those_that_are_done_and_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [path, whole] = ["a.csv", "whole.csv"].map(|name| folder.path().join(name));
        let bytes = |path: &Path| [path, &Plan::path(path)].map(|p| std::fs::read(p).unwrap());
        finish(&path, &plan("0..3"));
        assert_eq!(finish(&path, &plan("0..9")), 3);
        finish(&whole, &plan("0..9"));
        assert_eq!(bytes(&path), bytes(&whole));
        for seeds in ["0..8", "1..10", "-1..9", "0..8,9"] {
            let refused = Store::open(&path, &plan(seeds), |_| Ok(())).unwrap_err().to_string();
            assert!(refused.contains("was made with seeds 0..9, not "), "{refused}");
        }
        assert_eq!(bytes(&path), bytes(&whole));
    }

    #[test]
    fn a_csv_that_another_program_wrote_anew_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.csv");
        finish(&path, &plan("0..3"));
        let text = std::fs::read_to_string(&path).unwrap();
        for (edited, line) in [
            (text.replace('\n', "\r\n"), 1),
            (format!("\u{feff}{text}"), 1),
            (text.replacen("\n1,", "\n\n1,", 1), 4),
            (text.replacen("\n0,tanh,", "\n\"0\",tanh,", 1), 2),
            (text.replacen("\n0,tanh,", "\n0,\"tanh\",", 1), 2),
            (text.replacen(",0.55", ",+0.55", 1), 2),
            (text.replacen(",0.55", ",0.550", 1), 2),
            (text.replacen(",0.55", ", 0.55", 1), 2),
            (text.replacen("\n1,", "\n+1,", 1), 4),
            (text.replacen("\n1,tanh", "\r\n1,tanh", 1), 3),
            (text.clone() + &"0".repeat(1 << 20), 8),
        ] {
            assert_ne!(edited, text);
            std::fs::write(&path, &edited).unwrap();
            let refused = Store::open(&path, &plan("0..4"), |_| Ok(())).unwrap_err();
            let refused = format!("{refused:#}");
            assert!(refused.contains("is not what its sweep wrote; move it away"), "{refused}");
            assert!(refused.contains(&format!("line {line} is not ")), "{line}: {refused}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), edited);
        }
    }

    #[test]
    fn its_lock_ends_with_it_whoever_holds_its_file_besides() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.csv");
        let open = || Store::open(&path, &plan("0..3"), |_| Ok(()));
        let store = open().unwrap();
        let held = store.file.try_clone().unwrap();
        let refused = open().unwrap_err().to_string();
        assert!(refused.ends_with("is being written by another sweep: wait for it"), "{refused}");
        drop(store);
        open().unwrap();
        drop(held);
    }

    #[test]
    fn an_empty_shard_keeps_its_plan() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.csv");
        let shard = |epochs| {
            let plan = Plan::small(epochs, &[Activation::Tanh], "0..2");
            plan.with_shard("3/4".parse().unwrap())
        };
        finish(&path, &shard(3));
        let refused = Store::open(&path, &shard(4), |_| Ok(())).unwrap_err().to_string();
        assert!(refused.contains("was made with epochs 3, not 4"), "{refused}");
        finish(&path, &shard(3));
    }

    /// No file system here lacks locks: these are the errors of those that do.
    #[test]
    fn only_a_file_system_without_locks_goes_without() {
        let path = Path::new("s.csv");
        let with = |number| {
            let error = std::io::Error::from_raw_os_error(number);
            locked(Err(TryLockError::Error(error)), path)
        };
        assert!([libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP].map(with).iter().all(Result::is_ok));
        for refused in [libc::EIO, libc::EBADF, libc::EACCES].map(with) {
            assert_eq!(refused.unwrap_err().to_string(), "cannot write s.csv");
        }
        let taken = locked(Err(TryLockError::WouldBlock), path).unwrap_err();
        assert_eq!(taken.to_string(), "s.csv is being written by another sweep: wait for it");
    }
}
