//! What a file is, told by its first bytes.

use std::path::Path;

use super::bytes_at;

/// What a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    SafeTensors,
    /// An index of shards, if it is anything.
    Json,
    Npy,
    /// `.npz` or `.pt`.
    Zip,
    /// A table, if it is anything.
    Text,
    /// Nothing that is read: what it is, and what to do.
    Other(&'static str, &'static str),
}

/// What files of other kinds begin with.
const KNOWN: [(&[u8], Kind); 10] = [
    (b"\x93NUMPY", Kind::Npy),
    (b"PK\x03\x04", Kind::Zip),
    (b"PK\x05\x06", Kind::Zip),
    (b"version https://git-lfs", Kind::Other("a Git LFS pointer", "git lfs pull")),
    (b"\x1f\x8b", Kind::Other("packed with gzip", "gunzip it first")),
    (b"\x28\xb5\x2f\xfd", Kind::Other("packed with zstd", "unzstd it first")),
    (b"\x89HDF\r\n\x1a\n", Kind::Other("an HDF5 file", TO_SAFETENSORS)),
    (b"\xff\xfe", Kind::Other("text in UTF-16", "save it as UTF-8")),
    (b"\xfe\xff", Kind::Other("text in UTF-16", "save it as UTF-8")),
    // Protocol 2, as torch.save wrote it before 1.6.
    (b"\x80\x02", Kind::Other("an old PyTorch file or another pickle", TO_SAFETENSORS)),
];

const TO_SAFETENSORS: &str = "save its tensors with safetensors.torch.save_file";

impl Kind {
    /// How many bytes of a file tell what it is.
    pub const START: usize = 1024;

    /// Told by the first bytes of a file of so many; by the ending only where they
    /// leave it open.
    pub fn of(start: &[u8], length: u64, path: &Path) -> Self {
        let named_so =
            |ending: &str| path.extension().is_some_and(|known| known.eq_ignore_ascii_case(ending));
        if is_safetensors(start, length) {
            return Self::SafeTensors;
        }
        if let Some((_, kind)) = KNOWN.iter().find(|(known, _)| start.starts_with(known)) {
            return *kind;
        }
        let text = String::from_utf8_lossy(start).trim_start().to_ascii_lowercase();
        if ["<!doctype html", "<html"].iter().any(|tag| text.starts_with(tag)) {
            return Self::Other("a web page", "download the file itself");
        }
        if named_so("safetensors") {
            return Self::SafeTensors; // which then says what is wrong with it
        }
        if start.is_empty() {
            return Self::Other("empty", "was it written to the end?");
        }
        if text.starts_with('{') {
            return Self::Json;
        }
        if !start.contains(&0) && !start.starts_with(b"\x80") {
            return Self::Text;
        }
        Self::Other(
            "of no kind that is known here",
            "name a .safetensors, .npy, .npz, .pt, .csv or .tsv file",
        )
    }
}

/// Begins with the length of a header that is there and is JSON.
fn is_safetensors(start: &[u8], length: u64) -> bool {
    let header = bytes_at(start, 0).map(u64::from_le_bytes);
    header.is_some_and(|header| header <= length - 8) && start.get(8) == Some(&b'{')
}
