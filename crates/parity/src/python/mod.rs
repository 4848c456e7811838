//! Finds the Python interpreter; records a user's script.

mod leftovers;
mod reason;
mod running;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result, anyhow, bail, ensure};
use parity_record::Kept;
use signal_hook::consts::{
    SIGABRT, SIGBUS, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGKILL, SIGSEGV, SIGTERM,
};
use signal_hook::low_level::signal_name;

use self::leftovers::{Companion, end_alike};
pub use self::leftovers::{Folder, Group, abandon, cannot_write};
pub use self::running::{Running, Shared};
use crate::terminal::complain;

/// The recorder's files, carried along so that it works from any folder; build.rs
/// lists them.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/recorder.rs"));

/// The recorder of scripts, in a checkout.
const RECORDER: &str = "crates/parity/src/recorder";

/// An interpreter, and how long a run of it may take.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
    timeout: Duration,
}

/// The checkout that the current folder is in, if it is in one: its Python files
/// are run then, as they are now.
pub fn checkout() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find(|folder| is_checkout(folder)).map(Path::to_owned)
}

fn is_checkout(folder: &Path) -> bool {
    folder.join(RECORDER).is_dir() && folder.join("crates/parity/Cargo.toml").is_file()
}

impl Python {
    /// `named` where given and not empty; else `own`, the program's, where that is
    /// there; else that of `$VIRTUAL_ENV`, else `python3`. No version of PyTorch is
    /// asked for.
    pub fn find(named: Option<&Path>, own: Option<&Path>, timeout: Duration) -> Self {
        let is_given = |path: &&Path| !path.as_os_str().is_empty();
        let of_environment = || {
            let folder = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
            folder.map(|folder| folder.join("bin/python")).filter(|path| path.exists())
        };
        let interpreter = match named.filter(is_given) {
            // Some run in a folder of their own. A bare name is looked up in PATH.
            Some(path) if path.components().count() > 1 => {
                std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
            }
            Some(path) => path.to_owned(),
            None => own
                .filter(|path| path.exists())
                .map(Path::to_owned)
                .or_else(of_environment)
                .unwrap_or_else(|| "python3".into()),
        };
        Self { interpreter, timeout }
    }

    /// The program.
    pub fn interpreter(&self) -> &Path {
        &self.interpreter
    }

    /// How long a run may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The folder of its PyTorch, which is not imported for that.
    pub fn libtorch(&self) -> Result<PathBuf> {
        const FIND: &str = "import importlib.util as u; \
            print(u.find_spec('torch').submodule_search_locations[0])";
        let program = self.interpreter.display();
        let output = Command::new(&self.interpreter)
            .args(["-c", FIND])
            .output()
            .map_err(|error| self.cannot_start(&error))?;
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(
            output.status.success() && !folder.is_empty(),
            "{program} has no torch: install PyTorch there, or set LIBTORCH to its folder"
        );
        Ok(folder.into())
    }

