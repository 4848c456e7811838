//! `.safetensors`: a header of JSON, and the bytes of all tensors.
//!
//! Not by the crate of that name, which takes the last of two tensors of one
//! name, refuses metadata that is not text, and holds the header in memory several
//! times.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use bytes::Bytes;

use super::header::{self, Entry};
use crate::array::fits;
use crate::error::{Context, Result, bail, ensure};
use crate::stored::{Source, Stored, Tensor};
use crate::{About, Trace, digests};

/// The record that the bytes of a file are; its arrays are parts of them.
pub fn trace(file: &Bytes) -> Result<Trace> {
    let mut record = Stored::empty();
    let source = Source::Memory(file.clone());
    record.add_file(&mut Cursor::new(file), file.len() as u64, source)?;
    if record.about.digest.is_some() {
        return digests::unpacked(record.into_trace()?);
    }
    record.into_trace()
}

/// The record that a file is, which stays there.
pub fn stored(file: File, path: &Path) -> Result<Stored> {
    let mut record = Stored::empty();
    let length = file.metadata()?.len();
    record.add_file(&mut &file.try_clone()?, length, Source::File(file, path.to_owned()))?;
    Ok(record)
}

impl Stored {
    pub(super) fn empty() -> Self {
        Self {
            about: About::default(),
            keys: String::new(),
            tensors: Vec::new(),
            shapes: indexmap::IndexSet::new(),
            sources: Vec::new(),
        }
    }

    /// Adds the tensors of a file of so many bytes, and what it says of the run.
    pub(super) fn add_file(
        &mut self,
        file: &mut dyn Read,
        length: u64,
        source: Source,
    ) -> Result<()> {
        let mut word = [0; 8];
        ensure!(length >= 8, "it is shorter than 8 bytes");
        file.read_exact(&mut word)?;
        let header = u64::from_le_bytes(word);
        let start = header.checked_add(8).filter(|start| *start <= length);
        let start = start.with_context(|| format!("its header of {header} bytes is cut short"))?;

        let before = self.tensors.len();
        let number = u32::try_from(self.sources.len())?;
        header::read(file, header, |entry| {
            let (key, info) = match entry {
                Entry::Metadata(metadata) => {
                    self.about.join(about(&metadata)?);
                    return Ok(());
                }
                Entry::Tensor(key, info) => (key, info),
            };
            let [from, to] = info.data_offsets.map(|offset| offset.saturating_add(start));
            let shape = match self.shapes.get_index_of(&info.shape) {
                Some(known) => known,
                None => self.shapes.insert_full(info.shape).0,
            };
            self.tensors.push(Tensor {
                key: self.keys.len(),
                key_length: u32::try_from(key.len())?,
                dtype: info.dtype,
                shape: u32::try_from(shape)?,
                source: number,
                from,
                to,
            });
            self.keys.push_str(&key);
            Ok(())
        })?;
        self.sources.push(source);
        let whole = self.whole(before, [start, length]);
        let forms = self.forms(before);
        self.sort(before);
        self.once(before)?;
        whole.and(forms)
    }

    /// Puts the tensors from this one on into the order of keys.
    pub(super) fn sort(&mut self, from: usize) {
        let mut tensors = std::mem::take(&mut self.tensors);
        let key = |tensor: &Tensor| self.key_of(tensor);
        tensors[from..].sort_by_key(key);
        self.tensors = tensors;
    }

    /// Refuses a key that is there twice; of several, the first in the file.
    fn once(&self, from: usize) -> Result<()> {
        let pairs = self.tensors[from..].windows(2);
        let twice = pairs.filter(|pair| self.key_of(&pair[0]) == self.key_of(&pair[1]));
        match twice.min_by_key(|pair| pair[0].key.max(pair[1].key)) {
            Some(pair) => bail!("it has {} twice", self.key_of(&pair[0])),
            None => Ok(()),
        }
    }

    /// Refuses tensors that leave a gap, overlap, or do not end with the file; of
    /// several faults, the first in the file.
    fn whole(&self, from: usize, [start, length]: [u64; 2]) -> Result<()> {
        let place = |tensor: &&Tensor| [tensor.from, tensor.to];
        let mut tensors: Vec<_> = self.tensors[from..].iter().collect();
        tensors.sort_by_key(place);
        let mut end = start;
        for tensor in tensors {
            let (key, [from, to]) = (self.key_of(tensor), place(&tensor));
            let [at, before] = [from, end].map(|byte| byte - start);
            ensure!(
                from == end,
                "{key} begins at byte {at}, not where the one before ends, {before}"
            );
            ensure!(from <= to, "{key} ends before it begins");
            if to > length {
                let [at, has] = [to, length].map(|byte| byte - start);
                bail!("{key} ends at byte {at}, but the file has {has}: it is cut short");
            }
            end = to;
        }
        ensure!(end == length, "it has {} bytes more than its tensors", length - end);
        Ok(())
    }

    /// Refuses dtypes and shapes that do not fit their bytes.
    fn forms(&self, from: usize) -> Result<()> {
        for tensor in &self.tensors[from..] {
            let shape = &self.shapes[tensor.shape as usize];
            fits(tensor.dtype, shape, tensor.to.wrapping_sub(tensor.from))
                .with_context(|| self.key_of(tensor).to_owned())?;
        }
        Ok(())
    }
}

/// What our own metadata entry says; files of other origin say nothing that we
/// understand, whatever their entry `trace` is. Ours tell the order of events, and
/// without it nothing would be compared as it should be.
pub fn about(metadata: &serde_json::Value) -> Result<About> {
    let text = metadata.get("trace").and_then(serde_json::Value::as_str).unwrap_or_default();
    let value = serde_json::from_str(text).unwrap_or(serde_json::Value::Null);
    if value.get("series").is_none() && value.get("environment").is_none() {
        return Ok(About::default());
    }
    serde_json::from_value(value).context(
        "its metadata are none that this version can read: record the run again, or compare \
         with the version that recorded it",
    )
}
