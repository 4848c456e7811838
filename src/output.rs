//! Where results go: whole files or none, and a standard output that may end
//! early.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use tempfile::{Builder, NamedTempFile};
use torch_parity::trace::{About, Writer};

use crate::terminal;

/// A place that was found fit to be written to.
#[derive(Debug)]
pub enum Output {
    /// `-`.
    Stdout,
    /// A device, a pipe, or a file by its descriptor: written as it is.
    Special(PathBuf, File),
    /// A file: written beside, then renamed.
    File(PathBuf),
}

impl Output {
    /// Finds out, before the work starts, whether `path` can be written.
    pub fn open(path: &Path) -> Result<Self> {
        // A redirected /dev/stdout is a file, which must not be renamed over.
        if ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(Path::new).contains(&path) {
            return Ok(Self::Stdout);
        }
        let cannot = || format!("cannot write {}", path.display());
        match fs::metadata(path) {
            Ok(metadata) => {
                ensure!(!metadata.is_dir(), "{}: it is a folder, name a file", cannot());
                let file = OpenOptions::new().append(true).open(path).with_context(cannot)?;
                if !metadata.is_file()
                    || ["/dev/fd", "/dev/stderr", "/proc"].iter().any(|dev| path.starts_with(dev))
                {
                    return Ok(Self::Special(path.to_owned(), file));
                }
                let target = target(path).with_context(cannot)?;
                beside(&target).with_context(cannot)?;
                Ok(Self::File(target))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ensure!(path.file_name().is_some(), "{}: name a file", cannot());
                let target = target(path).and_then(|target| beside(&target).map(|_| target));
                let target = target.map_err(|error| match error.kind() {
                    ErrorKind::NotFound => {
                        anyhow::anyhow!("{}: there is no such folder, make it first", cannot())
                    }
                    _ => anyhow::Error::new(error).context(cannot()),
                })?;
                Ok(Self::File(target))
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

/// The outputs of a command, in the order in which it names them; None for one
/// that was not asked for.
#[derive(Debug)]
pub struct Outputs(Vec<Option<Output>>);

impl Outputs {
    /// Finds out before the run whether every output can be written, and to a
    /// place of its own. Beside each path stands the ending of what is written.
    pub fn open(paths: &[(Option<&PathBuf>, &str)]) -> Result<Self> {
        let mut taken = Vec::new();
        let mut open = |path: &PathBuf, ending: &str| {
            refuse_other_kind(path, ending)?;
            let opened = Output::open(path)?;
            let place = match &opened {
                Output::File(target) => Some(target.clone()),
                Output::Stdout => Some(PathBuf::from("-")), // however it was spelt
                Output::Special(..) => None,
            };
            ensure!(
                place.is_none() || !taken.contains(&place),
                "two outputs go to {}: name different files",
                path.display()
            );
            taken.push(place);
            Ok(opened)
        };
        let outputs =
            paths.iter().map(|(path, ending)| path.map(|path| open(path, ending)).transpose());
        Ok(Self(outputs.collect::<Result<_>>()?))
    }

    /// Refuses an output that would overwrite one of the files that are `read`.
    pub fn refuse_overwriting(&self, read: &[PathBuf]) -> Result<()> {
        for output in self.0.iter().flatten() {
            let Output::File(place) = output else { continue };
            let same = |path: &&PathBuf| target(path).is_ok_and(|target| target == *place);
            if let Some(path) = read.iter().find(same) {
                bail!("a plot would overwrite {}: name another file", path.display());
            }
        }
        Ok(())
    }

    /// Whether any was asked for.
    pub fn any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// Writes the `i`th if it was asked for.
    pub fn write(&mut self, i: usize, render: impl FnOnce() -> Result<Vec<u8>>) -> Result<()> {
        match self.0[i].take() {
            Some(output) => output.write(&render()?),
            None => Ok(()),
        }
    }

    /// A record that becomes the `i`th output, if that was asked for.
    pub fn record(&self, i: usize, about: About) -> Option<Writer> {
        match self.0[i].as_ref()? {
            Output::File(path) => Some(Writer::new(path, about)),
            _ => Some(Writer::new(&std::env::temp_dir().join("record"), about)),
        }
    }

    /// Writes the record as the `i`th output.
    pub fn write_record(&mut self, i: usize, record: Writer) -> Result<()> {
        match self.0[i].take() {
            None => Ok(()),
            Some(Output::File(_)) => record.finish().map(drop),
            Some(Output::Stdout) => {
                let mut bytes = Vec::new();
                record.write_to(&mut bytes)?;
                print(&bytes)
            }
            Some(Output::Special(_, mut file)) => record.write_to(&mut file),
        }
    }

    /// Prints what a command found: to standard error where one of the outputs
    /// goes to standard output. To be called before they are written.
    pub fn print_beside(&self, text: &str) -> Result<()> {
        if terminal::is_quiet() {
            return Ok(());
        }
        if self.0.iter().any(|output| matches!(output, Some(Output::Stdout))) {
            // There is nowhere to complain if it is closed.
            let text = terminal::painted(text, io::stderr().is_terminal());
            let _ = io::stderr().write_all(text.as_bytes());
            return Ok(());
        }
        terminal::say(text)
    }
}

/// Endings that promise a kind of file.
const KINDS: [&str; 14] = [
    "csv",
    "gif",
    "htm",
    "html",
    "jpeg",
    "jpg",
    "json",
    "npy",
    "npz",
    "pdf",
    "png",
    "pt",
    "safetensors",
    "svg",
];

/// Refuses a file whose ending promises another kind than what is written.
fn refuse_other_kind(path: &Path, ending: &str) -> Result<()> {
    let promised = path.extension().map(|promised| promised.to_string_lossy().to_lowercase());
    if let Some(promised) = promised
        && promised != ending
        && KINDS.contains(&promised.as_str())
    {
        bail!("cannot write {}: it would be .{ending}: name it so", path.display());
    }
    Ok(())
}

/// The file that `path` leads to, which need not be there yet; through a link,
/// so that a rename does not replace the link.
fn target(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path).or_else(|_| {
        let folder = fs::canonicalize(folder(path))?;
        match fs::read_link(path) {
            Ok(link) => target(&folder.join(link)), // leads to a file that is not there
            Err(_) => Ok(folder.join(path.file_name().unwrap_or_default())),
        }
    })
}

/// The folder that `path` names a file in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A new file in the folder of `path`, gone when dropped.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".tanh-parity-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    builder.tempfile_in(folder(path))
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
