//! `.safetensors`: a header of JSON, and the bytes of all tensors.
//!
//! Not by the crate of that name, which takes the last of two tensors of one
//! name, refuses metadata that is not text, and copies the header several times.

use std::collections::HashSet;
use std::fmt;

use ::safetensors::Dtype;
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::bytes_at;
use crate::trace::{About, Array, Key, Trace, digests};

/// The record that the file is; its arrays are parts of `file`.
pub fn trace(file: &Bytes) -> Result<Trace> {
    let length = u64::from_le_bytes(bytes_at(file, 0).context("it is shorter than 8 bytes")?);
    let start = usize::try_from(length).ok().and_then(|length| length.checked_add(8));
    let header = start.and_then(|start| file.get(8..start));
    let header = header.with_context(|| format!("its header of {length} bytes is cut short"))?;
    let Header { about, tensors } =
        serde_json::from_slice(header).map_err(|error| shortened(&error))?;

    let values = file.slice(8 + header.len()..);
    if let Some(key) = twice(&tensors) {
        bail!("it has {key} twice");
    }
    whole(&tensors, values.len())?;
    let arrays =
        tensors.into_iter().map(|(key, Info { dtype, shape, data_offsets: [from, to] })| {
            match Array::new(dtype, shape, values.slice(from..to)) {
                Ok(array) => Ok((Key::from(key), array)),
                Err(error) => Err(error.context(key)),
            }
        });
    let trace = Trace { about, tensors: arrays.collect::<Result<_>>()? };
    if trace.about.digest.is_some() { digests::unpacked(trace) } else { Ok(trace) }
}

/// The first name in the header that is there a second time.
fn twice(tensors: &[(String, Info)]) -> Option<&str> {
    // Most headers are sorted, and need no set.
    if tensors.is_sorted_by(|(a, _), (b, _)| a < b) {
        return None;
    }
    let mut names = HashSet::with_capacity(tensors.len());
    tensors.iter().map(|(key, _)| key.as_str()).find(|key| !names.insert(*key))
}

/// serde's text without its list of all dtypes.
fn shortened(error: &serde_json::Error) -> anyhow::Error {
    let text = error.to_string();
    let (what, place) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    let column = place.split_once("column ").map_or("", |(_, column)| column);
    match what.split_once(", expected one of ") {
        Some((what, _)) => anyhow::anyhow!("{what} in its header, at byte {column}"),
        None => anyhow::anyhow!("its header: {what}, at byte {column}"),
    }
}

/// Refuses tensors that leave a gap, overlap, or do not end with the file; of
/// several faults, the first in the file.
fn whole(tensors: &[(String, Info)], length: usize) -> Result<()> {
    let mut places: Vec<_> = tensors.iter().map(|(key, info)| (info.data_offsets, key)).collect();
    if !places.is_sorted_by_key(|(offsets, _)| offsets) {
        places.sort_unstable();
    }
    let mut end = 0;
    for ([from, to], key) in places {
        ensure!(from == end, "{key} begins at byte {from}, not where the one before ends, {end}");
        ensure!(from <= to, "{key} ends before it begins");
        if to > length {
            bail!("{key} ends at byte {to}, but the file has {length}: it is cut short");
        }
        end = to;
    }
    ensure!(end == length, "it has {} bytes more than its tensors", length - end);
    Ok(())
}

/// A tensor as the header tells it.
#[derive(Deserialize, Serialize)]
struct Info {
    dtype: Dtype,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// All that a header holds, tensors in its order.
struct Header {
    about: About,
    tensors: Vec<(String, Info)>,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("tensors by name")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Header, M::Error> {
        let mut header = Header { about: About::default(), tensors: Vec::new() };
        while let Some(key) = map.next_key::<String>()? {
            if key == "__metadata__" {
                header.about = about(&map.next_value()?);
            } else {
                header.tensors.push((key, map.next_value()?));
            }
        }
        Ok(header)
    }
}

/// What our own metadata entry says; files of other origin say nothing that we
/// understand, whatever their entry `trace` is.
pub fn about(metadata: &serde_json::Value) -> About {
    let ours = metadata.get("trace").and_then(serde_json::Value::as_str);
    ours.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
