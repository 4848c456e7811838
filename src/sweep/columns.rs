//! What a sweep's rows hold, a column at a time: a million seeds are gigabytes as
//! rows, but 8 MB as a column, which is what a median needs.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::tempfile_in;
use torch_parity::nn::Activation;

use crate::sweep::plan::Plan;
use crate::sweep::row::{SeedRow, THRESHOLDS, checkpoints};

/// Seeds that are held in memory; whole blocks of them go to a temporary file.
const BLOCK: usize = 1024;

/// The numbers of all rows, in the order of seeds.
#[derive(Debug)]
pub struct Columns {
    activations: Vec<Activation>,
    epochs: usize,
    checkpoints: Vec<usize>,
    seeds: usize,
    /// Of the seeds since the last whole block.
    open: Vec<Vec<f64>>,
    /// The blocks before, each column by column.
    blocks: Option<File>,
    folder: PathBuf,
}

impl Columns {
    /// Those of a sweep of which no seed is done. A temporary file, if one is
    /// needed, is made in the folder of `csv`, or in that of the system.
    pub fn new(plan: &Plan, csv: Option<&Path>) -> Self {
        let checkpoints = checkpoints(plan.epochs);
        let width = plan.activations.len() * (1 + THRESHOLDS.len() + checkpoints.len());
        let folder = csv.map(|csv| csv.parent().filter(|folder| *folder != Path::new("")));
        let folder = folder.map(|folder| folder.unwrap_or(Path::new(".")).to_owned());
        Self {
            activations: plan.activations.clone(),
            epochs: plan.epochs,
            checkpoints,
            seeds: 0,
            open: vec![Vec::new(); width],
            blocks: None,
            folder: folder.unwrap_or_else(std::env::temp_dir),
        }
    }

    /// The seeds that are done.
    pub fn seeds(&self) -> usize {
        self.seeds
    }

    /// Adds the rows of the next seed, one for each activation.
    pub fn push(&mut self, rows: &[SeedRow]) -> Result<()> {
        let numbers = rows.iter().flat_map(|row| {
            let below = row.below.map(|epoch| epoch.map_or(f64::INFINITY, |epoch| epoch as f64));
            [row.final_loss].into_iter().chain(below).chain(row.losses.iter().copied())
        });
        for (column, number) in self.open.iter_mut().zip(numbers) {
            column.push(number);
        }
        self.seeds += 1;
        if self.seeds.is_multiple_of(BLOCK) {
            self.spill().with_context(|| {
                let folder = self.folder.display();
                format!("cannot keep the numbers of all seeds in a file in {folder}")
            })?;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.blocks {
            Some(file) => file,
            none => {
                let file = tempfile_in(&self.folder);
                none.insert(file.or_else(|_| tempfile_in(std::env::temp_dir()))?)
            }
        };
        let bytes: Vec<u8> = self.open.iter().flatten().flat_map(|x| x.to_ne_bytes()).collect();
        file.write_all(&bytes)?;
        self.open.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    /// The final losses of an activation.
    pub fn finals(&self, activation: Activation) -> Result<Vec<f64>> {
        self.column(activation, 0)
    }

    /// The first epochs below the `i`th threshold; infinite where none is.
    pub fn below(&self, activation: Activation, i: usize) -> Result<Vec<f64>> {
        self.column(activation, 1 + i)
    }

    /// The losses at `epoch`, a checkpoint or the last; none at others.
    pub fn losses(&self, activation: Activation, epoch: usize) -> Result<Vec<f64>> {
        if epoch == self.epochs {
            return self.finals(activation);
        }
        match self.checkpoints.iter().position(|&checkpoint| checkpoint == epoch) {
            Some(i) => self.column(activation, 1 + THRESHOLDS.len() + i),
            None => Ok(Vec::new()),
        }
    }

    fn column(&self, activation: Activation, place: usize) -> Result<Vec<f64>> {
        let width = self.open.len() / self.activations.len();
        let Some(row) = self.activations.iter().position(|&known| known == activation) else {
            return Ok(Vec::new());
        };
        let column = row * width + place;
        let mut numbers = Vec::with_capacity(self.seeds);
        let mut bytes = [0; BLOCK * size_of::<f64>()];
        for block in 0..self.seeds / BLOCK {
            let file = self.blocks.as_ref().expect("whole blocks are in the file");
            let at = (block * self.open.len() + column) * bytes.len();
            file.read_exact_at(&mut bytes, at as u64).context("cannot read a temporary file")?;
            numbers.extend(bytes.as_chunks().0.iter().map(|&number| f64::from_ne_bytes(number)));
        }
        numbers.extend(&self.open[column]);
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_reads_back_whole_in_memory_and_from_blocks() {
        let activations = [Activation::Tanh, Activation::Relu];
        let plan = Plan::small(3, &activations, "0..5000");
        for seeds in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let mut columns = Columns::new(&plan, None);
            let losses = |seed: usize, i: usize| [0.7, 0.3 + i as f64, seed as f64 - 0.5];
            for seed in 0..seeds {
                let row = |(i, a)| SeedRow::new(seed as i64, a, &losses(seed, i));
                columns
                    .push(&activations.into_iter().enumerate().map(row).collect::<Vec<_>>())
                    .unwrap();
            }
            assert_eq!(columns.seeds(), seeds);
            for (i, activation) in activations.into_iter().enumerate() {
                let all = |of: fn([f64; 3]) -> f64| (0..seeds).map(|s| of(losses(s, i))).collect();
                let finals: Vec<f64> = all(|losses| losses[2]);
                assert_eq!(columns.finals(activation).unwrap(), finals);
                assert_eq!(columns.losses(activation, 3).unwrap(), finals);
                let second: Vec<f64> = all(|losses| losses[1]);
                assert_eq!(columns.losses(activation, 2).unwrap(), second);
                assert!(columns.losses(activation, 4).unwrap().is_empty(), "no checkpoint");
                let below = columns.below(activation, 0).unwrap();
                assert_eq!(below.len(), seeds);
                let first = if i == 0 { 2.0 } else { f64::INFINITY };
                assert!(below.iter().skip(2).all(|&epoch| epoch == first), "{below:?}");
            }
            assert!(columns.finals(Activation::Gelu).unwrap().is_empty(), "not trained");
        }
    }
}
