//! A record of digests as a file: four tensors, however many it stands for.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::Path;

use safetensors::Dtype;
use serde_json::Value;

use super::part::Part;
use super::{Array, Key, Trace, digest};
use crate::error::{Context, Result, bail, ensure};

/// What many tensors share.
type Kind = (Dtype, Vec<usize>);

/// The digests of a run on their way into a file.
#[derive(Debug)]
pub(super) struct Digests {
    part: Part,
    kinds: Vec<Kind>,
    /// Their numbers.
    numbers: BTreeMap<Kind, u32>,
    len: usize,
}

impl Digests {
    pub fn new() -> Self {
        Self { part: Part::new(), kinds: Vec::new(), numbers: BTreeMap::new(), len: 0 }
    }

    /// Adds the digest of `array`.
    pub fn push(&mut self, key: &Key, array: &Array, folder: &Path) -> io::Result<()> {
        let kind = self.kind(array);
        let mut digest = [0; digest::SIZE];
        let array = array.digest();
        digest[..array.bytes().len()].copy_from_slice(array.bytes());
        let before = if self.len == 0 { "[" } else { "," };
        let key = format!("{before}{}", Value::from(key.as_str()));
        for (dtype, bytes) in [
            (Dtype::U64, &digest[..]),
            (Dtype::U32, &kind.to_le_bytes()),
            (Dtype::U8, key.as_bytes()),
        ] {
            self.part.write(dtype, bytes, folder)?;
        }
        self.len += 1;
        Ok(())
    }

    /// The number of a tensor's dtype and shape among those that there are.
    fn kind(&mut self, array: &Array) -> u32 {
        let kind = (array.dtype(), array.shape().to_vec());
        if let Some(&number) = self.numbers.get(&kind) {
            return number;
        }
        let number = self.kinds.len() as u32;
        self.kinds.push(kind.clone());
        self.numbers.insert(kind, number);
        number
    }

    /// The whole file.
    pub fn write_to(
        mut self,
        metadata: &Value,
        folder: &Path,
        out: &mut (impl Write + ?Sized),
    ) -> io::Result<()> {
        let n = self.len;
        let end = if n == 0 { "[]" } else { "]" };
        let kinds = serde_json::to_string(&self.kinds)?;
        let part = &mut self.part;
        let keys = part.write(Dtype::U8, end.as_bytes(), folder)? as usize + end.len();
        part.enter(&"digests".into(), Dtype::U64, &[n, 2], 0, folder)?;
        part.enter(&"kind".into(), Dtype::U32, &[n], 0, folder)?;
        part.enter(&"keys".into(), Dtype::U8, &[keys], 0, folder)?;
        let start = part.write(Dtype::U8, kinds.as_bytes(), folder)?;
        part.enter(&"kinds".into(), Dtype::U8, &[kinds.len()], start, folder)?;
        self.part.write_to(metadata, folder, out).map(drop)
    }
}

/// The tensors that the file of a record of digests stands for.
pub(super) fn unpacked(file: Trace) -> Result<Trace> {
    let Trace { about, tensors: file } = file;
    let hash = about.digest.as_deref().unwrap_or_default();
    ensure!(hash == digest::NAME, "it has digests of the kind {hash}, ours are {}", digest::NAME);
    let part = |name: &str, dtype| {
        let array = file.get(name).filter(|array| array.dtype() == dtype);
        array.with_context(|| format!("it has no {name} of dtype {dtype}, as digests do"))
    };
    let (digests, kind) = (part("digests", Dtype::U64)?, part("kind", Dtype::U32)?);
    let keys: Vec<String> = json(part("keys", Dtype::U8)?, "keys")?;
    let kinds: Vec<Kind> = json(part("kinds", Dtype::U8)?, "kinds")?;
    let n = keys.len();
    ensure!(
        digests.shape() == [n, 2] && kind.shape() == [n],
        "it has {n} keys, but digests of shape {:?} and {:?}",
        digests.shape(),
        kind.shape()
    );
    if let Some(key) = twice(&keys) {
        bail!("it has {key} twice");
    }
    let numbers = kind.bytes().as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes));
    let mut tensors = BTreeMap::new();
    for (i, (key, number)) in keys.into_iter().zip(numbers).enumerate() {
        let kind = kinds.get(number as usize).with_context(|| format!("{key} is of no kind"))?;
        let array = digests.sixteen(i, kind).with_context(|| key.clone())?;
        tensors.insert(Key::from(key), array);
    }
    Ok(Trace { about, tensors })
}

fn json<T: serde::de::DeserializeOwned>(array: &Array, what: &str) -> Result<T> {
    serde_json::from_slice(array.bytes()).with_context(|| format!("its {what} are not readable"))
}

/// The first key that is there a second time.
fn twice(keys: &[String]) -> Option<&String> {
    let mut seen = HashSet::with_capacity(keys.len());
    keys.iter().find(|key| !seen.insert(*key))
}

impl Array {
    /// The tensor of a kind that the `i`th sixteen bytes stand for.
    fn sixteen(&self, i: usize, (dtype, shape): &Kind) -> Result<Self> {
        let bytes = self.part(digest::SIZE * i..digest::SIZE * (i + 1));
        let values = shape.iter().try_fold(dtype.bitsize(), |all, &n| all.checked_mul(n));
        match values.map(|bits| bits.div_ceil(8)) {
            Some(size) if size <= digest::SIZE => {
                let rest = &bytes[size..];
                ensure!(rest.iter().all(|&byte| byte == 0), "bytes behind its values are not 0");
                Self::new(*dtype, shape.clone(), bytes.slice(..size))
            }
            _ => Ok(Self::of_digest(*dtype, shape.clone(), bytes)),
        }
    }
}
