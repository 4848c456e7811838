//! What the tests share: the two programs, and traces to spoil.
#![allow(dead_code)] // each test file uses a part of it

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tanh_parity::parity::{self, Verdict};
use tanh_parity::trace::Trace;
use tempfile::TempDir;

/// The program under test; a failing assertion shows the command and what it
/// printed.
pub fn tanh_parity(args: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tanh-parity"));
    command.args(args.split_whitespace());
    command
}

/// The project's Python.
pub fn python() -> Command {
    let mut command = Command::new(root().join(".venv/bin/python"));
    command.current_dir(root()).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a successful run printed.
pub fn stdout(mut command: Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// Exit status, standard output and standard error of any run.
pub fn outcome(mut command: Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A small run's trace, in a folder of its own: two epochs of two activations.
pub fn small_trace() -> (TempDir, PathBuf, Trace) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.safetensors");
    let flags =
        "train --samples 8 --features 3 --hidden 4 --epochs 2 --activations tanh,relu --trace";
    stdout({
        let mut command = tanh_parity(flags);
        command.arg(&path);
        command
    });
    let trace = Trace::read(&path).unwrap();
    (folder, path, trace)
}

/// One Python process for many runs, so that PyTorch is imported once.
const MANY: &str = "
import contextlib, importlib, io, sys
for line in sys.stdin:
    name, *flags = line.split()
    with contextlib.redirect_stdout(io.StringIO()):
        importlib.import_module(f'python_ref.{name}').main(flags)
";

/// Runs an experiment with each line of flags on both sides and compares the
/// complete traces.
pub fn assert_same_bits(experiment: &str, runs: &[String]) {
    let folder = TempDir::new().unwrap();
    let file = |side: &str, i: usize| folder.path().join(format!("{side}-{i}.safetensors"));
    let traced = |side: &str, i: usize| {
        format!("{experiment} {} --trace={}", runs[i], file(side, i).display())
    };
    let lines: Vec<_> = (0..runs.len()).map(|i| traced("python", i)).collect();
    stdout({
        let mut command = python();
        command.args(["-c", MANY]).write_stdin(lines.join("\n"));
        command
    });
    for (i, run) in runs.iter().enumerate() {
        stdout(tanh_parity(&traced("rust", i)));
        let [rust, python] = [file("rust", i), file("python", i)].map(|path| read(&path));
        assert!(rust.tensors.len() > 20, "a trace of {run} holds a whole run");
        let report = parity::compare(["Rust", "Python"], &rust, &python, None);
        // The lowest rung that fails is the one to look at.
        for (phase, tally) in &report.phases {
            assert_eq!(tally.tensors, tally.tensors_equal, "{phase} of {run}\n{report}");
        }
        assert_eq!(report.verdict(), Verdict::Exact, "{run}\n{report}");
    }
}

fn read(path: &Path) -> Trace {
    let trace = Trace::read(path).unwrap();
    std::fs::remove_file(path).unwrap(); // the larger ones add up
    trace
}

/// A stand-in for the interpreter that first changes the unpacked twin by a
/// `sed` command, then runs it: real PyTorch, with one mistake.
pub fn mistaken_python(folder: &TempDir, mistake: &str) -> String {
    let path = folder.path().join("mistaken");
    let script = format!(
        "#!/bin/sh\ncat python_ref/*.py >before\nsed -i '{mistake}' python_ref/*.py\n\
         cat python_ref/*.py | cmp -s - before && {{ echo no such line >&2; exit 3; }}\n\
         exec {} \"$@\"\n",
        root().join(".venv/bin/python").display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path.display().to_string()
}
