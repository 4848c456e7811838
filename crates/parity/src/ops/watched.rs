//! Runs a command with the libraries loaded, and answers when it asks for a watcher.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::compile;
use super::libtorch::Libtorch;
use super::program::{cannot_start, unseen};
use crate::python::{Folder, Group, cannot_write};

/// Where a program that failed tells why.
const ABOVE: &str = ": mend what it says above";

/// Which operations are recorded.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// At most so many.
    pub first: u64,
    /// Those of these steps; a step begins with a backward pass.
    pub steps: Range<usize>,
}

impl Bounds {
    /// All of them.
    pub const ALL: Self = Self { first: u64::MAX, steps: 0..usize::MAX };
}

/// Runs `command`, which is to end within `timeout`, and writes a line for each operation
/// that it calls to `list`; returns how it ended.
pub fn watched(
    mut command: Command,
    bounds: &Bounds,
    timeout: Duration,
    list: &Path,
) -> Result<ExitStatus> {
    let name = command.get_program().to_string_lossy().into_owned();
    let start = compile::start()?;
    let folder = Folder::new()?;
    let socket = folder.path().join("ask");
    let listener = UnixListener::bind(&socket).context("no socket for the watcher")?;
    listener.set_nonblocking(true)?;
    let before = std::env::var_os("LD_PRELOAD").unwrap_or_default();
    command.env("LD_PRELOAD", preload(start, &before)).env("PARITY_WATCH_PRELOAD", &before);
    command.env("PARITY_WATCH_SOCKET", &socket).env("PARITY_WATCH_LIST", absolute(list)?);
    let Bounds { first, steps: Range { start, end } } = bounds;
    command.env("PARITY_WATCH_BOUNDS", format!("{first},{start},{end}"));
    let (mut child, _group) = Group::start(&mut command)
        .with_context(|| unseen(&name).unwrap_or_else(|| cannot_start(&name)))?;
    let began = Instant::now();
    let mut trouble = None;
    let mut asked = false;
    let status = loop {
        if let Ok((stream, _)) = listener.accept() {
            asked = true;
            trouble = answer(&stream).err().or(trouble);
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if began.elapsed() > timeout {
            bail!("`{name}` did not finish within {} s: raise --timeout", timeout.as_secs());
        }
        sleep(Duration::from_millis(10));
    };
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if !asked {
        if let Some(why) = unseen(&name) {
            bail!(why);
        }
        ensure!(status.success(), "`{name}` ended ({status}) before it loaded libtorch{ABOVE}");
        bail!(
            "`{name}` ended ({status}) and loaded no libtorch_cpu.so: the program must run here, \
             not in a container, keep LD_PRELOAD, and be linked to libtorch's shared libraries"
        );
    }
    if !list.is_file() {
        let above = if status.success() { "" } else { ABOVE };
        bail!("`{name}` ended ({status}) and called no operation of libtorch{above}");
    }
    let folder = list.parent().unwrap_or(list);
    ensure!(!is_cut_short(list)?, "{}, or bound the list by --first", cannot_write(folder));
    Ok(status)
}

/// Whether the disk was full: a list that ends otherwise has zeros behind it, or a last line.
fn is_cut_short(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(32);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let last = tail.strip_suffix(b"\n").and_then(|it| it.rsplit(|&byte| byte == b'\n').next());
    Ok(tail.last() != Some(&0) && !last.is_some_and(|it| it.starts_with(b"end\t")))
}

/// The watcher for the libtorch that the program says it loads; none, and why.
fn answer(stream: &UnixStream) -> Result<()> {
    stream.set_nonblocking(false)?;
    let mut folder = String::new();
    BufReader::new(stream).read_line(&mut folder)?;
    let libtorch = Libtorch::in_folder(Path::new(folder.trim_end()))?;
    let watcher = compile::watch(&libtorch)?;
    { stream }.write_all(watcher.as_os_str().as_encoded_bytes())?;
    Ok(())
}

fn preload(start: PathBuf, before: &OsStr) -> OsString {
    let mut all = start.into_os_string();
    if !before.is_empty() {
        all.push(":");
        all.push(before);
    }
    all
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| path.display().to_string())
}
