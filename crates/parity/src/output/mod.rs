//! Where results go: whole files or none.

mod destination;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use parity_record::{About, Kept, Writer};

pub use self::destination::Output;
use self::destination::target;
use crate::terminal::{self, print};

/// The outputs of a command by name; None for one that was not asked for.
#[derive(Debug)]
pub struct Outputs(BTreeMap<&'static str, Option<Output>>);

/// An output: its name, where it goes if it was asked for, and the ending of what is
/// written.
pub type Asked<'p> = (&'static str, Option<&'p PathBuf>, &'static str);

impl Outputs {
    /// Finds out before the run whether every output can be written, and to a
    /// place of its own.
    pub fn open(asked: &[Asked<'_>]) -> Result<Self> {
        let mut taken = Vec::new();
        let mut open = |path: &PathBuf, ending: &str| {
            refuse_other_kind(path, ending)?;
            let opened = Output::open(path)?;
            if let Some(destination) = opened.destination() {
                ensure!(
                    !taken.iter().any(|taken| taken == destination),
                    "two outputs go to {}: name different files",
                    path.display()
                );
                taken.push(destination.to_owned());
            }
            Ok(opened)
        };
        let outputs = asked.iter().map(|(name, path, ending)| {
            Ok((*name, path.map(|path| open(path, ending)).transpose()?))
        });
        Ok(Self(outputs.collect::<Result<_>>()?))
    }

    /// Refuses an output that would overwrite one of the files that are `read`.
    pub fn refuse_overwriting(&self, read: &[PathBuf]) -> Result<()> {
        for output in self.0.values().flatten() {
            let Some(destination) = output.destination() else { continue };
            let same = |path: &&PathBuf| target(path).is_ok_and(|target| target == destination);
            if let Some(path) = read.iter().find(same) {
                bail!("a plot would overwrite {}: name another file", path.display());
            }
        }
        Ok(())
    }

    /// Whether any was asked for.
    pub fn any(&self) -> bool {
        self.0.values().any(Option::is_some)
    }

    fn take(&mut self, name: &str) -> Option<Output> {
        self.0.get_mut(name).expect("it was opened").take()
    }

    /// Writes the output of this name if it was asked for.
    pub fn write(&mut self, name: &str, render: impl FnOnce() -> Result<Vec<u8>>) -> Result<()> {
        match self.take(name) {
            Some(output) => output.write(&render()?),
            None => Ok(()),
        }
    }

    /// A record that becomes the output of this name, if that was asked for, of as much
    /// of the run as `kept` says.
    pub fn record(&self, name: &str, about: About, kept: Kept) -> Result<Option<Writer>> {
        match &self.0[name] {
            None => Ok(None),
            Some(Output::File(path) | Output::Kept(path, _)) => {
                Ok(Some(Writer::keeping(path, about, kept)?))
            }
            Some(_) => {
                ensure!(!kept.partial, "--keep-partial keeps a file: name one with --trace");
                Ok(Some(Writer::keeping(&std::env::temp_dir().join("record"), about, kept)?))
            }
        }
    }

    /// Writes the record as the output of this name.
    pub fn write_record(&mut self, name: &str, record: Writer) -> Result<()> {
        match self.take(name) {
            None => Ok(()),
            Some(Output::File(_)) => Ok(record.finish().map(drop)?),
            Some(Output::Stdout) => {
                let mut bytes = Vec::new();
                record.write_to(&mut bytes)?;
                print(&bytes)
            }
            Some(Output::Special(_, mut file)) => Ok(record.write_to(&mut file)?),
            Some(Output::Kept(path, mut file)) => {
                file.set_len(0).with_context(|| format!("cannot write {}", path.display()))?;
                Ok(record.write_to(&mut file)?)
            }
        }
    }

    /// Prints what a command found: to standard error where one of the outputs
    /// goes to standard output. To be called before they are written.
    pub fn print_beside(&self, text: &str) -> Result<()> {
        if terminal::is_quiet() {
            return Ok(());
        }
        if self.0.values().any(|output| matches!(output, Some(Output::Stdout))) {
            // There is nowhere to complain if it is closed.
            let text = terminal::painted(text, io::stderr().is_terminal());
            let _ = io::stderr().write_all(text.as_bytes());
            return Ok(());
        }
        terminal::say(text)
    }
}

/// Endings that promise a kind of file.
const KINDS: [&str; 16] = [
    "csv",
    "gif",
    "htm",
    "html",
    "jpeg",
    "jpg",
    "json",
    "md",
    "npy",
    "npz",
    "pdf",
    "png",
    "pt",
    "safetensors",
    "svg",
    "xml",
];

/// Refuses a file whose ending promises another kind than what is written.
fn refuse_other_kind(path: &Path, ending: &str) -> Result<()> {
    let promised = path.extension().map(|promised| promised.to_string_lossy().to_lowercase());
    if let Some(promised) = promised
        && promised != ending
        && KINDS.contains(&promised.as_str())
    {
        bail!(
            "cannot write {}: its contents would be {ending}, not {promised}: let its name end \
             in .{ending}",
            path.display()
        );
    }
    Ok(())
}