    /// The recorder, still without its flags and its script, to be run in the
    /// current folder; and the folder that it lies in.
    pub fn recorder(&self) -> Result<(Command, Folder)> {
        let folder = Folder::new()?;
        let recorder = if let Some(root) = checkout() {
            root.join(RECORDER)
        } else {
            unpack(SOURCES, folder.path())?;
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
    pub fn record(&self, flags: &[OsString], script: Script<'_>) -> Result<ExitCode> {
        let Script { path, threads, .. } = script;
        let (mut command, folder) = self.recorder()?;
        let running = folder.path().join("running");
        command.arg("--running").arg(&running).args(flags).args(script.words());
        set_threads(&mut command, threads);
        let child = Companion::start(&mut command).map_err(|error| self.cannot_start(&error))?;
        let name = path.display();
        let status = child.wait(self.timeout);
        let Some(status) = status.with_context(|| format!("cannot wait for {name}"))? else {
            bail!("{name} did not finish within {} s: raise --timeout", self.timeout.as_secs())
        };
        let Some(signal) = status.signal() else {
            refuse_if_running(&running, &name.to_string())?;
            return Ok(ExitCode::from(status.code().unwrap_or_default() as u8));
        };
        if running.exists() {
            let keeps = flags.iter().any(|flag| flag == "--keep-partial");
            complain(&ended_by(&name.to_string(), signal, keeps));
        }
        end_alike(status);
        Ok(ExitCode::from((128 + signal) as u8)) // as a shell tells it
    }

    /// Records a user's script, unchanged, to the file `script.safetensors` of the
    /// run's folder; what it prints is dropped, but for errors.
    pub fn start_recording(&self, script: Script<'_>, kept: &Kept) -> Result<Running> {
        let Script { path, threads, .. } = script;
        let (mut command, folder) = self.recorder()?;
        command.args(kept.digest.then_some("--digest")).args(["--steps", &steps(kept)]);
        command.args(["--quiet", "--trace"]).arg(folder.path().join("script.safetensors"));
        command.arg("--running").arg(folder.path().join("running"));
        command.args(script.words());
        set_threads(&mut command, threads);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.start(&path.display().to_string(), command, folder)
    }

    /// Records the first steps of a user's script, which is ended then, to the file
    /// `script.safetensors` of the run's folder, and what a port of it begins with to
    /// `sketch.json`.
    pub fn start_sketch(&self, script: Script<'_>) -> Result<Running> {
        let (mut command, folder) = self.recorder()?;
        command.arg("--quiet").arg("--sketch").arg(folder.path().join("sketch.json"));
        command.arg("--trace").arg(folder.path().join("script.safetensors"));
        command.args(script.words());
        set_threads(&mut command, script.threads);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.start(&script.path.display().to_string(), command, folder)
    }

    /// Starts what this interpreter is to run; its standard error goes to the folder.
    pub fn start(&self, name: &str, command: Command, folder: Folder) -> Result<Running> {
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
                anyhow!("no Python at {program}: {}", how_to_have_one())
            }
            io::ErrorKind::WouldBlock => {
                anyhow!("cannot start {program}: {error}: end other processes or raise `ulimit -u`")
            }
            _ => anyhow!("cannot start {program}: {error}: name a Python with --python"),
        }
    }
}

/// A user's script, and how it is run.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// Its file, or the name of its module.
    pub path: &'a Path,
    /// Whether it is run as `python -m` runs one.
    pub is_module: bool,
    /// Its own arguments.
    pub args: &'a [OsString],
    /// Threads of its PyTorch, unless it sets them; a port's libtorch is told, too.
    pub threads: i32,
}

impl Script<'_> {
    /// What to do, where its run failed for want of arguments.
    pub fn asks(&self, error: &anyhow::Error) -> Option<&'static str> {
        let asks = self.args.is_empty() && error.to_string().contains(".py: error: ");
        asks.then_some("put the script's arguments last, after --")
    }

    /// It and its arguments, as the recorder takes them.
    fn words(&self) -> impl Iterator<Item = &OsStr> {
        let module = self.is_module.then_some(OsStr::new("-m"));
        let script = [OsStr::new("--"), self.path.as_os_str()];
        module.into_iter().chain(script).chain(self.args.iter().map(OsString::as_os_str))
    }
}

/// Lets a program that does not set its threads run on so many.
pub fn set_threads(command: &mut Command, threads: i32) {
    for variable in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(variable, threads.to_string());
    }
}

/// What to do where the Python is missing, or its PyTorch.
fn how_to_have_one() -> &'static str {
    match checkout() {
        Some(_) => "run `make setup`, or name one with --python",
        None => "activate the environment that has PyTorch, or name its Python with --python",
    }
}

