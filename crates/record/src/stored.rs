//! A record that stays in its files: in memory is only what there is, and where.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use bytes::Bytes;
use indexmap::IndexSet;
use safetensors::Dtype;

use super::{About, Array, Key, Trace};
use crate::error::{Context, Result};

/// A record whose values are read from its files when they are wanted, so that
/// memory grows with the number of tensors only: by their keys and some 40 bytes
/// each. A file that another program cuts short meanwhile is an error, not a crash.
#[derive(Debug)]
pub struct Stored {
    pub(super) about: About,
    /// The keys, one behind the other.
    pub(super) keys: String,
    /// In the order of keys.
    pub(super) tensors: Vec<Tensor>,
    pub(super) shapes: IndexSet<Vec<usize>>,
    pub(super) sources: Vec<Source>,
}

/// A tensor's place in all of this.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tensor {
    pub key: usize,
    pub key_length: u32,
    pub dtype: Dtype,
    pub shape: u32,
    pub source: u32,
    /// The bytes of its file where the values are.
    pub from: u64,
    pub to: u64,
}

/// Where values are.
#[derive(Debug)]
pub(super) enum Source {
    File(File, PathBuf),
    Memory(Bytes),
}

impl Stored {
    /// What the record says of its run.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How many tensors there are.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The key of the `i`th tensor, in the order of keys.
    pub fn key(&self, i: usize) -> &str {
        self.key_of(&self.tensors[i])
    }

    /// The dtype and the shape of the `i`th tensor.
    pub fn form(&self, i: usize) -> (Dtype, &[usize]) {
        let tensor = &self.tensors[i];
        (tensor.dtype, &self.shapes[tensor.shape as usize])
    }

    /// The whole record in memory; values that are in files are mapped.
    pub fn into_trace(self) -> Result<Trace> {
        let files = self.sources.iter().map(Source::bytes).collect::<Result<Vec<_>>>()?;
        let arrays = self.tensors.iter().enumerate().map(|(i, tensor)| {
            let (dtype, shape) = self.form(i);
            let values = tensor.from as usize..tensor.to as usize;
            let array =
                Array::new(dtype, shape.to_vec(), files[tensor.source as usize].slice(values))?;
            Ok((Key::from(self.key(i)), array))
        });
        let tensors = arrays.collect::<Result<_>>()?;
        Ok(Trace { about: self.about, tensors })
    }

    pub(super) fn key_of(&self, tensor: &Tensor) -> &str {
        &self.keys[tensor.key..][..tensor.key_length as usize]
    }

    /// The file of the `i`th tensor, and the bytes of it where its values are.
    pub fn span(&self, i: usize) -> (u32, [u64; 2]) {
        let tensor = &self.tensors[i];
        (tensor.source, [tensor.from, tensor.to])
    }

    /// The bytes of a file from `at` on, as many as `buffer` takes.
    pub fn read(&self, source: u32, at: u64, buffer: &mut [u8]) -> Result<()> {
        match &self.sources[source as usize] {
            Source::Memory(bytes) => buffer.copy_from_slice(&bytes[at as usize..][..buffer.len()]),
            Source::File(file, path) => file
                .read_exact_at(buffer, at)
                .with_context(|| format!("cannot read {} to its end", super::shown(path)))?,
        }
        Ok(())
    }
}

impl Source {
    fn bytes(&self) -> Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.clone()),
            Self::File(file, path) => {
                super::mapped(file).with_context(|| format!("cannot read {}", super::shown(path)))
            }
        }
    }
}
