//! The program, with a Python that need not import PyTorch; that it runs as any other.

#[path = "../../crates/parity/tests/live/forks.rs"]
mod forks;

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

use crate::common::{self, root};

/// The stand-in for the interpreter.
pub fn interpreter() -> &'static Path {
    forks::stand_in(Path::new(common::python().get_program()), root())
}

/// The program under test, with this Python where it is told of no other.
pub fn tanh_parity(args: &str) -> Command {
    let mut command = common::tanh_parity(args);
    command.env("TANH_PARITY_PYTHON", interpreter());
    command
}

/// The same, run in this folder.
pub fn tanh_parity_in(folder: impl AsRef<Path>, args: &str) -> Command {
    let mut command = tanh_parity(args);
    command.current_dir(folder);
    command
}

/// The project's Python, run as [`common::python`] is.
pub fn python() -> Command {
    common::python_by(interpreter())
}

/// What one of the two says of itself, and how it ends.
fn ran(program: &Path, args: &[&str], input: &str) -> (std::process::Output, String) {
    let mut command = Command::new(program);
    command.args(args).current_dir(root().join("tests")).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.env("PYTHONPATH", "/p").write_stdin(input).output().unwrap();
    let last = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("").to_owned();
    (output, last)
}

#[test]
fn what_is_forked_runs_and_ends_as_with_an_interpreter_of_its_own() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("script.py");
    let of_it = "import os, sys\nprint(sys.argv, sys.path[:2], __name__, os.getcwd(), input())\n";
    std::fs::write(&script, format!("{of_it}print(__file__)\nsys.exit('no')\n")).unwrap();
    std::fs::write(folder.path().join("__main__.py"), of_it).unwrap();
    let own = [&script, folder.path()].map(|path| path.display().to_string());
    let real = root().join(".venv/bin/python");
    for args in [
        &["-c", of_it, "a", "b"][..],
        &["-c", "import random; print(1 / 0)"],
        &["-c", "import sys; sys.exit(3)"],
        &["-c", "import os; os._exit(4)"],
        &["-c", "import os; os.kill(os.getpid(), 9)"],
        &["-c", "import os; print(os.getpgrp() != os.getpid() and os.environ['PYTHONPATH'])"],
        &["-c", "import atexit; atexit.register(print, 'at the end')"],
        &["-m", "nosuch"],
        &["-m", "base64", "-t"],
        &[&own[0], "--flag"],
        &[&own[1], "--flag"],
        &["-I", "-c", "import sys; print(sys.flags.isolated)"],
    ] {
        let [(ours, last), (theirs, wanted)] =
            [interpreter(), &real].map(|program| ran(program, args, "a line\n"));
        assert_eq!((ours.status, ours.stdout), (theirs.status, theirs.stdout), "{args:?}: {last}");
        assert_eq!(last, wanted, "{args:?}");
    }
    // Where it could not be as in a process of its own, it is one.
    let threads = "import sys; print('torch' in sys.modules)";
    let told = |variable, value| {
        let mut command = Command::new(interpreter());
        command.args(["-c", threads]).env(variable, value);
        common::stdout(command)
    };
    assert_eq!(told("OMP_NUM_THREADS", "1"), "True\n");
    assert_eq!(told("OMP_NUM_THREADS", "2"), "False\n");
    assert_eq!(told("ATEN_CPU_CAPABILITY", "default"), "False\n");
}
