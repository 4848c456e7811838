//! What people bring: read by what it is, not by what it is called.

mod archive;
mod header;
mod kind;
mod numpy;
mod pickle;
mod pytorch;
mod safetensors;
mod sharded;
mod source;
mod zipped;

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::thread;

use bytes::Bytes;

use self::kind::Kind;
pub(super) use self::source::mapped;
use self::source::{Opened, open};
use super::{About, Array, Key, Stored, Table, Trace, csv, digests};
use crate::error::{Context, Error, Result, bail, ensure};
use crate::escaped;

/// The contents of a file, ready to be compared.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // there are two of them in a comparison
pub enum Input {
    /// Tensors by key, in memory: `.npy`, `.npz`, `.pt`; what came by a pipe.
    Record(Trace),
    /// Tensors by key, in their files: `.safetensors`, also in shards.
    Stored(Stored),
    /// Lines of cells: `.csv`, `.tsv` and the like.
    Table(Table),
}

impl Input {
    /// Reads the file, or standard input where the path is `-`.
    ///
    /// An error is one line: what is wrong with which file, and the remedy.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_unescaped(path).map_err(|error| one_line(&error))
    }

    /// Reads the bytes of a file of this name, as [`Self::read`] does.
    pub fn parse(bytes: impl Into<Bytes>, path: &Path) -> Result<Self> {
        Self::parse_unescaped(&bytes.into(), path).map_err(|error| one_line(&error))
    }

    /// What a record says of its run; None for a table.
    pub fn about(&self) -> Option<&About> {
        match self {
            Self::Record(trace) => Some(&trace.about),
            Self::Stored(stored) => Some(stored.about()),
            Self::Table(_) => None,
        }
    }

    /// Reads two files at the same time.
    pub fn read_both([a, b]: [&Path; 2]) -> Result<[Self; 2]> {
        let piped = |path: &Path| path == Path::new("-");
        ensure!(!(piped(a) && piped(b)), "standard input is there once: name one file");
        let (a, b) = thread::scope(|scope| {
            let other = thread::Builder::new().spawn_scoped(scope, || Self::read(b));
            let a = Self::read(a);
            let b = match other {
                Ok(thread) => {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                }
                Err(_) => Self::read(b), // no thread to be had
            };
            (a, b)
        });
        Ok([a?, b?])
    }

    fn read_unescaped(path: &Path) -> Result<Self> {
        let (file, length) = match open(path)? {
            Opened::Piped(bytes) => return Self::parse_unescaped(&bytes, path),
            Opened::File(file, length) => (file, length),
        };
        let name = path.display();
        let mut start = Vec::new();
        let cannot = || format!("cannot read {name}");
        (&file).take(Kind::START as u64).read_to_end(&mut start).with_context(cannot)?;
        if Kind::of(&start, length, path) != Kind::SafeTensors {
            return Self::parse_unescaped(&mapped(&file).with_context(cannot)?, path);
        }
        (&file).rewind().with_context(cannot)?;
        let stored = safetensors::stored(file, path)
            .with_context(|| format!("{name} is not a readable .safetensors file"))?;
        ensure!(!stored.is_empty(), "{name} holds no tensors");
        if stored.about().digest.is_some() {
            let digests = stored.into_trace().and_then(digests::unpacked);
            let unreadable = || format!("{name} is not a readable record of digests");
            return digests.with_context(unreadable).map(Self::Record);
        }
        Ok(Self::Stored(stored))
    }

    fn parse_unescaped(bytes: &Bytes, path: &Path) -> Result<Self> {
        let name = if path == Path::new("-") { Path::new("standard input") } else { path };
        let name = name.display();
        let start = &bytes[..bytes.len().min(Kind::START)];
        let tensors = match Kind::of(start, bytes.len() as u64, path) {
            Kind::SafeTensors => {
                let trace = safetensors::trace(bytes)
                    .with_context(|| format!("{name} is not a readable .safetensors file"))?;
                ensure!(!trace.tensors.is_empty(), "{name} holds no tensors");
                return Ok(Self::Record(trace));
            }
            Kind::Json => return sharded::stored(bytes, path).map(Self::Stored),
            Kind::Text => return csv::table(bytes, path).map(Self::Table),
            Kind::Npy => numpy::array(bytes)
                .map(|array| vec![("array".to_owned(), array)])
                .with_context(|| format!("{name} is not a readable .npy file"))?,
            Kind::Zip => zipped::tensors(bytes, path)?,
            Kind::Other(what, remedy) => bail!("{name} is {what}: {remedy}"),
        };
        ensure!(!tensors.is_empty(), "{name} holds no tensors");
        foreign(tensors).with_context(|| format!("{name} is not readable")).map(Self::Record)
    }
}

/// An error and its causes, in one line that is safe to print.
fn one_line(error: &Error) -> Error {
    let line = escaped(&format!("{error:#}")).into_owned();
    match error.io() {
        Some(cause) => Error::Io(io::Error::new(cause.kind(), line)),
        None => Error::File(line),
    }
}

/// A path as a message shows it.
pub(super) fn shown(path: &Path) -> String {
    escaped(&path.display().to_string()).into_owned()
}

/// A record of tensors of other origin. Refuses a name that is there twice.
fn foreign(tensors: Vec<(String, Array)>) -> Result<Trace> {
    let mut all = BTreeMap::new();
    for (key, array) in tensors {
        let key = Key::from(key);
        ensure!(!all.contains_key(&key), "it has {key} twice");
        all.insert(key, array);
    }
    Ok(Trace { about: About::default(), tensors: all })
}

/// `N` bytes from `at` on; None beyond the end.
fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
