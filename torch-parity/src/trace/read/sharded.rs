//! `*.safetensors.index.json`: which shard holds which tensor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde::Deserialize;

use super::{safetensors, source};
use crate::trace::{Key, Trace};

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    metadata: serde_json::Value,
    /// The file of each tensor, beside the index.
    weight_map: BTreeMap<String, String>,
}

/// All shards as one record.
pub fn trace(bytes: &Bytes, path: &Path) -> Result<Trace> {
    let name = path.display();
    let index: Index = serde_json::from_slice(bytes)
        .with_context(|| format!("{name} is no index of .safetensors shards (weight_map)"))?;
    let mut all = Trace { about: safetensors::about(&index.metadata), ..Trace::default() };
    for shard in index.weight_map.values().collect::<BTreeSet<_>>() {
        let plain = Path::new(shard).file_name().is_some_and(|file| file == shard.as_str());
        ensure!(plain, "{name} names the shard {shard}: shards stand beside their index");
        let file = path.with_file_name(shard);
        let part = safetensors::trace(&source::bytes(&file)?)
            .with_context(|| format!("{} is not a readable .safetensors file", file.display()))?;
        all.about.series.extend(part.about.series);
        all.about.names.extend(part.about.names);
        all.about.phases.extend(part.about.phases);
        if all.about.settings.is_empty() {
            all.about.settings = part.about.settings;
            all.about.experiment = part.about.experiment;
            all.about.environment = part.about.environment;
        }
        for (key, array) in part.tensors {
            let listed = index.weight_map.get(key.as_str());
            ensure!(listed == Some(shard), "{shard} holds {key}, which {name} does not say");
            all.tensors.insert(key, array);
        }
    }
    let missing = |key: &&String| !all.tensors.contains_key(key.as_str());
    if let Some(key) = index.weight_map.keys().find(missing) {
        let shard = &index.weight_map[key];
        anyhow::bail!("{shard} lacks {}, which {name} says it holds", Key::from(key.as_str()));
    }
    ensure!(!all.tensors.is_empty(), "{name} holds no tensors");
    Ok(all)
}
