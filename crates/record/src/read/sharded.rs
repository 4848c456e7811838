//! `*.safetensors.index.json`: which shard holds which tensor.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use bytes::Bytes;
use indexmap::IndexMap;
use serde::Deserialize;

use super::safetensors;
use crate::Key;
use crate::error::{Context, Result, bail, ensure};
use crate::stored::{Source, Stored};

#[derive(Deserialize)]
struct Index<'a> {
    #[serde(default)]
    metadata: serde_json::Value,
    /// The file of each tensor, beside the index.
    #[serde(borrow)]
    weight_map: IndexMap<Text<'a>, Text<'a>>,
}

/// A part of the index itself, where it has no escapes.
#[derive(Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// All shards as one record.
pub fn stored(bytes: &Bytes, path: &Path) -> Result<Stored> {
    let name = path.display();
    let mut index: Index = serde_json::from_slice(bytes)
        .with_context(|| format!("{name} is no index of .safetensors shards (weight_map)"))?;
    index.weight_map.sort_unstable_keys();
    let mut all = Stored::empty();
    all.about =
        safetensors::about(&index.metadata).with_context(|| format!("{name} is not readable"))?;
    let shards: BTreeSet<_> = index.weight_map.values().map(|shard| &*shard.0).collect();
    let shards: Vec<_> = shards.into_iter().collect();
    for shard in &shards {
        let plain = Path::new(shard).file_name().is_some_and(|file| file == *shard);
        ensure!(plain, "{name} names the shard {shard}: shards stand beside their index");
        let file = path.with_file_name(shard);
        add_shard(&mut all, &file)
            .with_context(|| format!("{} is not a readable .safetensors file", file.display()))?;
    }
    all.sort(0);
    let mut listed = index.weight_map.iter().map(|(key, shard)| (&*key.0, &*shard.0));
    for tensor in &all.tensors {
        let (key, shard) = (all.key_of(tensor), shards[tensor.source as usize]);
        match listed.next() {
            Some(place) if place == (key, shard) => {}
            Some((lacking, of)) if lacking < key => {
                bail!("{of} lacks {}, which {name} says it holds", Key::from(lacking))
            }
            _ => bail!("{shard} holds {key}, which {name} does not say"),
        }
    }
    if let Some((key, shard)) = listed.next() {
        bail!("{shard} lacks {}, which {name} says it holds", Key::from(key));
    }
    ensure!(!all.is_empty(), "{name} holds no tensors");
    Ok(all)
}

fn add_shard(all: &mut Stored, path: &Path) -> Result<()> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    ensure!(about.is_file(), "it is no plain file");
    all.add_file(&mut &file.try_clone()?, about.len(), Source::File(file, path.to_owned()))
}
