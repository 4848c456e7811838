//! Finds the Python interpreter; runs the twin or a user's own script.

mod conversation;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use wait_timeout::ChildExt;

pub use self::conversation::Conversation;

/// The twins' sources, carried along so that the check works from any folder;
/// build.rs lists them.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/twins.rs"));

/// An interpreter, and how long a run of it may take.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
    timeout: Duration,
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
        Self { interpreter, timeout }
    }

    /// How long a run may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// `python -m python_ref.EXPERIMENT` and the folder that it runs in.
    pub fn twin(&self, experiment: &str, flags: &[String]) -> Result<(Command, TempDir)> {
        let folder = temporary_folder()?;
        let package = folder.path().join("python_ref");
        let unpacked = std::fs::create_dir(&package).and_then(|()| {
            SOURCES.iter().try_for_each(|(name, text)| std::fs::write(package.join(name), text))
        });
        unpacked.context("cannot write to the temporary folder")?;
        let mut command = Command::new(&self.interpreter);
        command.args(["-m", &format!("python_ref.{experiment}")]).args(flags);
        command.current_dir(folder.path()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env_remove("PYTHONSAFEPATH"); // would hide that folder
        command.stdin(Stdio::null()).stdout(to_file(&folder, "stdout")?);
        Ok((command, folder))
    }

    /// Starts the twin; its files go to the run's folder.
    pub fn start_twin(&self, experiment: &str, flags: &[String]) -> Result<Running> {
        let (command, folder) = self.twin(experiment, flags)?;
        self.start("the Python twin", command, folder)
    }

    /// Starts the user's script, unchanged, in the current folder; PyTorch's
    /// default number of threads is set from outside.
    pub fn start_script(&self, script: &Path, threads: i32) -> Result<Running> {
        File::open(script).with_context(|| format!("cannot read {}", script.display()))?;
        let mut command = Command::new(&self.interpreter);
        command.arg(script);
        for variable in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(variable, threads.to_string());
        }
        let folder = temporary_folder()?;
        command.stdin(Stdio::null()).stdout(to_file(&folder, "stdout")?);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        self.start(&script.display().to_string(), command, folder)
    }

    fn start(&self, name: &str, mut command: Command, folder: TempDir) -> Result<Running> {
        command.stderr(to_file(&folder, "stderr")?);
        let interpreter = self.interpreter.display();
        let child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                anyhow::anyhow!(
                    "no Python at {interpreter}: run `make setup`, or name one with --python"
                )
            }
            _ => anyhow::anyhow!("cannot start {interpreter}: {error}"),
        })?;
        Ok(Running {
            name: name.to_owned(),
            interpreter: interpreter.to_string(),
            child,
            folder,
            deadline: Instant::now() + self.timeout,
            timeout: self.timeout,
        })
    }
}

/// Gone when dropped.
fn temporary_folder() -> Result<TempDir> {
    TempDir::with_prefix("tanh-parity-").context("cannot make a temporary folder")
}

/// Into files: a pipe that nobody empties would block the script.
fn to_file(folder: &TempDir, name: &str) -> Result<File> {
    File::create(folder.path().join(name)).context("cannot write to the temporary folder")
}

/// What a traceback ends in: the last line `SomeError: ...` with all that
/// follows it, or else the last line.
fn reason(stderr: &str) -> String {
    let lines: Vec<_> = stderr.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let names_an_error = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        name.chars().all(|c| c.is_alphanumeric() || "._".contains(c)) && name.contains("Error")
    };
    let start = lines.iter().rposition(names_an_error);
    let lines = &lines[start.unwrap_or(lines.len().saturating_sub(1))..];
    if lines.is_empty() {
        "it printed no reason".to_owned()
    } else {
        lines.join(" ").trim().to_owned()
    }
}

/// A Python process, killed when dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    interpreter: String,
    child: Child,
    folder: TempDir,
    deadline: Instant,
    timeout: Duration,
}

impl Running {
    /// Waits for the end; returns what it printed.
    pub fn finish(&mut self) -> Result<String> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let name = &self.name;
        let Some(status) =
            self.child.wait_timeout(left).with_context(|| format!("cannot wait for {name}"))?
        else {
            bail!("{name} did not finish within {} s: raise --timeout", self.timeout.as_secs());
        };
        if status.success() {
            return Ok(self.read("stdout"));
        }
        let stderr = self.read("stderr");
        let reason = reason(&stderr);
        let missing = |module| reason.contains(&format!("No module named '{module}'"));
        if ["torch", "safetensors", "numpy"].into_iter().any(missing) {
            bail!(
                "{} has {}: run `make setup`, or name one with --python",
                self.interpreter,
                reason.replace("ModuleNotFoundError: No", "no")
            );
        }
        bail!("{name} failed ({status}): {reason}");
    }

    /// What it noted on standard error, in lines `note: ...`.
    pub fn notes(&self) -> String {
        let stderr = self.read("stderr");
        stderr
            .lines()
            .filter(|line| line.starts_with("note: "))
            .fold(String::new(), |notes, line| notes + line + "\n")
    }

    /// A file that it wrote.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.file(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails where it has ended already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
