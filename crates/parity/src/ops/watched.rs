//! Runs a command with the libraries loaded, and answers when it asks for a watcher.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::compile;
use super::libtorch::Libtorch;
use super::program::unseen;

/// Which operations are recorded.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// At most so many.
    pub first: u64,
    /// From this step on; a step begins with a backward pass.
    pub from: u64,
    /// Up to before this one.
    pub to: u64,
}

impl Bounds {
    /// All of them.
    pub const ALL: Self = Self { first: u64::MAX, from: 0, to: u64::MAX };
}

/// How the command ended.
pub struct Ended {
    /// Its status.
    pub status: ExitStatus,
}

/// Runs `command`, and writes a line for each operation that it calls to `list`.
pub fn watched(mut command: Command, bounds: Bounds, list: &Path) -> Result<Ended> {
    let name = command.get_program().to_string_lossy().into_owned();
    let start = compile::start()?;
    let beside = tempfile::tempdir().context("no folder for a socket")?;
    let socket = beside.path().join("ask");
    let listener = UnixListener::bind(&socket).context("no socket for the watcher")?;
    listener.set_nonblocking(true)?;
    let before = std::env::var_os("LD_PRELOAD").unwrap_or_default();
    command.env("LD_PRELOAD", preload(start, &before)).env("PARITY_WATCH_PRELOAD", &before);
    command.env("PARITY_WATCH_SOCKET", &socket).env("PARITY_WATCH_LIST", absolute(list)?);
    let Bounds { first, from, to } = bounds;
    command.env("PARITY_WATCH_BOUNDS", format!("{first},{from},{to}"));
    let mut child = command
        .spawn()
        .with_context(|| unseen(&name).unwrap_or_else(|| format!("`{name}` cannot be run")))?;
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
        sleep(Duration::from_millis(10));
    };
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if !asked {
        if let Some(why) = unseen(&name) {
            bail!(why);
        }
        bail!(
            "`{name}` ended ({status}) and loaded no libtorch_cpu.so: the program must run here, \
             not in a container, keep LD_PRELOAD, and be linked to libtorch's shared libraries"
        );
    }
    if !list.is_file() {
        bail!("`{name}` ended ({status}) and called no operation of libtorch");
    }
    Ok(Ended { status })
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
