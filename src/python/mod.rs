//! Finds the Python interpreter; runs a twin, or records a user's own script.

mod conversation;
mod leftovers;
mod reason;
mod running;
mod together;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result, anyhow, bail};
use torch_parity::trace::{Kept, STEPS_VARIABLE};
use wait_timeout::ChildExt;

pub use self::conversation::Conversation;
use self::leftovers::Companion;
pub use self::leftovers::{Folder, abandon};
pub use self::running::Running;
use self::together::Together;

/// The Python files, carried along so that a check works from any folder;
/// build.rs lists them.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/python.rs"));

/// The recorder of scripts, in a checkout.
const RECORDER: &str = "crates/parity/src/recorder";

/// An interpreter, and how long a run of it may take.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
    timeout: Duration,
    /// What runs the twins, where one process does.
    together: Option<Arc<Together>>,
}

/// The checkout that the current folder is in, if it is in one: its Python files
/// are run then, as they are now.
pub fn checkout() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|folder| is_checkout(folder)).map(Path::to_owned)
}

fn is_checkout(folder: &Path) -> bool {
    folder.join(RECORDER).is_dir()
        && fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|text| text.contains("\nname = \"tanh-parity\"\n"))
}

impl Python {
    /// `named` where given and not empty, else the project's own environment
    /// where there is one, else `python3`.
    pub fn find(named: Option<&Path>, timeout: Duration) -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
        let interpreter = match named.filter(|path| !path.as_os_str().is_empty()) {
            // The twin runs in a folder of its own. A bare name is looked up in PATH.
            Some(path) if path.components().count() > 1 => {
                std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
            }
            Some(path) => path.to_owned(),
            None if own.exists() => own,
            None => "python3".into(),
        };
        Self { interpreter, timeout, together: None }
    }

    /// The same, where one process runs all twins that are started before
    /// [`Python::begin`]: PyTorch is imported once.
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

    /// The program.
    pub fn interpreter(&self) -> &Path {
        &self.interpreter
    }

    /// How long a run may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// `python -m python_ref.EXPERIMENT`, still without flags, and a folder for what
    /// it writes.
    pub fn twin(&self, experiment: &str) -> Result<(Command, Folder)> {
        let folder = Folder::new()?;
        let mut command = Command::new(&self.interpreter);
        command.args(["-m", &format!("python_ref.{experiment}")]);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env_remove("PYTHONSAFEPATH"); // would hide the current folder
        let root = checkout();
        if root.is_none() {
            unpack(folder.path())?;
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
        let program = self.interpreter.display().to_string();
        Ok(Running::one_of(together.clone(), name, program, folder, self.timeout))
    }

    /// The recorder, still without its flags and its script, to be run in the
    /// current folder; and the folder that it lies in.
    pub fn recorder(&self) -> Result<(Command, Folder)> {
        let folder = Folder::new()?;
        let recorder = if let Some(root) = checkout() {
            root.join(RECORDER)
        } else {
            unpack(folder.path())?;
            folder.path().join("recorder")
        };
        let mut command = Command::new(&self.interpreter);
        // No window is opened, unless the script itself asks for one.
        command.arg(recorder).env("PYTHONDONTWRITEBYTECODE", "1");
        if std::env::var_os("MPLBACKEND").is_none() {
            command.env("MPLBACKEND", "Agg");
        }
        Ok((command, folder))
    }

    /// Records a user's script, unchanged, with these flags of the recorder, in
    /// the current folder and on our own input and outputs; returns its exit
    /// status.
    pub fn record(&self, flags: &[OsString], script: &Path, args: &[OsString]) -> Result<ExitCode> {
        let (mut command, _folder) = self.recorder()?;
        command.args(flags).arg("--").arg(script).args(args);
        let mut child = command.spawn().map_err(|error| self.cannot_start(&error))?;
        let _companion = Companion::new(child.id());
        let name = script.display();
        let status = child.wait_timeout(self.timeout);
        if let Some(status) = status.with_context(|| format!("cannot wait for {name}"))? {
            // As a shell tells a signal.
            let signal = || std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0);
            return Ok(ExitCode::from(status.code().unwrap_or_else(|| 128 + signal()) as u8));
        }
        let _ = child.kill();
        let _ = child.wait();
        bail!("{name} did not finish within {} s: raise --timeout", self.timeout.as_secs())
    }

    /// Records a user's script, unchanged, to the file `script.safetensors` of the
    /// run's folder; what it prints is dropped, but for errors.
    pub fn start_recording(
        &self,
        script: &Path,
        args: &[OsString],
        threads: i32,
        kept: &Kept,
    ) -> Result<Running> {
        let (mut command, folder) = self.recorder()?;
        command.args(kept.digest.then_some("--digest")).args(["--steps", &steps(kept)]);
        command.args(["--quiet", "--trace"]).arg(folder.path().join("script.safetensors"));
        command.arg("--").arg(script).args(args);
        for variable in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(variable, threads.to_string());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.start(&script.display().to_string(), command, folder)
    }

    fn start(&self, name: &str, command: Command, folder: Folder) -> Result<Running> {
        Running::start(name, command, folder, self.timeout)
            .map_err(|error| self.cannot_start(&error))
    }

    fn cannot_start(&self, error: &io::Error) -> anyhow::Error {
        let program = self.interpreter.display();
        match error.kind() {
            io::ErrorKind::NotFound if self.interpreter.is_file() => anyhow!(
                "cannot start {program}: what its first line (#!) names is not there: \
                 name a Python with --python"
            ),
            io::ErrorKind::NotFound => {
                anyhow!("no Python at {program}: run `make setup`, or name one with --python")
            }
            io::ErrorKind::WouldBlock => {
                anyhow!("cannot start {program}: {error}: end other processes or raise `ulimit -u`")
            }
            _ => anyhow!("cannot start {program}: {error}: name a Python with --python"),
        }
    }
}

