//! What the tests share: the two programs, traces to spoil, and the ladder.
#![allow(dead_code)] // each test file uses a part of it

use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use fastrand::Rng;
use parity::compare::{Options, Verdict, compare};
use tempfile::TempDir;
use torch_parity::nn::Activation;
use torch_parity::trace::Trace;

use crate::forked;

/// Many times what any run here takes: one that hangs fails, and CI goes on.
pub const PATIENCE: Duration = Duration::from_secs(900);

/// The program under test; a failing assertion shows the command and what it
/// printed.
pub fn tanh_parity(args: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tanh-parity"));
    command.args(args.split_whitespace()).timeout(PATIENCE);
    command
}

/// The program under test, run in this folder.
pub fn tanh_parity_in(folder: impl AsRef<Path>, args: &str) -> Command {
    let mut command = tanh_parity(args);
    command.current_dir(folder);
    command
}

/// The project's Python, or another one that `TANH_PARITY_PYTHON` names.
pub fn python() -> Command {
    let own = root().join(".venv/bin/python");
    let named = std::env::var_os("TANH_PARITY_PYTHON").filter(|named| !named.is_empty());
    python_by(named.map_or(own, PathBuf::from))
}

/// This interpreter, run as the project's is.
pub fn python_by(interpreter: impl AsRef<Path>) -> Command {
    let mut command = Command::new(interpreter.as_ref());
    command.current_dir(root()).env("PYTHONDONTWRITEBYTECODE", "1").timeout(PATIENCE);
    command
}

/// Runs a program on a terminal of 24 lines and 80 columns; prints all that it
/// shows and ends as it does.
const TERMINAL: &str = "
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    try:
        shown = os.read(terminal, 65536)
    except OSError:
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// The program under test, run in this folder on a terminal that shows colours.
pub fn on_a_terminal(folder: &TempDir, args: &str) -> Command {
    let mut command = python();
    command.args(["-c", TERMINAL]).arg(tanh_parity("").get_program());
    command.args(args.split_whitespace()).current_dir(folder);
    command.env_remove("NO_COLOR").env("TERM", "xterm");
    command
}

/// A program that signals end, also where they are ignored here: as under nohup, or in a
/// script's background.
pub fn with_signals(program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
    let mut command = std::process::Command::new("env");
    command.arg("--default-signal").arg(program);
    command
}

/// Whether this becomes true within so many seconds.
pub fn within(seconds: u32, is_so: impl Fn() -> bool) -> bool {
    let pause = || std::thread::sleep(Duration::from_millis(10));
    is_so() || (0..100 * seconds).any(|_| (pause(), is_so()).1)
}

/// Whether the process of this number is there and has not ended.
pub fn is_running(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !state.is_empty() && !state.contains(") Z ")
}

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that git has, by its path in the project.
pub fn tracked() -> Vec<String> {
    let mut git = Command::new("git");
    git.args(["-c", "safe.directory=*", "ls-files", "-z"]).current_dir(root());
    let listed = stdout(git);
    // One that is about to be removed is still listed.
    let there = listed.split_terminator('\0').filter(|path| root().join(path).is_file());
    there.map(str::to_owned).collect()
}

/// Cargo's target folder that the program was built in: ports are built there too,
/// since the bindings to libtorch take minutes.
pub fn built() -> PathBuf {
    let binary = Path::new(assert_cmd::cargo::cargo_bin!("tanh-parity"));
    binary.ancestors().nth(2).unwrap().to_owned()
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
    // Of a copy, since what is read stays mapped: tests write to the file itself.
    let copy = folder.path().join("copy.safetensors");
    std::fs::copy(&path, &copy).unwrap();
    let trace = Trace::read(&copy).unwrap();
    (folder, path, trace)
}

/// Every activation, by its name on the command line.
pub fn activations() -> Vec<&'static str> {
    Activation::ALL.iter().map(|(_, name, _)| *name).collect()
}

/// One Python process for many runs, so that PyTorch is imported once.
const MANY: &str = "
import contextlib, importlib, sys
twin = importlib.import_module('python_ref.' + sys.argv[1])
for line in sys.stdin:
    flags, lines = line.strip().split(' > ')
    with open(lines, 'w') as file, contextlib.redirect_stdout(file):
        twin.main(flags.split())
";

