//! A zip file, part by part.

use std::io::{Cursor, Read};

use bytes::Bytes;
use zip::{CompressionMethod, ZipArchive};

use super::bytes_at;
use crate::error::{Context, Result, ensure};

/// A zip file whose parts are read by name.
pub struct Archive {
    file: Bytes,
    zip: ZipArchive<Cursor<Bytes>>,
}

impl Archive {
    pub fn open(file: &Bytes) -> Result<Self> {
        let zip = ZipArchive::new(Cursor::new(file.clone()))?;
        // Of two parts of one name the crate keeps one; the file says how many.
        let end = file.windows(4).rposition(|bytes| bytes == b"PK\x05\x06");
        let count = end.and_then(|end| bytes_at(file, end + 10)).map(u16::from_le_bytes);
        let all = count.is_none_or(|count| count == u16::MAX || usize::from(count) == zip.len());
        ensure!(all, "it has two parts of one name");
        Ok(Self { file: file.clone(), zip })
    }

    pub fn names(&self) -> Result<Vec<String>> {
        Ok(self.zip.file_names().map(|name| name.map(Into::into)).collect::<Result<_, _>>()?)
    }

    /// The bytes of a part: of the file itself where they are not packed.
    pub fn part(&mut self, name: &str) -> Result<Bytes> {
        let mut part = self.zip.by_name(name).with_context(|| format!("it lacks {name}"))?;
        let size = usize::try_from(part.size())?;
        if part.compression() == CompressionMethod::Stored {
            let start = part.data_start().with_context(|| format!("{name} is nowhere"))? as usize;
            let end = start.checked_add(size).filter(|&end| end <= self.file.len());
            return Ok(self
                .file
                .slice(start..end.with_context(|| format!("{name} is cut short"))?));
        }
        // Deflate packs at most 1 : 1032.
        ensure!(size / 1032 <= self.file.len(), "{name} claims a size that it cannot have");
        let mut bytes = Vec::new();
        part.by_ref().take(size as u64).read_to_end(&mut bytes)?;
        ensure!(bytes.len() == size, "{name} is cut short");
        Ok(bytes.into())
    }
}
