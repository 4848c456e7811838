//! Compiles the two libraries with the user's compiler, and keeps them in the user's
//! cache folder: one watcher for each libtorch and each source.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use parity_record::whole;

use super::libtorch::Libtorch;
use crate::python::{Folder, Group, cannot_write};

/// A source file, by its name.
type Source = (&'static str, &'static str);

/// The one that is compiled comes first.
const WATCH: [Source; 8] = [
    ("watch.cpp", include_str!("watch/watch.cpp")),
    ("digest.h", include_str!("watch/digest.h")),
    ("line.h", include_str!("watch/line.h")),
    ("list.h", include_str!("watch/list.h")),
    ("places.h", include_str!("watch/places.h")),
    ("python.h", include_str!("watch/python.h")),
    ("schema.h", include_str!("watch/schema.h")),
    ("value.h", include_str!("watch/value.h")),
];
const START: [Source; 1] = [("start.c", include_str!("start.c"))];

/// The library that waits for libtorch.
pub fn start() -> Result<PathBuf> {
    compiled(
        "start",
        &START,
        "",
        |command| {
            command.args(["-x", "c", "-O2"]);
        },
        &["-ldl"],
    )
}

/// The library that watches this libtorch.
pub fn watch(libtorch: &Libtorch) -> Result<PathBuf> {
    let libraries = &libtorch.libraries;
    // Without NDEBUG, libtorch's headers assert what only its own debug builds hold.
    let flags = |command: &mut Command| {
        command.args(["-std=c++20", "-O2", "-DNDEBUG"]);
        let strings = u8::from(libtorch.has_new_strings());
        command.arg(format!("-D_GLIBCXX_USE_CXX11_ABI={strings}"));
        command.args(libtorch.headers.iter().map(|it| joined("-I", it)));
    };
    let search = joined("-L", libraries).into_string().unwrap_or_default();
    let rpath = joined("-Wl,-rpath,", libraries).into_string().unwrap_or_default();
    let link = [search.as_str(), "-ltorch_cpu", "-lc10", rpath.as_str(), "-ldl"];
    compiled("watch", &WATCH, &libtorch.name, flags, &link)
}

fn joined(flag: &str, path: &Path) -> OsString {
    let mut it = OsString::from(flag);
    it.push(path);
    it
}

/// The library of this name, compiled if it is not there yet.
fn compiled(
    name: &str,
    sources: &[Source],
    made_for: &str,
    flags: impl Fn(&mut Command),
    link: &[&str],
) -> Result<PathBuf> {
    let mut hash = DefaultHasher::new();
    (sources, made_for).hash(&mut hash);
    let folder = cache()?;
    let library = folder.join(format!("parity-{name}-{:016x}.so", hash.finish()));
    if library.is_file() {
        return Ok(library);
    }
    let beside = Folder::new()?;
    let code = beside.path().join(sources[0].0);
    let made = beside.path().join("made.so");
    for (name, text) in sources {
        fs::write(beside.path().join(name), text).with_context(|| cannot_write(beside.path()))?;
    }
    let mut command = compiler();
    flags(&mut command);
    command.args(["-fPIC", "-shared", "-w", "-o"]).arg(&made).arg(&code).args(link);
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let (child, _group) = Group::start(&mut command).map_err(|_| {
        anyhow!("there is no C++ compiler `{program}`: install one, or set CXX to yours")
    })?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let first = errors.lines().find(|it| it.contains("error")).unwrap_or("no message");
        bail!("`{program}` could not compile the watcher: {first}: try a newer compiler (CXX)");
    }
    let keep = || {
        let mut file = whole::beside(&library)?;
        io::copy(&mut File::open(&made)?, &mut file)?;
        whole::replace(&library, file)
    };
    keep().with_context(|| format!("{}: cannot write", library.display()))?;
    Ok(library)
}

/// The user's compiler, with the flags that it may be given in CXX.
fn compiler() -> Command {
    let said = env::var("CXX").ok().filter(|it| !it.trim().is_empty());
    let words = said.and_then(|it| shlex::split(&it)).unwrap_or_else(|| vec!["c++".to_owned()]);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

/// The user's cache folder, made if it is not there.
fn cache() -> Result<PathBuf> {
    let said = env::var_os("XDG_CACHE_HOME").filter(|it| !it.is_empty()).map(PathBuf::from);
    let home = || env::var_os("HOME").map(|it| PathBuf::from(it).join(".cache"));
    let folder =
        said.or_else(home).context("no folder to keep the watcher in: set XDG_CACHE_HOME")?;
    let folder = folder.join("parity");
    fs::create_dir_all(&folder).with_context(|| {
        format!("{}: cannot be made: set XDG_CACHE_HOME to a folder of yours", folder.display())
    })?;
    Ok(folder)
}
