//! Many seeds: the same training for each of them, on all cores.

pub mod answer;
pub mod columns;
pub mod merge;
pub mod plan;
pub mod plot;
pub mod reader;
pub mod row;
pub mod seeds;
pub mod statistics;
pub mod store;
pub mod summary;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use tch::Tensor;
use torch_parity::nn::Activation;

use crate::fast;
use crate::lesson::train::{Mlp, Run, make_data};
use crate::sweep::row::SeedRow;

/// A seed's place among the seeds, and its rows; or libtorch's failure.
type Done = (usize, thread::Result<Result<Vec<SeedRow>>>);

/// Trains every seed, `jobs` of them at a time, and hands the rows of each to
/// `append` in the order of `seeds`; ends early where anything fails.
pub fn run(
    run: &Run,
    seeds: &[i64],
    jobs: usize,
    append: impl FnMut(Vec<SeedRow>) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let generator = Mutex::new(());
    let (sender, receiver) = channel();
    let work = |sender: Sender<Done>| {
        while let place = next.fetch_add(1, Ordering::Relaxed)
            && let Some(&seed) = seeds.get(place)
        {
            let rows = catch_unwind(AssertUnwindSafe(|| train_seed(run, seed, &generator)));
            if sender.send((place, rows)).is_err() {
                return; // Nobody listens any more: something failed.
            }
        }
    };
    thread::scope(|scope| {
        for job in 0..jobs.min(seeds.len()) {
            let sender = sender.clone();
            let started = thread::Builder::new().spawn_scoped(scope, || work(sender));
            if job == 0 {
                started
                    .context("cannot start a thread: end other processes or raise `ulimit -u`")?;
            } // Fewer jobs than asked for give the same rows.
        }
        drop(sender);
        in_order(receiver, append)
    })
}

/// The rows of one seed: [`train`](crate::lesson::train::train) in two parts.
/// Seeds draw one at a time, since libtorch has a single generator; that is
/// little beside the training, which draws nothing.
fn train_seed(run: &Run, seed: i64, generator: &Mutex<()>) -> Result<Vec<SeedRow>> {
    let alone = generator.lock().unwrap_or_else(PoisonError::into_inner);
    let (x, y, models) = draw(run, seed);
    drop(alone);
    let rows = run.activations.iter().zip(models).map(|(&activation, model)| {
        let (name, data) = (activation.name(), (&x, &y));
        let losses = fast::fit(name, activation, &model, run.lr, data, run.epochs, &mut ())?;
        Ok(SeedRow::new(seed, activation, &losses))
    });
    rows.collect()
}

/// Everything random of a run: the data, (N, D) and (N,), and the untrained
/// networks. To be trained in this thread, since the number of intra-op threads
/// is a thread's.
fn draw(run: &Run, seed: i64) -> (Tensor, Tensor, Vec<Mlp>) {
    tch::set_num_threads(run.threads.count);
    tch::manual_seed(seed);
    let (x, y) = make_data(run.samples, run.features);
    let network = |&activation: &Activation| {
        if run.same_init {
            tch::manual_seed(seed);
        }
        Mlp::new(run.features, run.hidden, activation)
    };
    let models = run.activations.iter().map(network).collect();
    (x, y, models)
}

/// Hands on what arrives in any order in the order of places.
fn in_order(
    receiver: Receiver<Done>,
    mut append: impl FnMut(Vec<SeedRow>) -> Result<()>,
) -> Result<()> {
    let mut waiting = BTreeMap::new();
    let mut turn = 0;
    for (place, rows) in receiver {
        // libtorch's failure goes on to where that of a single run would.
        waiting.insert(place, rows.unwrap_or_else(|panic| resume_unwind(panic))?);
        while let Some(rows) = waiting.remove(&turn) {
            append(rows)?;
            turn += 1;
        }
    }
    Ok(())
}
