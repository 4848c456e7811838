//! What a run leaves while it goes on, its folder and its Python, and how that is
//! cleared, however the run ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tempfile::TempDir;

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

/// Clears everything on INT, TERM and HUP, then ends as the signal would have.
fn clear_on_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        let wait = move || {
            for signal in signals.forever() {
                let left = left();
                if signal == SIGTERM {
                    left.companions.iter().for_each(|&process| end(process));
                }
                clear(&left);
                let _ = emulate_default_handler(signal);
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
    /// The group that the process of this number leads.
    pub fn new(leader: u32) -> Self {
        clear_on_signals();
        left().groups.push(leader);
        Self(leader)
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

/// Asks a process to end, as we were asked to.
fn end(process: u32) {
    if let Some(process) = Pid::from_raw(process as i32) {
        let _ = kill_process(process, Signal::TERM);
    }
}

/// A process in our own group, which a terminal's signals reach too. TERM may come
/// to us alone, and is passed on.
#[derive(Debug)]
pub struct Companion(u32);

impl Companion {
    /// The process of this number.
    pub fn new(process: u32) -> Self {
        clear_on_signals();
        left().companions.push(process);
        Self(process)
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        left().companions.retain(|&process| process != self.0);
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

    /// Of processes that are not there.
    #[test]
    fn what_is_done_is_no_longer_cleared_and_all_else_is() {
        let [first, second] = [i32::MAX as u32, i32::MAX as u32 - 1];
        let (companion, _other) = (Companion::new(first), Companion::new(second));
        let (group, _other) = (Group::new(first), Group::new(second));
        let (folder, other) = (Folder::new().unwrap(), Folder::new().unwrap());
        let [path, others] = [&folder, &other].map(|folder| folder.path().to_owned());
        let known = || {
            let left = left();
            let of = |list: &[u32]| [first, second].map(|number| list.contains(&number));
            let folders = [&path, &others].map(|path| left.folders.contains(path));
            [of(&left.companions), of(&left.groups), folders]
        };
        assert_eq!(known(), [[true; 2]; 3]);
        drop((companion, group, folder));
        assert_eq!(known(), [[false, true]; 3]);
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
