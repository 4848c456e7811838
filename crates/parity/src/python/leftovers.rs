//! What a run leaves while it goes on, its folder and its Python, and how that is
//! cleared, however the run ends.

#![expect(unsafe_code, reason = "what a child does before it becomes its program is unsafe")]

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;
use std::{fs, io, thread};

use anyhow::{Context, Result};
use parity_record::is_ignored;
use rustix::process::{
    Pid, Signal, getpid, getppid, kill_process, kill_process_group,
    set_parent_process_death_signal, test_kill_process,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::raw::WithRawSiginfo;
use signal_hook::low_level::emulate_default_handler;
use tempfile::TempDir;
use wait_timeout::ChildExt;

/// What is to be cleared when a signal ends this process.
#[derive(Default)]
struct Left {
    folders: Vec<PathBuf>,
    groups: Vec<u32>,
    companions: Vec<u32>,
}

static LEFT: Mutex<Left> = Mutex::new(Left { folders: vec![], groups: vec![], companions: vec![] });

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The signals that end a run.
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// Clears everything on INT, TERM and HUP, then ends as the signal would have; beside a
/// companion, which ends first, the signal is passed on. What is ignored, as HUP is
/// under nohup, stays so.
fn clear_on_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let watched = ENDING.into_iter().filter(|&signal| !is_ignored(signal));
        let Ok(mut signals) = SignalsInfo::<WithRawSiginfo>::new(watched) else { return };
        let wait = move || {
            for signal in signals.forever() {
                if left().companions.is_empty() {
                    end_as(signal.si_signo);
                } else if signal.si_code <= 0 {
                    pass_on(signal.si_signo); // a process sent it, not the terminal
                }
            }
        };
        // Without a thread, a signal leaves what it always left.
        let _ = thread::Builder::new().spawn(wait);
    });
}

fn clear(left: &Left) {
    left.groups.iter().for_each(|&group| end_group(group));
    left.folders.iter().for_each(|folder| drop(fs::remove_dir_all(folder)));
}

/// Clears everything and ends as the signal would have.
fn end_as(signal: i32) {
    clear(&left());
    let _ = emulate_default_handler(signal);
}

/// Ends what runs and clears what is left, as far as that goes, where the process
/// ends at once.
pub fn abandon() {
    if let Ok(left) = LEFT.try_lock() {
        clear(&left);
    }
}

/// Ends a process and all that it started.
fn end_group(group: u32) {
    if let Some(group) = Pid::from_raw(group as i32) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// A process group, ended when dropped, or by a signal.
#[derive(Debug)]
pub struct Group(u32);

impl Group {
    /// Starts the process that leads it. A signal that comes meanwhile waits.
    pub fn start(command: &mut Command) -> io::Result<(Child, Self)> {
        clear_on_signals();
        let mut left = left();
        let child = command.process_group(0).spawn()?;
        left.groups.push(child.id());
        let group = Self(child.id());
        Ok((child, group))
    }

    /// Ends what still runs of it.
    pub fn end(&self) {
        end_group(self.0);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
        left().groups.retain(|&group| group != self.0);
    }
}

/// A signal that a process sends may have come to our whole group; what has not ended
/// by it after so long got none, or takes its time and can tell the two apart.
const GRACE: Duration = Duration::from_millis(500);

/// Sends companions a signal that came to us.
fn pass_on(signal: i32) {
    thread::sleep(GRACE);
    let signal = Signal::from_named_raw(signal).expect("one of those that are watched");
    let left = left();
    let processes = left.companions.iter().filter_map(|&number| Pid::from_raw(number as i32));
    processes.for_each(|process| {
        let _ = kill_process(process, signal);
    });
}

/// A process in our own group, which a terminal's signals reach too; those that come to
/// us alone are passed on. We end when it has ended.
#[derive(Debug)]
pub struct Companion(Child);

impl Companion {
    /// Starts it; it ends with this thread, which is to wait for it.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        clear_on_signals();
        end_with_us(command);
        let mut left = left();
        let child = command.spawn()?;
        left.companions.push(child.id());
        Ok(Self(child))
    }

    /// How it ended; none, and it is ended, where it does not within `timeout`.
    pub fn wait(mut self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        let status = self.0.wait_timeout(timeout)?;
        if status.is_none() {
            self.0.kill()?;
            self.0.wait()?;
        }
        Ok(status)
    }
}

