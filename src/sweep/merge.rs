//! Shards -> the CSV of the whole sweep.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use torch_parity::text::counted;

use crate::sweep::plan::Plan;
use crate::sweep::row::SeedRow;
use crate::sweep::seeds::Shard;
use crate::sweep::store::{self, Store};

/// Joins the shards at `paths`, in any order, into `out`. Returns the plan and
/// all rows.
pub fn merge(out: &Path, paths: &[PathBuf]) -> Result<(Plan, Vec<SeedRow>)> {
    let mut shards = Vec::new();
    for path in paths {
        let (plan, rows) = store::read(path)?;
        let (done, all) = (rows.len() / plan.activations.len(), plan.own_seeds().len());
        ensure!(
            done == all,
            "{} has {done} of its {}: run its sweep again, which goes on where it stopped",
            path.display(),
            counted(all, "seed")
        );
        shards.push((path, plan, rows));
    }
    shards.sort_by_key(|(_, plan, _)| plan.shard.k);
    refuse_wrong_set(&shards)?;

    let (_, plan, _) = &shards[0];
    let (n, per_seed) = (plan.shard.n, plan.activations.len());
    let plan = plan.with_shard(Shard::WHOLE);
    let seeds = 0..plan.seeds.as_slice().len();
    let rows: Vec<SeedRow> = seeds
        .flat_map(|i| &shards[i % n].2[i / n * per_seed..(i / n + 1) * per_seed])
        .cloned()
        .collect();

    let (mut file, kept) = Store::open(out, &plan)?;
    let cells = |rows: &[SeedRow]| rows.iter().map(SeedRow::cells).collect::<Vec<_>>();
    ensure!(
        cells(&kept) == cells(&rows[..kept.len()]),
        "{} holds other results than the shards: name another file",
        out.display()
    );
    file.append(&rows[kept.len()..])?;
    file.sync()?;
    Ok((plan, rows))
}

/// Refuses shards of different sweeps, and too many or too few of them.
/// They are in the order of their number.
fn refuse_wrong_set(shards: &[(&PathBuf, Plan, Vec<SeedRow>)]) -> Result<()> {
    let (first, plan, _) = &shards[0];
    for (path, other, _) in shards {
        plan.refuse_mixture(other, [first, path], &["shard"])?;
        ensure!(
            plan.shard.n == other.shard.n,
            "{} is shard {}, {} is shard {}: name files of one sweep",
            first.display(),
            plan.shard,
            path.display(),
            other.shard
        );
    }
    for pair in shards.windows(2) {
        let [(a, plan, _), (b, other, _)] = pair else { unreachable!("windows of two") };
        ensure!(
            plan.shard != other.shard,
            "{} and {} are both shard {}: name each once",
            a.display(),
            b.display(),
            plan.shard
        );
    }
    let n = plan.shard.n;
    let missing = (1..=n).find(|&k| shards.iter().all(|(_, plan, _)| plan.shard.k != k));
    ensure!(missing.is_none(), "shard {}/{n} is missing: name it too", missing.unwrap_or_default());
    Ok(())
}
