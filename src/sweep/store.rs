//! A sweep's CSV: appended to seed by seed, and gone on with after a kill.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::export::to_csv;
use crate::output::Output;
use crate::sweep::plan::Plan;
use crate::sweep::row::{self, SeedRow};

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
    /// written, and returns the rows of the seeds that are done.
    pub fn open(path: &Path, plan: &Plan) -> Result<(Self, Vec<SeedRow>)> {
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
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                bail!("{} is being written by another sweep: wait for it", path.display())
            }
            result => result.with_context(cannot)?,
        }
        let mut store = Self { path: path.to_owned(), file, synced: Instant::now() };
        let mut bytes = Vec::new();
        store.file.read_to_end(&mut bytes).with_context(cannot)?;
        let header = to_csv([row::header(plan.epochs)])?;
        // What a kill leaves of a new file has its plan beside it.
        let planned = Plan::path(path).exists();
        if bytes.is_empty() || planned && header.starts_with(&bytes) {
            // Nothing but, at most, a part of the header: a new file.
            plan.save(path)?;
            store.cut(0)?;
            store.write(&header)?;
            return Ok((store, Vec::new()));
        }
        plan.refuse_other(&Plan::read(path)?, path)?;
        let (rows, whole) = parse(&bytes, plan).with_context(|| not_ours(path))?;
        store.cut(whole)?;
        Ok((store, rows))
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

    fn cut(&mut self, length: usize) -> Result<()> {
        self.file
            .set_len(length as u64)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Reads the CSV at `path` without changing it: its plan, and the rows of the
/// seeds that are done.
pub fn read(path: &Path) -> Result<(Plan, Vec<SeedRow>)> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let plan = Plan::read(path)?;
    let (rows, _) = parse(&bytes, &plan).with_context(|| not_ours(path))?;
    Ok((plan, rows))
}

fn not_ours(path: &Path) -> String {
    format!("{} is not as its sweep wrote it; move it away", path.display())
}

/// The rows of whole seeds, and how many bytes they and the header take. What
/// follows them can only be a part of one more seed.
fn parse(bytes: &[u8], plan: &Plan) -> Result<(Vec<SeedRow>, usize)> {
    let header = row::header(plan.epochs);
    let checkpoints = row::checkpoints(plan.epochs).len();
    let whole_lines = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..whole_lines]);
    ensure!(reader.headers()? == header.as_slice(), "line 1 is not its header");
    let mut end = reader.position().byte() as usize;
    let mut rows = Vec::new();
    let mut seed_rows = Vec::new();
    let seeds = plan.own_seeds();
    let mut records = reader.records();
    let mut expected =
        seeds.iter().flat_map(|&seed| plan.activations.iter().map(move |&a| (seed, a)));
    while let Some(record) = records.next() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = SeedRow::parse(&record, checkpoints)
            .filter(|row| expected.next() == Some((row.seed, row.activation)))
            .ok_or_else(|| anyhow!("line {line} is not the row that belongs there"))?;
        seed_rows.push(row);
        if seed_rows.len() == plan.activations.len() {
            rows.append(&mut seed_rows);
            end = records.reader().position().byte() as usize;
        }
    }
    Ok((rows, end))
}

#[cfg(test)]
mod tests {
    use torch_parity::nn::Activation;

    use super::*;

    fn plan() -> Plan {
        Plan::small(3, &[Activation::Tanh, Activation::Relu], "0..3")
    }

    /// The rows of each seed.
    fn rows() -> Vec<Vec<SeedRow>> {
        let row = |seed: i64, activation| {
            SeedRow::new(seed, activation, &[0.7, 0.55, 0.3 + seed as f64 / 7.0])
        };
        (0..3).map(|seed| plan().activations.iter().map(|&a| row(seed, a)).collect()).collect()
    }

    #[test]
    fn a_csv_cut_off_at_any_byte_goes_on_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.csv");
        let finish = || {
            let (mut store, done) = Store::open(&path, &plan()).unwrap();
            for seed_rows in &rows()[done.len() / 2..] {
                store.append(seed_rows).unwrap();
            }
            (done.len(), std::fs::read(&path).unwrap())
        };
        let (_, whole) = finish();
        let mut kept = Vec::new();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (done, bytes) = finish();
            assert_eq!(bytes, whole, "cut off after {length} bytes");
            kept.push(done);
        }
        kept.dedup();
        assert_eq!(kept, [0, 2, 4, 6], "whole seeds are kept, parts are not");
    }
}
