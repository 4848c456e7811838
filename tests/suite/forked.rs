//! The program without its start: it need not load libtorch, nor its Python import PyTorch;
//! that both run as any other.

#[path = "../../crates/parity/tests/live/forks.rs"]
mod forks;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use assert_cmd::Command;
use tempfile::TempDir;

use crate::common::{self, is_running, root, within};

/// The stand-in for the interpreter.
pub fn interpreter() -> &'static Path {
    forks::stand_in(Path::new(common::python().get_program()), root())
}

/// The stand-in for the program: `tests/forked.c` says what is as in a process of its own.
/// It has the program's name, in a folder of its own.
pub fn program() -> &'static Path {
    /// With what forks, which ends as soon as nobody holds its standard input.
    static PROGRAM: OnceLock<(PathBuf, Child)> = OnceLock::new();
    &PROGRAM.get_or_init(start).0
}

fn start() -> (PathBuf, Child) {
    let folder = tempfile::tempdir().unwrap().keep(); // which what forks removes
    let real = assert_cmd::cargo::cargo_bin!("tanh-parity");
    let compiled = |name: &str, flags: &[&str]| {
        let mut compile = Command::new(std::env::var_os("CXX").unwrap_or("c++".into()));
        compile.args(["-x", "c", "-O1", "-o"]).arg(folder.join(name)).args(flags);
        compile.arg(root().join("tests/forked.c")).assert().success();
        folder.join(name)
    };
    std::fs::create_dir(folder.join("bin")).unwrap();
    let [there, program] = [("FOLDER", &*folder), ("PROGRAM", real)]
        .map(|(name, path)| format!("-D{name}={:?}", path.display().to_string()));
    let asks = compiled("bin/tanh-parity", &[&there, &program]);
    let library = compiled("forks.so", &["-DSERVER", "-shared", "-fPIC"]);
    let mut forks = std::process::Command::new(real);
    forks.env("LD_PRELOAD", library).env("FORKED", &folder);
    let mut forks = forks.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(forks.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    (asks, forks)
}

/// The program under test, with the stand-in for Python where it is told of no other.
pub fn tanh_parity(args: &str) -> Command {
    let mut command = Command::new(program());
    command.args(args.split_whitespace()).timeout(common::PATIENCE);
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

/// What one of two says of itself, and how it ends.
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

#[test]
fn the_program_that_is_forked_runs_and_ends_as_the_one_of_its_own() {
    let folder = TempDir::new().unwrap();
    let real = assert_cmd::cargo::cargo_bin!("tanh-parity");
    let script = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("import os, time\n{text}\n")).unwrap();
        path.display().to_string()
    };
    let kills = script("kills.py", "os.kill(os.getppid(), 9)\ntime.sleep(60)"); // TERM comes
    let python = root().join(".venv/bin/python");
    let python = python.to_str().unwrap();
    std::fs::write(folder.path().join("a.csv"), "a,b\n1,2\n").unwrap();
    let csv = folder.path().join("a.csv").display().to_string();
    for args in [
        &["--version"][..],
        &["nosuch"],
        &["compare", "-", &csv],
        &["train", "--epochs", "1", "--trace", "/nowhere/at.all"],
        &["train", "--epochs", "3", "--threads", "2"],
        &["record", "--python", python, &kills],
    ] {
        let [(ours, said), (theirs, wanted)] =
            [program(), real].map(|program| ran(program, args, "a,b\n1,3\n"));
        assert_eq!((ours.status, ours.stdout), (theirs.status, theirs.stdout), "{args:?}: {said}");
        assert_eq!(said, wanted, "{args:?}");
    }
    // Where libtorch would start otherwise, it is one of its own: libgomp tells as it is
    // loaded.
    let mut command = tanh_parity("--version");
    let loaded = command.env("OMP_DISPLAY_ENV", "true").output().unwrap().stderr;
    assert!(String::from_utf8_lossy(&loaded).contains("OPENMP DISPLAY ENVIRONMENT BEGIN"));
    // It ends with who asked.
    let number = folder.path().join("number");
    let waits = script(
        "waits.py",
        "parent = os.getppid()\nopen('n', 'w').write(str(parent))\nos.rename('n', 'number')\n\
         while os.getppid() == parent:\n    time.sleep(0.1)",
    );
    let mut asks = std::process::Command::new(program());
    asks.args(["record", "--python", python, &waits]).current_dir(&folder).stderr(Stdio::null());
    let mut asks = asks.spawn().unwrap();
    assert!(within(60, || number.exists()));
    asks.kill().unwrap();
    asks.wait().unwrap();
    let number = std::fs::read_to_string(number).unwrap();
    assert!(within(10, || !is_running(&number)), "{number} goes on");
}
