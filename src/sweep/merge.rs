//! Shards -> the CSV of the whole sweep.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use parity::text::counted;

use crate::sweep::columns::Columns;
use crate::sweep::plan::Plan;
use crate::sweep::reader::Reader;
use crate::sweep::row::SeedRow;
use crate::sweep::seeds::Shard;
use crate::sweep::store::Store;

/// Joins the shards at `paths`, in any order, into `out`, seed by seed. Returns
/// the plan and what the rows hold.
pub fn merge(out: &Path, paths: &[PathBuf]) -> Result<(Plan, Columns)> {
    let mut shards = Vec::new();
    for path in paths {
        let mut reader = Reader::open(path)?;
        let plan = reader.plan.clone();
        let done = reader.try_fold(0, |done, rows| rows.map(|_| done + 1))?;
        let all = plan.own_count();
        ensure!(
            done == all,
            "{} has {done} of its {}: run its sweep again, which goes on where it stopped",
            path.display(),
            counted(all, "seed")
        );
        shards.push((path, plan));
    }
    shards.sort_by_key(|(_, plan)| plan.shard.k);
    refuse_wrong_set(&shards)?;

    let plan = shards[0].1.with_shard(Shard::WHOLE);
    let readers = shards.iter().map(|(path, _)| Reader::open(path));
    let mut readers = readers.collect::<Result<Vec<_>>>()?;
    let n = readers.len();
    let mut turns = (0..plan.own_count()).map(|i| {
        let rows = readers[i % n].next();
        rows.with_context(|| format!("{} has become shorter", shards[i % n].0.display()))?
    });
    let mut columns = Columns::new(&plan, Some(out));
    let mut file = Store::open(out, &plan, |kept| {
        let cells = |rows: &[SeedRow]| rows.iter().map(SeedRow::cells).collect::<Vec<_>>();
        let rows = turns.next().context("there are more rows than in all shards")??;
        ensure!(
            cells(kept) == cells(&rows),
            "{} holds other results than the shards: name another file",
            out.display()
        );
        columns.push(&rows)
    })?;
    for rows in turns {
        let rows = rows?;
        file.append(&rows)?;
        columns.push(&rows)?;
    }
    file.sync()?;
    Ok((plan, columns))
}

/// Refuses shards of different sweeps, and too many or too few of them.
/// They are in the order of their number.
fn refuse_wrong_set(shards: &[(&PathBuf, Plan)]) -> Result<()> {
    let (first, plan) = &shards[0];
    for (path, other) in shards {
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
        let [(a, plan), (b, other)] = pair else { unreachable!("windows of two") };
        ensure!(
            plan.shard != other.shard,
            "{} and {} are both shard {}: name each once",
            a.display(),
            b.display(),
            plan.shard
        );
    }
    let n = plan.shard.n;
    let missing = (1..=n).find(|&k| shards.iter().all(|(_, plan)| plan.shard.k != k));
    ensure!(missing.is_none(), "shard {}/{n} is missing: name it too", missing.unwrap_or_default());
    Ok(())
}