/// Runs each line of flags on both sides and compares the complete traces, the
/// printed lines and the CSVs.
pub fn assert_same_bits(experiment: &str, runs: &[String]) {
    let folder = TempDir::new().unwrap();
    let file = |i: usize, name: &str| folder.path().join(format!("{i}-{name}"));
    let flags = |i: usize, side: &str| {
        let [trace, csv] = [".safetensors", ".csv"].map(|end| file(i, &format!("{side}{end}")));
        format!("{} --trace={} --csv={}", runs[i], trace.display(), csv.display())
    };
    let python_line = |i| format!("{} > {}", flags(i, "python"), file(i, "python.txt").display());
    let lines: Vec<_> = (0..runs.len()).map(python_line).collect();
    stdout({
        let mut command = forked::python();
        command.args(["-c", MANY, experiment]).write_stdin(lines.join("\n"));
        command
    });
    for (i, run) in runs.iter().enumerate() {
        let printed = stdout(forked::tanh_parity(&format!("{experiment} {}", flags(i, "rust"))));
        let [rust, python] =
            ["rust", "python"].map(|side| take_trace(&file(i, &format!("{side}.safetensors"))));
        assert!(rust.tensors.len() > 8, "a trace of {experiment} {run} holds a whole run");
        let report = compare(["Rust", "Python"], &rust, &python, &Options::default()).unwrap();
        // The lowest rung that fails is the one to look at.
        for (phase, tally) in report.phases() {
            assert_eq!(tally.tensors, tally.tensors_equal, "{phase} of {run}\n{report}");
        }
        assert_eq!(report.verdict(), Verdict::Exact, "{run}\n{report}");
        let text = |name| std::fs::read_to_string(file(i, name)).unwrap();
        assert_eq!(printed, text("python.txt"), "{run}");
        assert_eq!(text("rust.csv"), text("python.csv"), "{run}");
    }
}

fn take_trace(path: &Path) -> Trace {
    let trace = Trace::read(path).unwrap();
    std::fs::remove_file(path).unwrap(); // the larger ones add up
    trace
}

/// The draws of a test; others with `TANH_PARITY_DRAWS=7`.
pub fn draws() -> Rng {
    let seed = std::env::var("TANH_PARITY_DRAWS").map_or(0, |text| text.parse().unwrap());
    Rng::with_seed(seed)
}

/// At most so many of them, in any order, as a flag takes them.
pub fn several<T: ToString>(rng: &mut Rng, from: impl Into<Vec<T>>, most: usize) -> String {
    let mut from = from.into();
    rng.shuffle(&mut from);
    let drawn: Vec<_> = from[..rng.usize(1..=most)].iter().map(T::to_string).collect();
    drawn.join(",")
}

/// An interpreter whose twins, a copy, are changed by a `sed` command: real PyTorch,
/// with one mistake.
pub fn mistaken_python(real: &Path, folder: &TempDir, mistake: &str) -> String {
    let script = "set -e
        cp -r \"$1/python_ref\" python_ref
        cp -r \"$1/crates/parity/src/recorder\" recorder
        sed -i \"$2\" python_ref/*.py
        ! diff -qr \"$1/python_ref\" python_ref >/dev/null || { echo no such line >&2; exit 3; }";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(root()).arg(mistake);
    stdout({
        command.current_dir(folder);
        command
    });
    let exec = format!("cd {} && exec {}", folder.path().display(), real.display());
    program(folder, "mistaken", &exec)
}

/// A shell script of these lines, given the arguments as `"$@"`.
pub fn program(folder: &TempDir, name: &str, lines: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines} \"$@\"\n")).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// What chooses other kernels than the CPU's best, with other bits.
const OTHER_KERNELS: [&str; 4] =
    ["ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR", "ONEDNN_MAX_CPU_ISA"];

/// Whether numbers here are those of the pages: libtorch's kernels for AVX-512.
#[cfg(target_arch = "x86_64")]
pub fn is_avx512() -> bool {
    let others = OTHER_KERNELS.iter().any(|name| std::env::var_os(name).is_some());
    is_x86_feature_detected!("avx512f") && !others
}

/// Never elsewhere.
#[cfg(not(target_arch = "x86_64"))]
pub fn is_avx512() -> bool {
    false
}

/// Whether also those are that a page marks as AMD's: MKL rounds otherwise there.
pub fn is_amd() -> bool {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    is_avx512() && cpu.contains("AuthenticAMD")
}
