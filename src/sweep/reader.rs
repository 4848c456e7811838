//! A sweep's CSV, read seed by seed. Every byte must be what the sweep would
//! write, or going on with it would mix two ways of writing.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::sweep::plan::Plan;
use crate::sweep::row::{self, SeedRow};

/// More bytes than a row has: 40 numbers at most, of 25 bytes at most.
const LONGEST: u64 = 4096;

/// The seeds that are done, an iterator over the rows of each.
#[derive(Debug)]
pub struct Reader {
    /// The plan of the sweep.
    pub plan: Plan,
    path: PathBuf,
    lines: BufReader<File>,
    seeds: usize,
    line: usize,
    checkpoints: usize,
    whole: u64,
}

impl Reader {
    /// The CSV at `path`, which stays as it is.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::new(file, path, &Plan::read(path)?)
    }

    /// The CSV at `path`, open as `file`, as far as it is a sweep of this plan.
    pub fn new(file: File, path: &Path, plan: &Plan) -> Result<Self> {
        let (plan, path, lines) = (plan.clone(), path.to_owned(), BufReader::new(file));
        let checkpoints = row::checkpoints(plan.epochs).len();
        let mut new = Self { plan, path, lines, seeds: 0, line: 0, checkpoints, whole: 0 };
        let header = row::header(new.plan.epochs).join(",") + "\n";
        let is_ours = new.next_line()?.is_some_and(|line| line == header);
        ensure!(is_ours, "{}: line 1 is not its header", new.not_ours());
        new.whole = header.len() as u64;
        Ok(new)
    }

    /// How many bytes the header and the seeds that were read take. What follows
    /// the last can only be a part of one more seed.
    pub fn whole(&self) -> u64 {
        self.whole
    }

    fn not_ours(&self) -> String {
        format!("{} is not what its sweep wrote; move it away", self.path.display())
    }

    /// The next line with its end; none where a kill cut it off.
    fn next_line(&mut self) -> Result<Option<String>> {
        self.line += 1;
        let mut line = Vec::new();
        let read = (&mut self.lines).take(LONGEST).read_until(b'\n', &mut line);
        read.with_context(|| format!("cannot read {}", self.path.display()))?;
        if line.last() != Some(&b'\n') && (line.len() as u64) < LONGEST {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    fn next_seed(&mut self, seed: i64) -> Result<Option<Vec<SeedRow>>> {
        let mut rows = Vec::new();
        let mut bytes = 0;
        for i in 0..self.plan.activations.len() {
            let Some(line) = self.next_line()? else { return Ok(None) };
            let expected = (seed, self.plan.activations[i]);
            let row =
                line.strip_suffix('\n').and_then(|line| SeedRow::parse(line, self.checkpoints));
            let row =
                row.filter(|row| (row.seed, row.activation) == expected).with_context(|| {
                    format!(
                        "{}: line {} is not the row that belongs there",
                        self.not_ours(),
                        self.line
                    )
                })?;
            bytes += line.len() as u64;
            rows.push(row);
        }
        self.whole += bytes;
        Ok(Some(rows))
    }
}

impl Iterator for Reader {
    type Item = Result<Vec<SeedRow>>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(seed) = self.plan.own_seed(self.seeds) else {
            let beyond = self.next_line().transpose()?;
            let line = self.line;
            let refused = format!("{}: line {line} is not of this sweep", self.not_ours());
            return Some(beyond.and_then(|_| Err(anyhow::Error::msg(refused))));
        };
        self.seeds += 1;
        self.next_seed(seed).transpose()
    }
}
