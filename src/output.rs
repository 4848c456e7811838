//! Where results go: whole files or none, and a standard output that may end
//! early.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::{Builder, NamedTempFile};

/// A place that was found fit to be written to.
#[derive(Debug)]
pub enum Output {
    /// `-`.
    Stdout,
    /// A device or pipe: written as it is.
    Special(PathBuf, File),
    /// A file: written beside, then renamed.
    File(PathBuf),
}

impl Output {
    /// Finds out, before the work starts, whether `path` can be written.
    pub fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let cannot = || format!("cannot write {}", path.display());
        match fs::metadata(path) {
            Ok(metadata) => {
                ensure!(!metadata.is_dir(), "{}: it is a folder, name a file", cannot());
                let file = OpenOptions::new().append(true).open(path).with_context(cannot)?;
                if !metadata.is_file() {
                    return Ok(Self::Special(path.to_owned(), file));
                }
                // Through a link, so that the rename does not replace the link.
                let target = fs::canonicalize(path).with_context(cannot)?;
                beside(&target).with_context(cannot)?;
                Ok(Self::File(target))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ensure!(path.file_name().is_some(), "{}: name a file", cannot());
                beside(path).map_err(|error| match error.kind() {
                    ErrorKind::NotFound => {
                        anyhow::anyhow!("{}: there is no such folder, make it first", cannot())
                    }
                    _ => anyhow::Error::new(error).context(cannot()),
                })?;
                Ok(Self::File(path.to_owned()))
            }
            Err(error) => Err(error).with_context(cannot),
        }
    }

    /// Writes all of it, or leaves what was there before.
    pub fn write(self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Stdout => print(bytes),
            Self::Special(path, mut file) => file
                .write_all(bytes)
                .and_then(|()| file.flush())
                .with_context(|| format!("cannot write {}", path.display())),
            Self::File(path) => (|| {
                let mut file = beside(&path)?;
                file.write_all(bytes)?;
                file.flush()?;
                file.persist(&path).map_err(|error| error.error)?;
                Ok::<_, io::Error>(())
            })()
            .with_context(|| format!("cannot write {}", path.display())),
        }
    }
}

/// Finds out before the run whether every output can be written.
pub fn open_outputs<const N: usize>(paths: [&Option<PathBuf>; N]) -> Result<[Option<Output>; N]> {
    for (i, path) in paths.iter().enumerate() {
        let repeated = path.is_some() && paths[..i].contains(path);
        ensure!(
            !repeated,
            "two outputs go to {}: name different files",
            path.as_ref().unwrap().display()
        );
    }
    let mut outputs = [const { None }; N];
    for (output, path) in outputs.iter_mut().zip(paths) {
        *output = path.as_deref().map(Output::open).transpose()?;
    }
    Ok(outputs)
}

/// A new file in the folder of `path`, gone when dropped.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = Builder::new();
    builder.prefix(".tanh-parity-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    builder.tempfile_in(folder)
}

/// Writes to standard output. A reader that has left (`| head -1`) is no
/// error: the run goes on, its files and exit code are still wanted.
pub fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}