/// Refuses a script that ended Python itself: its recorder left this file.
fn refuse_if_running(file: &Path, script: &str) -> Result<()> {
    ensure!(
        !file.exists(),
        "{script} ended Python at once, by os._exit or the like, so nothing was recorded: \
         let it end by sys.exit or at its last line"
    );
    Ok(())
}

/// What is said of a script that a signal ended before its recorder could write.
fn ended_by(script: &str, signal: i32, keeps: bool) -> String {
    let remedy = match signal {
        SIGABRT | SIGBUS | SIGFPE | SIGILL | SIGSEGV => {
            ": set PYTHONFAULTHANDLER=1 to see at which line"
        }
        SIGKILL => ": where memory runs out, the system does that",
        SIGINT | SIGTERM | SIGHUP if !keeps => ": --keep-partial keeps what there is",
        _ => "",
    };
    let name = signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned);
    format!("{script} was ended by {name}, so nothing was recorded{remedy}")
}

/// The steps to record, as both recorders read them.
pub fn steps(kept: &Kept) -> String {
    match (kept.steps.start, kept.steps.end) {
        (first, usize::MAX) => format!("{first}.."),
        (first, end) => format!("{first}..{end}"),
    }
}

/// Writes the recorder to a folder.
pub fn unpack_recorder(folder: &Path) -> Result<()> {
    unpack(SOURCES, folder)
}

/// Writes files by their place in a folder.
pub fn unpack(files: &[(&str, &str)], folder: &Path) -> Result<()> {
    let write = |(name, text): &(&str, &str)| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder)).and_then(|()| fs::write(path, text))
    };
    files.iter().try_for_each(write).with_context(|| cannot_write(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The other errors are met by starting a Python.
    #[test]
    fn where_no_process_can_be_started_that_is_said() {
        let python = Python::find(Some(Path::new("python3")), None, Duration::from_secs(1));
        let error = python.cannot_start(&io::ErrorKind::WouldBlock.into()).to_string();
        assert!(error.starts_with("cannot start python3: "), "{error}");
        assert!(error.ends_with(": end other processes or raise `ulimit -u`"), "{error}");
        assert_eq!(python.timeout(), Duration::from_secs(1));
    }

    #[test]
    fn what_is_kept_of_a_script_is_not_advised_again() {
        let kept = ": --keep-partial keeps what there is";
        for (signal, keeps, name, remedy) in [
            (SIGTERM, false, "SIGTERM", kept),
            (SIGTERM, true, "SIGTERM", ""),
            (SIGHUP, false, "SIGHUP", kept),
            (40, false, "signal 40", ""),
        ] {
            let expected = format!("s.py was ended by {name}, so nothing was recorded{remedy}");
            assert_eq!(ended_by("s.py", signal, keeps), expected);
        }
    }

    #[test]
    fn a_checkout_has_the_recorder_and_this_crate() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        assert_eq!(checkout().unwrap(), root);
        let folder = tempfile::TempDir::new().unwrap();
        assert!(!is_checkout(folder.path()));
        fs::create_dir_all(folder.path().join(RECORDER)).unwrap();
        assert!(!is_checkout(folder.path()), "another project's");
        fs::write(folder.path().join("crates/parity/Cargo.toml"), "").unwrap();
        assert!(is_checkout(folder.path()));
        fs::remove_dir(folder.path().join(RECORDER)).unwrap();
        assert!(!is_checkout(folder.path()), "without the Python files");
    }

    #[test]
    fn what_is_named_is_taken_and_what_is_not_there_is_not() {
        let found = |named: &str, own: &str| {
            let path = |text| Some(Path::new(text));
            Python::find(path(named), path(own), Duration::ZERO).interpreter().to_owned()
        };
        assert_eq!(found("python9", "/bin/sh"), Path::new("python9"));
        assert_eq!(found("", "/bin/sh"), Path::new("/bin/sh"));
        assert!(found("./python", "/bin/sh").is_absolute());
        assert_ne!(found("", "/not/there"), Path::new("/not/there"));
    }
}
