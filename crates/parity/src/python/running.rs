//! A Python process while it runs, and what it left.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use parity_record::escaped;
use wait_timeout::ChildExt;

use super::leftovers::{Folder, Group};
use super::reason::reason;

/// As much of what a process wrote to standard error as is read, from the end.
const MOST_STDERR: u64 = 1 << 20;

/// A process, ended when dropped with all that it started.
#[derive(Debug)]
pub struct Running {
    name: String,
    program: String,
    process: Process,
    folder: Folder,
    deadline: Instant,
    timeout: Duration,
}

#[derive(Debug)]
enum Process {
    Own(Child, Group),
    /// One of several; whether it has ended.
    OneOf(Arc<dyn Shared>, bool),
}

/// A process that several share.
pub trait Shared: Debug + Send + Sync {
    /// How the one ended that leaves its status in `folder`; None where it has not by
    /// then.
    fn wait(&self, folder: &Path, deadline: Instant) -> Result<Option<ExitStatus>>;

    /// Ends all of them.
    fn end(&self);
}

impl Running {
    /// Starts `command`, which is to end within `timeout`; its standard error goes
    /// to the folder.
    pub fn start(
        name: &str,
        mut command: Command,
        folder: Folder,
        timeout: Duration,
    ) -> io::Result<Self> {
        command.stderr(File::create(folder.path().join("stderr"))?);
        let (child, group) = Group::start(&mut command)?;
        Ok(Self {
            name: name.to_owned(),
            program: command.get_program().to_string_lossy().into_owned(),
            process: Process::Own(child, group),
            folder,
            deadline: Instant::now() + timeout,
            timeout,
        })
    }

    /// One that was added to others and leaves what it prints in `folder`.
    pub fn one_of(
        together: Arc<dyn Shared>,
        name: &str,
        program: String,
        folder: Folder,
        timeout: Duration,
    ) -> Self {
        let (name, deadline) = (name.to_owned(), Instant::now() + timeout);
        Self { name, program, process: Process::OneOf(together, false), folder, deadline, timeout }
    }

    /// Waits for the end.
    pub fn finish(&mut self) -> Result<()> {
        let name = &self.name;
        let status = match &mut self.process {
            Process::Own(child, _) => {
                let left = self.deadline.saturating_duration_since(Instant::now());
                child.wait_timeout(left).with_context(|| format!("cannot wait for {name}"))?
            }
            Process::OneOf(together, ended) => {
                let status = together.wait(self.folder.path(), self.deadline)?;
                *ended = status.is_some();
                status
            }
        };
        let Some(status) = status else {
            bail!("{name} did not finish within {} s: raise --timeout", self.timeout.as_secs());
        };
        if status.code().is_some() {
            super::refuse_if_running(&self.file("running"), &self.name)?;
        }
        if status.success() {
            return Ok(());
        }
        let stderr = self.stderr();
        // Not where a signal ended it: ours may be about to clear the folder.
        if stderr.trim().is_empty() && status.code().is_some() {
            self.folder.refuse_full()?;
        }
        let reason = reason(&stderr);
        let missing = reason.said.split("No module named '").nth(1);
        let missing = missing.and_then(|rest| rest.split('\'').next());
        match missing {
            Some("torch" | "numpy" | "python_ref") => bail!(
                "{} has {}: {}",
                self.program,
                reason.said.replace("ModuleNotFoundError: No", "no"),
                super::how_to_have_one()
            ),
            Some(_) if reason.said.contains("Error while finding module specification") => bail!(
                "{name} failed ({status}): {reason}: name the module as Python imports it from \
                 here, such as package.train"
            ),
            // What is within another cannot be installed alone.
            Some(module) if !module.contains('.') => bail!(
                "{name} failed ({status}): {reason}: {} -m pip install {module}, or name \
                 another Python with --python",
                self.program
            ),
            _ => bail!("{name} failed ({status}): {reason}"),
        }
    }

    /// How long it may take, from now on again.
    pub fn prolong(&mut self) -> Duration {
        self.deadline = Instant::now() + self.timeout;
        self.timeout
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        match &mut self.process {
            Process::Own(child, _) => Ok(child.try_wait().context("cannot wait")?.is_some()),
            Process::OneOf(_, ended) => Ok(*ended),
        }
    }

    /// Ends it, where it has not ended already, and what it started; what runs
    /// beside it, too. Its folder goes after that, or they would make it anew.
    pub fn end(&mut self) {
        match &mut self.process {
            Process::Own(child, group) => {
                group.end();
                let _ = child.wait();
            }
            Process::OneOf(_, true) => {}
            Process::OneOf(together, false) => together.end(),
        }
    }

    /// Its standard input, where that is a pipe; once.
    pub fn stdin(&mut self) -> Option<ChildStdin> {
        let Process::Own(child, _) = &mut self.process else { return None };
        child.stdin.take()
    }

    /// Its standard output, likewise.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        let Process::Own(child, _) = &mut self.process else { return None };
        child.stdout.take()
    }

    /// What it noted on standard error, in lines `note: ...`.
    pub fn notes(&self) -> String {
        let stderr = self.stderr();
        let notes = stderr.lines().filter(|line| line.starts_with("note: "));
        notes.fold(String::new(), |notes, line| notes + &escaped(line) + "\n")
    }

    /// A file that it wrote.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The end of what it wrote to standard error.
    fn stderr(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(self.file("stderr")).and_then(|mut file| {
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(end.saturating_sub(MOST_STDERR)))?;
            file.take(MOST_STDERR).read_to_end(&mut bytes)
        });
        // Where it cannot be read, there is no reason to tell.
        let _ = read;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a shell that fails is said to have failed of. Its first argument is the
    /// folder, and a file of that name in it is one that cannot be written.
    fn said(script: &str) -> String {
        let folder = Folder::new().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(folder.path());
        let mut running =
            Running::start("the shell", command, folder, Duration::from_secs(20)).unwrap();
        running.finish().unwrap_err().to_string()
    }

    #[test]
    fn a_full_folder_is_the_reason_only_where_there_is_no_other() {
        let full = "mkdir \"$0\"/probe;";
        assert_eq!(said("exit 3"), "the shell failed (exit status: 3): it printed no reason");
        let said_full = said(&format!("{full} exit 3"));
        assert!(said_full.starts_with("cannot write to "), "{said_full}");
        let own = said(&format!("{full} echo 'ValueError: no' >&2; exit 3"));
        assert_eq!(own, "the shell failed (exit status: 3): ValueError: no");
        let killed = said(&format!("{full} kill -9 $$"));
        assert!(killed.starts_with("the shell failed (signal: 9"), "{killed}");
    }
}
