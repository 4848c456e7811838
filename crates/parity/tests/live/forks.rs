//! A Python that need not import PyTorch: what it runs is forked from one that has.
//! `tests/forked.py` says what is as in a process of its own. For tests of what a script
//! computes; those of how Python is started, and ends, start a real one.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The stand-in, and what forks, which ends as soon as nobody holds its standard input.
static FORKS: OnceLock<(PathBuf, Child)> = OnceLock::new();

/// The stand-in for this interpreter, one for all tests of a binary.
pub fn stand_in(real: &Path, root: &Path) -> &'static Path {
    &FORKS.get_or_init(|| start(real, &root.join("tests/forked.py"))).0
}

fn start(real: &Path, this: &Path) -> (PathBuf, Child) {
    let folder = tempfile::tempdir().unwrap().keep(); // which Python removes
    let mut forks = Command::new(real);
    forks.arg(this).arg("serve").arg(&folder).env("PYTHONDONTWRITEBYTECODE", "1");
    for variable in ["OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
        forks.env(variable, "1");
    }
    let mut forks = forks.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(forks.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    let [real, this, there] = [real, this, &folder].map(|path| format!("'{}'", path.display()));
    let path = folder.join("python");
    std::fs::write(&path, format!("#!/bin/sh\nexec {real} -I -S {this} {there} \"$@\"\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    (path, forks)
}