/// The steps to record, as both recorders read them.
pub fn steps(kept: &Kept) -> String {
    match (kept.steps.start, kept.steps.end) {
        (first, usize::MAX) => format!("{first}.."),
        (first, end) => format!("{first}..{end}"),
    }
}

/// Writes the Python files to a folder of their own.
fn unpack(folder: &Path) -> Result<()> {
    let write = |(name, text): &(&str, &str)| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder)).and_then(|()| fs::write(path, text))
    };
    SOURCES.iter().try_for_each(write).with_context(|| leftovers::cannot_write(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other errors are met by starting a Python.
    #[test]
    fn where_no_process_can_be_started_that_is_said() {
        let python = Python::find(Some(Path::new("python3")), Duration::from_secs(1));
        let error = python.cannot_start(&io::ErrorKind::WouldBlock.into()).to_string();
        assert!(error.starts_with("cannot start python3: "), "{error}");
        assert!(error.ends_with(": end other processes or raise `ulimit -u`"), "{error}");
        assert_eq!(python.timeout(), Duration::from_secs(1));
    }

    #[test]
    fn a_checkout_has_its_python_and_its_name() {
        assert_eq!(checkout().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")));
        let folder = tempfile::TempDir::new().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert!(!is_checkout(folder.path()));
        fs::create_dir_all(folder.path().join(RECORDER)).unwrap();
        assert!(!is_checkout(folder.path()), "another project's");
        write("Cargo.toml", "[package]\nname = \"other\"\n");
        assert!(!is_checkout(folder.path()));
        write("Cargo.toml", "[package]\nname = \"tanh-parity\"\n");
        assert!(is_checkout(folder.path()));
        fs::remove_dir(folder.path().join(RECORDER)).unwrap();
        assert!(!is_checkout(folder.path()), "without the Python files");
    }
}
