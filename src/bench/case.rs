//! What is measured.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;
use torch_parity::nn::Activation;

/// What a number says.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum Measure {
    /// Microseconds that a training step takes.
    #[serde(rename = "step_us")]
    Step,
    /// Milliseconds that all steps of a training take, with what they set up.
    #[serde(rename = "fit_ms")]
    Fit,
    /// Seconds that a whole process takes.
    #[serde(rename = "wall_s")]
    Wall,
    /// Seconds that a sweep takes.
    #[serde(rename = "sweep_s")]
    Sweep,
    /// Where a process's memory is largest, in MiB.
    #[serde(rename = "memory_mib")]
    Memory,
}

impl Display for Measure {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Step => "µs a step",
            Self::Fit => "ms for all epochs",
            Self::Wall | Self::Sweep => "wall time, s",
            Self::Memory => "peak memory, MiB",
        })
    }
}

/// Something to measure on both sides; what it leaves open is the lesson's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    /// What of it.
    pub measure: Measure,
    /// What is trained; None for the lesson's three in turn.
    pub activation: Option<Activation>,
    /// N.
    pub samples: i64,
    /// H.
    pub hidden: i64,
    /// Layers of so many units.
    pub layers: usize,
    /// Steps of one training.
    pub epochs: usize,
    /// libtorch's threads.
    pub threads: i32,
    /// Seeds trained at the same time, on our side.
    pub jobs: usize,
}

impl Case {
    /// What is trained, where that is one.
    pub fn activation(&self) -> Activation {
        self.activation.expect("only whole processes train several")
    }

    /// The size of that name, one of those that grow.
    pub fn size(&self, name: &str) -> usize {
        match name {
            "samples" => self.samples as usize,
            "hidden units" => self.hidden as usize,
            _ => self.epochs,
        }
    }
}

/// The lesson's sizes, on one thread.
pub const LESSON: Case = Case {
    measure: Measure::Step,
    activation: None,
    samples: 512,
    hidden: 64,
    layers: 1,
    epochs: 50,
    threads: 1,
    jobs: 1,
};

/// The seeds of a sweep that is measured.
pub const SEEDS: usize = 40;

/// The sizes that cost is followed over.
const SAMPLES: [i64; 5] = [32, 128, 512, 2048, 8192];
const HIDDEN: [i64; 5] = [4, 16, 64, 256, 1024];
const EPOCHS: [usize; 3] = [5, 50, 500];

/// Steps at the lesson's sizes.
pub fn steps() -> Vec<Case> {
    let of = |threads| {
        let activations = [Activation::Sigmoid, Activation::Tanh, Activation::Relu];
        activations.map(|activation| Case { activation: Some(activation), threads, ..LESSON })
    };
    [1, 2].into_iter().flat_map(of).collect()
}

/// Steps of Python to be recorded, at the lesson's sizes and with thirty layers.
pub fn recorded() -> [Case; 2] {
    [1, 30].map(|layers| Case { activation: Some(Activation::Tanh), layers, ..LESSON })
}

/// One size grows, the others are the lesson's: the time of a step, and of all
/// steps where it is their number that grows.
pub fn growing() -> [(&'static str, Vec<Case>); 3] {
    let base = Case { activation: Some(Activation::Tanh), ..LESSON };
    [
        ("samples", SAMPLES.map(|samples| Case { samples, ..base }).to_vec()),
        ("hidden units", HIDDEN.map(|hidden| Case { hidden, ..base }).to_vec()),
        ("epochs", EPOCHS.map(|epochs| Case { measure: Measure::Fit, epochs, ..base }).to_vec()),
    ]
}

/// Of a whole process, wall time and memory.
pub fn whole(case: Case) -> [Case; 2] {
    [Measure::Wall, Measure::Memory].map(|measure| Case { measure, ..case })
}

/// Whole processes.
pub fn processes() -> [[Case; 2]; 2] {
    [1, 2].map(|threads| whole(Case { threads, ..LESSON }))
}

/// A sweep; Python trains its seeds one after the other.
pub fn sweeps() -> Vec<Case> {
    [1, 2].map(|jobs| Case { measure: Measure::Sweep, jobs, ..LESSON }).to_vec()
}
