//! A row of a sweep's CSV: one run.

use parity::text::repr;
use torch_parity::nn::Activation;

/// A column each: the first epoch whose loss is below.
pub const THRESHOLDS: [f64; 4] = [0.6, 0.5, 0.4, 0.2];

/// What a sweep keeps of the training of one activation with one seed.
#[derive(Clone, Debug)]
pub struct SeedRow {
    /// What data and network were drawn from.
    pub seed: i64,
    /// What was trained.
    pub activation: Activation,
    /// The loss of the last epoch.
    pub final_loss: f64,
    /// For each threshold the first epoch whose loss is below, if any is.
    pub below: [Option<usize>; THRESHOLDS.len()],
    /// The loss at each of the checkpoints.
    pub losses: Vec<f64>,
}

/// The epochs before the last whose losses are kept: evenly spaced on a
/// logarithmic axis, so that 500 epochs take 15 columns and not 500.
pub fn checkpoints(epochs: usize) -> Vec<usize> {
    let decades = (0..).map(|exponent| 10_usize.pow(exponent));
    let all = decades.flat_map(|decade| [10, 15, 20, 30, 50, 70].map(|tenths| decade * tenths));
    let whole = all.filter(|tenths| tenths % 10 == 0).map(|tenths| tenths / 10);
    whole.take_while(|&epoch| epoch < epochs).collect()
}

/// The columns of a sweep of so many epochs.
pub fn header(epochs: usize) -> Vec<String> {
    let fixed = ["seed", "activation", "final_loss"].map(str::to_owned);
    let below = THRESHOLDS.map(|threshold| format!("below_{threshold}"));
    let losses = checkpoints(epochs).into_iter().map(|epoch| format!("loss_{epoch}"));
    fixed.into_iter().chain(below).chain(losses).collect()
}

impl SeedRow {
    /// From the losses of all epochs.
    pub fn new(seed: i64, activation: Activation, losses: &[f64]) -> Self {
        let first_below =
            |threshold| losses.iter().position(|&loss| loss < threshold).map(|i| i + 1);
        Self {
            seed,
            activation,
            final_loss: losses[losses.len() - 1],
            below: THRESHOLDS.map(first_below),
            losses: checkpoints(losses.len()).iter().map(|epoch| losses[epoch - 1]).collect(),
        }
    }

    /// Its cells, in the header's order; empty where no epoch was below.
    pub fn cells(&self) -> Vec<String> {
        let fixed =
            [self.seed.to_string(), self.activation.name().to_owned(), repr(self.final_loss)];
        let below = self.below.map(|epoch| epoch.map_or(String::new(), |n| n.to_string()));
        let losses = self.losses.iter().map(|&loss| repr(loss));
        fixed.into_iter().chain(below).chain(losses).collect()
    }

    /// Reads a row with so many checkpoints, if it is as a sweep writes it.
    pub fn parse(line: &str, checkpoints: usize) -> Option<Self> {
        let mut cells = line.split(',');
        let seed = cells.next()?.parse().ok()?;
        let activation = cells.next()?.parse().ok()?;
        let final_loss = cells.next()?.parse().ok()?;
        let mut below = [None; THRESHOLDS.len()];
        for epoch in &mut below {
            let cell = cells.next()?;
            *epoch = if cell.is_empty() { None } else { Some(cell.parse().ok()?) };
        }
        let losses: Vec<f64> = cells.map(|cell| cell.parse().ok()).collect::<Option<_>>()?;
        let row = Self { seed, activation, final_loss, below, losses };
        (row.losses.len() == checkpoints && row.cells().join(",") == line).then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkpoints_are_even_on_a_logarithmic_axis_and_before_the_last_epoch() {
        assert_eq!(checkpoints(50), [1, 2, 3, 5, 7, 10, 15, 20, 30]);
        assert_eq!(checkpoints(51)[9..], [50]);
        assert!(checkpoints(1).is_empty());
    }

    #[test]
    fn a_row_reads_back_as_it_was_written() {
        let losses = [0.7, 0.55, f64::NAN, 1e-9, f64::INFINITY];
        let row = SeedRow::new(-3, Activation::LeakyRelu, &losses);
        assert_eq!(row.below, [Some(2), Some(4), Some(4), Some(4)]);
        let line = row.cells().join(",");
        assert_eq!(line, "-3,leaky-relu,inf,2,4,4,4,0.7,0.55,nan");
        assert_eq!(SeedRow::parse(&line, 3).unwrap().cells(), row.cells());
        assert!(SeedRow::parse(&line, 4).is_none(), "a cell is missing");
        assert_eq!(header(5).len(), row.cells().len());
    }
}
