//! What a sweep is to do, and how its CSV remembers that: `FILE.csv.json`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use torch_parity::TORCH_VERSION;
use torch_parity::nn::Activation;

use crate::lesson::settings::named;
use crate::lesson::train::Run;
use crate::sweep::seeds::{Seeds, Shard};
use parity::output::Output;

/// Everything that the rows of a sweep's CSV depend on, as name and text:
/// `train`'s settings without the seed, the seeds, the shard, the release of
/// libtorch, and the threads and kernels that it computes with. Not a part of the
/// CSV, which plain readers are to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    named: BTreeMap<String, String>,
    /// The epochs of each run.
    pub epochs: usize,
    /// What is trained with every seed, in this order.
    pub activations: Vec<Activation>,
    /// The seeds of all shards together.
    pub seeds: Seeds,
    /// Which of them are this file's.
    pub shard: Shard,
}

impl Plan {
    /// Of a sweep with these settings.
    pub fn new(run: &Run, seeds: Seeds, shard: Shard) -> Self {
        let mut named: BTreeMap<_, _> = named(run).into_iter().collect();
        named.insert("seeds".to_owned(), seeds.to_string());
        named.insert("shard".to_owned(), shard.to_string());
        // Other releases have other kernels; CPU or CUDA build does not matter.
        let release = TORCH_VERSION.split('+').next().unwrap_or(TORCH_VERSION);
        named.insert("torch".to_owned(), release.to_owned());
        named.insert("threads".to_owned(), run.threads.count.to_string());
        named.insert("kernels".to_owned(), kernels());
        Self { named, epochs: run.epochs, activations: run.activations.clone(), seeds, shard }
    }

    /// The `i`th of the seeds of this file, which are ascending.
    pub fn own_seed(&self, i: usize) -> Option<i64> {
        self.shard.get(&self.seeds, i)
    }

    /// All of them.
    pub fn own_seeds(&self) -> impl Iterator<Item = i64> {
        (0..self.own_count()).filter_map(|i| self.own_seed(i))
    }

    /// How many there are.
    pub fn own_count(&self) -> usize {
        self.shard.count(&self.seeds)
    }

    /// The same for another shard.
    #[must_use]
    pub fn with_shard(&self, shard: Shard) -> Self {
        let mut plan = Self { shard, ..self.clone() };
        plan.named.insert("shard".to_owned(), shard.to_string());
        plan
    }

    /// All of it, by the names of the flags, with `_` for `-`.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.named
    }

    /// A setting by the name of its flag, with `_` for `-`.
    pub fn setting(&self, name: &str) -> &str {
        self.named.get(name).map_or("none", String::as_str)
    }

    /// Where `self` and `other` differ first, apart from the names in `skip`:
    /// the name and both texts.
    pub fn difference<'a>(&'a self, other: &'a Self, skip: &[&str]) -> Option<[&'a str; 3]> {
        let names = self.named.keys().chain(other.named.keys()).map(String::as_str);
        let mut wanted = names.filter(|name| !skip.contains(name));
        let name = wanted.find(|name| self.setting(name) != other.setting(name))?;
        Some([name, self.setting(name), other.setting(name)])
    }

    /// Where the plan of the CSV at `csv` is kept.
    pub fn path(csv: &Path) -> PathBuf {
        let mut path = csv.as_os_str().to_owned();
        path.push(".json");
        path.into()
    }

    /// Writes it beside the CSV.
    pub fn save(&self, csv: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.named)? + "\n";
        let path = Self::path(csv);
        Output::open(&path)?.write(text.as_bytes())?;
        // On the disk before the first row is: rows without a plan are lost.
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads what is kept beside the CSV.
    pub fn read(csv: &Path) -> Result<Self> {
        let path = Self::path(csv);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!("{} is no sweep's CSV: cannot read {}", csv.display(), path.display())
        })?;
        Self::parse(&text)
            .with_context(|| format!("{} is not as a sweep writes it", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut named: BTreeMap<String, String> = serde_json::from_str(text)?;
        // Sweeps of before knew nothing else.
        for (name, value) in [("threads", "1"), ("kernels", DEFAULT_KERNELS)] {
            named.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        let get = |name| named.get(name).with_context(|| format!("it has no {name}"));
        for name in ["samples", "features", "hidden", "lr", "same_init"] {
            let value = get(name)?;
            let fits = match name {
                "same_init" => value.parse::<bool>().is_ok(),
                "lr" => value.parse::<f64>().is_ok(),
                _ => value.parse::<u32>().is_ok(),
            };
            ensure!(fits, "its {name} is {value:?}");
        }
        let epochs = get("epochs")?.parse()?;
        ensure!((1..=1_000_000).contains(&epochs), "its epochs are {epochs}");
        let activations = get("activations")?
            .split(',')
            .map(|name| name.parse::<Activation>().map_err(anyhow::Error::msg))
            .collect::<Result<_>>()?;
        let seeds = get("seeds")?.parse().map_err(anyhow::Error::msg)?;
        let shard = get("shard")?.parse().map_err(anyhow::Error::msg)?;
        Ok(Self { named, epochs, activations, seeds, shard })
    }

    /// Refuses to go on with the CSV at `csv`, which was made by `made`, where
    /// that is not this plan, or one of fewer seeds that this plan begins with.
    pub fn refuse_other(&self, made: &Self, csv: &Path) -> Result<()> {
        let goes_on = made.own_seeds().eq(self.own_seeds().take(made.own_count()));
        let skip: &[&str] = if goes_on { &["seeds"] } else { &[] };
        if let Some([name, theirs, ours]) = made.difference(self, skip) {
            bail!("{} was made with {name} {theirs}, not {ours}: name another file", csv.display());
        }
        Ok(())
    }

    /// Refuses to join or compare files of different plans.
    pub fn refuse_mixture(&self, other: &Self, paths: [&Path; 2], skip: &[&str]) -> Result<()> {
        let difference = self.difference(other, skip);
        let [name, a, b] = difference.unwrap_or_default();
        ensure!(
            difference.is_none(),
            "{} has {name} {a}, {} has {b}: name files of one sweep",
            paths[0].display(),
            paths[1].display()
        );
        Ok(())
    }
}

/// Where nothing chooses other kernels than those for the CPU.
const DEFAULT_KERNELS: &str = "those for this CPU";

/// What the environment says of kernels, on which the bits depend.
fn kernels() -> String {
    let variables =
        ["ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS"];
    let set = variables.map(|name| std::env::var(name).ok().map(|value| format!("{name}={value}")));
    let set: Vec<_> = set.into_iter().flatten().collect();
    if set.is_empty() { DEFAULT_KERNELS.to_owned() } else { set.join(" ") }
}

#[cfg(test)]
impl Plan {
    /// For tests that train nothing.
    pub fn small(epochs: usize, activations: &[Activation], seeds: &str) -> Self {
        let run = crate::lesson::train::Train::default().run;
        let run = Run { epochs, activations: activations.to_vec(), ..run };
        Self::new(&run, seeds.parse().unwrap(), Shard::WHOLE)
    }
}
