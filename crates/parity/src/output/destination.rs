//! A place to write to, tried before the work starts.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use parity_record::whole;
use tempfile::NamedTempFile;

use crate::terminal::{print, refuse_closed};

/// A place that was found fit to be written to.
#[derive(Debug)]
pub enum Output {
    /// `-`.
    Stdout,
    /// A device, a pipe, or a file by its descriptor: written as it is.
    Special(PathBuf, File),
    /// A file with other names too (hard links), of another owner, or in a folder
    /// that nothing may be put into. A file renamed over it would be a new one, so
    /// this one is written anew.
    Kept(PathBuf, File),
    /// A file: written beside, then renamed.
    File(PathBuf),
}

impl Output {
    /// Finds out, before the work starts, whether `path` can be written.
    pub fn open(path: &Path) -> Result<Self> {
        // A redirected /dev/stdout is a file, which must not be renamed over.
        if ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(Path::new).contains(&path) {
            refuse_closed()?;
            return Ok(Self::Stdout);
        }
        let cannot = || format!("cannot write {}", path.display());
        if let Ok(metadata) = fs::metadata(path) {
            ensure!(!metadata.is_dir(), "{}: it is a folder, name a file", cannot());
            return Self::existing(path, &metadata).with_context(cannot);
        }
        // Of a name that is too long or links in a circle, `new_file` says that.
        let named = path.as_os_str().as_encoded_bytes();
        let is_folder = [&b"/"[..], b"/.", b".."].iter().any(|end| named.ends_with(end));
        ensure!(!is_folder && !named.is_empty(), "{}: name a file", cannot());
        Self::new_file(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                anyhow!("{}: there is no such folder, make it first", cannot())
            }
            _ => anyhow::Error::new(error).context(cannot()),
        })
    }

    fn existing(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        if !metadata.is_file()
            || ["/dev/fd", "/dev/stderr", "/proc"].iter().any(|dev| path.starts_with(dev))
        {
            let file = OpenOptions::new().append(true).open(path)?;
            return Ok(Self::Special(path.to_owned(), file));
        }
        // Refused where a file may only be appended to (`chattr +a`).
        let file = OpenOptions::new().write(true).open(path)?;
        let target = target(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            if metadata.nlink() > 1 || metadata.uid() != rustix::process::geteuid().as_raw() {
                return Ok(Self::Kept(target, file));
            }
        }
        match whole::beside(&target).and_then(NamedTempFile::close) {
            // The file may be written, and its folder not.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Ok(Self::Kept(target, file))
            }
            tried => tried.map(|()| Self::File(target)),
        }
    }

    fn new_file(path: &Path) -> io::Result<Self> {
        let target = target(path)?;
        whole::beside(&target)?.close()?;
        Ok(Self::File(target))
    }

    /// Where what is written stands, if it is a place of its own.
    pub(super) fn destination(&self) -> Option<&Path> {
        match self {
            Self::Stdout => Some(Path::new("-")), // however it was spelt
            Self::File(target) | Self::Kept(target, _) => Some(target),
            Self::Special(..) => None,
        }
    }

    /// Writes all of it, or leaves what was there before.
    pub fn write(self, bytes: &[u8]) -> Result<()> {
        let (path, written) = match self {
            Self::Stdout => return print(bytes),
            Self::Special(path, mut file) => {
                let written = file.write_all(bytes).and_then(|()| file.flush());
                (path, written)
            }
            Self::Kept(path, mut file) => {
                let written = file.set_len(0).and_then(|()| file.write_all(bytes));
                (path, written)
            }
            Self::File(path) => {
                let write = |mut file: NamedTempFile| {
                    file.write_all(bytes)?;
                    whole::replace(&path, file)
                };
                let written = whole::beside(&path).and_then(write);
                (path, written)
            }
        };
        written.with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The file that `path` leads to, which need not be there yet; through a link,
/// so that a rename does not replace the link.
pub(super) fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => return found, // or links that lead in a circle
    }
    let folder = fs::canonicalize(whole::folder(path))?;
    match fs::read_link(path) {
        Ok(link) => target(&folder.join(link)), // leads to a file that is not there
        Err(_) => Ok(folder.join(path.file_name().unwrap_or_default())),
    }
}