/// Where a signal ended a companion that ends runs, that ends this process, too.
pub fn end_alike(status: ExitStatus) {
    if let Some(signal) = status.signal().filter(|signal| ENDING.contains(signal)) {
        end_as(signal);
    }
}

/// Has the system send TERM where we are killed, which cannot be passed on; it does as
/// soon as the thread ends that starts the process.
fn end_with_us(command: &mut Command) {
    let us = getpid();
    let before = move || {
        // Where it cannot be had, the process goes on.
        let _ = set_parent_process_death_signal(Some(Signal::TERM));
        if getppid() != Some(us) {
            kill_process(getpid(), Signal::TERM)?; // we were killed before that
        }
        Ok(())
    };
    // SAFETY: it calls the system alone, and allocates nothing.
    unsafe { command.pre_exec(before) };
}

impl Drop for Companion {
    fn drop(&mut self) {
        left().companions.retain(|&process| process != self.0.id());
    }
}

const PREFIX: &str = "tanh-parity-";

/// A temporary folder, gone when dropped, or by a signal. What a kill leaves, the
/// next run clears: the folder's name tells whose it is.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// A new one.
    pub fn new() -> Result<Self> {
        clear_on_signals();
        clear_orphans();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder =
            TempDir::with_prefix(prefix).with_context(|| cannot_write(&std::env::temp_dir()))?;
        left().folders.push(folder.path().to_owned());
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Refuses a folder that has become full: what ended there says nothing of it.
    pub fn refuse_full(&self) -> Result<()> {
        fs::write(self.path().join("probe"), [0; 4096]).with_context(|| cannot_write(self.path()))
    }
}

/// What is wrong with a temporary folder, before the reason.
pub fn cannot_write(folder: &Path) -> String {
    format!(
        "cannot write to {}: free some space, or set TMPDIR to another folder",
        folder.display()
    )
}

impl Drop for Folder {
    fn drop(&mut self) {
        let path = self.path().to_owned();
        left().folders.retain(|folder| *folder != path);
    }
}

/// Removes the folders of processes that are no more, once.
fn clear_orphans() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
            let pid = owner.and_then(|text| Pid::from_raw(text.parse().ok()?));
            if pid.is_some_and(|pid| test_kill_process(pid).is_err()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_no_longer_cleared_and_all_else_is() {
        let start = || Companion::start(&mut Command::new("true")).unwrap();
        let (companion, other_companion) = (start(), start());
        let companions = [&companion, &other_companion].map(|it| it.0.id());
        let start = || Group::start(&mut Command::new("true")).unwrap();
        let ((mut child, group), (mut other_child, other_group)) = (start(), start());
        let groups = [&group, &other_group].map(|it| it.0);
        let (folder, other) = (Folder::new().unwrap(), Folder::new().unwrap());
        let [path, others] = [&folder, &other].map(|folder| folder.path().to_owned());
        let known = || {
            let left = left();
            let of = |list: &[u32], these: [u32; 2]| these.map(|it| list.contains(&it));
            let folders = [&path, &others].map(|path| left.folders.contains(path));
            [of(&left.companions, companions), of(&left.groups, groups), folders]
        };
        assert_eq!(known(), [[true; 2]; 3]);
        assert!(companion.wait(Duration::from_secs(60)).unwrap().unwrap().success());
        drop((group, folder));
        assert_eq!(known(), [[false, true]; 3]);
        let _ = (child.wait(), other_child.wait());
        assert!(!path.exists() && others.exists());
    }

    #[test]
    fn a_folder_that_nothing_can_be_written_to_is_refused() {
        let folder = Folder::new().unwrap();
        folder.refuse_full().unwrap();
        fs::remove_dir_all(folder.path()).unwrap();
        let error = folder.refuse_full().unwrap_err().to_string();
        assert!(error.ends_with("free some space, or set TMPDIR to another folder"), "{error}");
    }
}
