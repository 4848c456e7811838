//! The time of many seeds in a process that has started.

use std::time::Instant;

use anyhow::{Context, Result};

use crate::bench::case::SEEDS;
use crate::lesson::train::Train;
use crate::python::Conversation;
use crate::sweep;

/// Asks the twin, which trains the lesson's run for one seed after the other.
pub fn python(twin: &mut Conversation) -> Result<f64> {
    let answer = twin.ask(&format!("sweep {SEEDS}"))?;
    answer.parse().with_context(|| format!("the Python twin answers {answer:?}"))
}

/// Trains the same seeds here, so many at the same time.
pub fn rust(jobs: usize) -> Result<f64> {
    let run = Train::default().run;
    let seeds: Vec<i64> = (0..SEEDS as i64).collect();
    let start = Instant::now();
    sweep::run(&run, &seeds, jobs, |_rows| Ok(()))?;
    Ok(start.elapsed().as_secs_f64())
}
