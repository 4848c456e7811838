//! The lesson's Python twins: run alone, several in one process, or asked line by
//! line.

mod conversation;
mod together;

use std::ops::Deref;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Result;
use parity::python::{Folder, Python, Running, checkout, steps, unpack, unpack_recorder};
use torch_parity::trace::{Kept, STEPS_VARIABLE};

pub use self::conversation::Conversation;
use self::together::Together;

/// The twins' files, carried along so that a check works from any folder; build.rs
/// lists them.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/twins.rs"));

/// The Python that runs the twins.
#[derive(Clone, Debug)]
pub struct Twins {
    python: Python,
    /// What runs them, where one process does.
    together: Option<Arc<Together>>,
}

impl Deref for Twins {
    type Target = Python;

    fn deref(&self) -> &Python {
        &self.python
    }
}

impl Twins {
    /// Each run by a process of its own.
    pub fn of(python: Python) -> Self {
        Self { python, together: None }
    }

    /// The same, where one process runs all twins that are started before
    /// [`begin`](Self::begin): PyTorch is imported once.
    pub fn together(self) -> Result<Self> {
        let together = Some(Arc::new(Together::start(&self)?));
        Ok(Self { together, ..self })
    }

    /// Lets the twins that one process runs begin.
    pub fn begin(&self) {
        if let Some(together) = &self.together {
            together.begin();
        }
    }

    /// `python -m python_ref.EXPERIMENT`, still without flags, and a folder for what
    /// it writes.
    pub fn twin(&self, experiment: &str) -> Result<(Command, Folder)> {
        let folder = Folder::new()?;
        let mut command = Command::new(self.interpreter());
        command.args(["-m", &format!("python_ref.{experiment}")]);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env_remove("PYTHONSAFEPATH"); // would hide the current folder
        let root = checkout();
        if root.is_none() {
            unpack(SOURCES, folder.path())?;
            unpack_recorder(folder.path())?;
        }
        command.current_dir(root.as_deref().unwrap_or(folder.path()));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok((command, folder))
    }

    /// Starts the twin, which leaves its record as `python.safetensors`.
    pub fn start_twin(&self, experiment: &str, flags: &[String], kept: &Kept) -> Result<Running> {
        let name = "the Python twin";
        let (mut command, folder) = self.twin(experiment)?;
        let trace = folder.path().join("python.safetensors");
        let digest = kept.digest.then_some("--digest");
        let Some(together) = &self.together else {
            command.args(flags).arg("--trace").arg(trace);
            command.args(digest).env(STEPS_VARIABLE, steps(kept));
            return self.start(name, command, folder);
        };
        let mut flags = flags.to_vec();
        flags.extend(digest.map(str::to_owned));
        flags.push(format!("--trace={}", trace.display()));
        together.add(experiment, &flags, &steps(kept), folder.path());
        let program = self.interpreter().display().to_string();
        Ok(Running::one_of(together.clone(), name, program, folder, self.timeout()))
    }
}

/// The project's own environment, which is preferred where nothing is named.
pub fn own() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python"))
}
