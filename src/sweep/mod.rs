//! Many seeds: the same training for each of them, on all cores.

pub mod merge;
pub mod plan;
pub mod plot;
pub mod row;
pub mod seeds;
pub mod statistics;
pub mod store;
pub mod summary;

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

use crate::lesson::train::{draw, train_drawn};
use crate::settings::Settings;
use crate::sweep::row::Row;

/// A seed's place among the seeds, and its rows.
type Done = (usize, Vec<Row>);

/// Trains every seed, `jobs` of them at a time, and hands the rows of each to
/// `append` in the order of `seeds`; ends early where `append` fails.
pub fn run(
    settings: &Settings,
    seeds: &[i64],
    jobs: usize,
    append: impl FnMut(Vec<Row>) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let generator = Mutex::new(());
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        let work = |sender: Sender<Done>| work(settings, seeds, &next, &generator, &sender);
        let workers: Vec<_> = (0..jobs.min(seeds.len()))
            .map(|_| {
                let sender = sender.clone();
                scope.spawn(move || work(sender))
            })
            .collect();
        drop(sender);
        let result = in_order(receiver, append);
        for worker in workers {
            // libtorch's failure goes on to where a single run's would.
            worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        result
    })
}

/// Trains one seed after the other until none is left or nobody listens.
fn work(
    settings: &Settings,
    seeds: &[i64],
    next: &AtomicUsize,
    generator: &Mutex<()>,
    sender: &Sender<Done>,
) {
    // Each thread has a setting of its own.
    tch::set_num_threads(settings.threads);
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(&seed) = seeds.get(place) else { return };
        let settings = Settings { seed, ..settings.clone() };
        let drawn = {
            // libtorch has one generator, so seeds draw one at a time; that is
            // little beside the training, which draws nothing.
            let _alone = generator.lock().unwrap_or_else(PoisonError::into_inner);
            draw(&settings)
        };
        let runs = train_drawn(&settings, drawn, &mut ());
        let row = |(activation, losses): (_, Vec<f64>)| Row::new(seed, activation, &losses);
        if sender.send((place, runs.into_iter().map(row).collect())).is_err() {
            return;
        }
    }
}

/// Hands on what arrives in any order in the order of places.
fn in_order(
    receiver: Receiver<Done>,
    mut append: impl FnMut(Vec<Row>) -> Result<()>,
) -> Result<()> {
    let mut waiting = BTreeMap::new();
    let mut turn = 0;
    for (place, rows) in receiver {
        waiting.insert(place, rows);
        while let Some(rows) = waiting.remove(&turn) {
            append(rows)?;
            turn += 1;
        }
    }
    Ok(())
}
