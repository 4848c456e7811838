//! Long runs: digests first, then the values of the step in which they part; and
//! what is kept of a run that a signal ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;
use torch_parity::trace::Trace;

use crate::common::{outcome, root, stdout, with_signals};
use crate::forked::{python, tanh_parity, tanh_parity_in};

/// A checkout whose `train.py` does `what` after each update, of `model` in epoch
/// `epoch`, counted from 1.
fn checkout(what: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"tanh-parity\"\n").unwrap();
    let twins = folder.path().join("python_ref");
    fs::create_dir(&twins).unwrap();
    for entry in fs::read_dir(root().join("python_ref")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "py") {
            fs::copy(&path, twins.join(path.file_name().unwrap())).unwrap();
        }
    }
    std::os::unix::fs::symlink(root().join("crates"), folder.path().join("crates")).unwrap();
    let train = twins.join("train.py");
    let text = fs::read_to_string(&train).unwrap();
    let text = text.replace("for _ in range(epochs):", "for epoch in range(1, epochs + 1):");
    let step = "        optimizer.step()\n";
    assert_eq!(text.matches(step).count(), 1);
    fs::write(train, text.replace(step, &format!("{step}{what}"))).unwrap();
    folder
}

/// A check in that checkout that is long by its steps.
fn check_in(checkout: &TempDir, flags: &str) -> (i32, String, String) {
    let run = "check train --samples 8 --features 3 --hidden 4 --epochs 1500";
    let args = format!("{run} --activations tanh,relu {flags}");
    outcome(tanh_parity_in(checkout, &args))
}

/// One bit of one parameter in the 1,234th update of the second network.
const LATE: &str = "        if epoch == 1234 and model.activation is ACTIVATIONS['relu']:
            weight = model.fc1.weight.data
            weight[2, 1] = torch.nextafter(weight[2, 1], torch.tensor(9.0))
";

#[test]
fn a_long_check_that_parts_late_names_the_value_as_a_short_one_does() {
    let checkout = checkout(LATE);
    let (code, report, stderr) = check_in(&checkout, "");
    assert_eq!((code, stderr.as_str()), (1, ""), "{report}");
    let place = "first divergence: relu, epoch 1235, ";
    assert!(report.contains(place) && report.ends_with(" apart\n"), "{report}");
    let done = "\ncompared digests first, then the values of epoch 1235: both ran again for that\n";
    assert!(report.contains(done), "{report}");
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");

    // All values at once, as a short check compares them: the same place and values.
    let values = checkout.path().join("python.safetensors");
    let (code, whole, _) = check_in(&checkout, &format!("--trace-python {}", values.display()));
    assert!(code == 1 && !whole.contains("digests"), "{whole}");
    let told = |report: &str| {
        let at = report.find("first divergence").unwrap();
        report[at..].lines().take(4).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told(&report), told(&whole));
    let of_verdict =
        |report: &str| report.lines().find(|line| line.starts_with("verdict")).map(str::to_owned);
    assert_eq!(of_verdict(&report), of_verdict(&whole));
}

#[test]
fn a_run_that_does_not_repeat_itself_stays_diverged_and_is_told_so() {
    let once = "        import pathlib
        if epoch == 1400 and not pathlib.Path('{}').exists():
            pathlib.Path('{}').touch()
            model.fc1.weight.data[0, 0] += 1
";
    let marker = TempDir::new().unwrap();
    let checkout = checkout(&once.replace("{}", marker.path().join("ran").to_str().unwrap()));
    let (code, report, stderr) = check_in(&checkout, "");
    assert_eq!((code, stderr.as_str()), (1, ""), "{report}");
    let said = "\nPython gives other values when it is run again: tanh/001401/forward/logits\n";
    assert!(report.contains(said), "{report}");
    let place = "first divergence: tanh, epoch 1401, forward, logits: different digests";
    assert!(report.contains(place), "{report}");
}

#[test]
fn a_script_is_checked_by_digests_where_that_is_asked_for() {
    let check = |script: &str, flags: &str| {
        let flags = format!("check --script tests/scripts/{script} {flags}");
        outcome(tanh_parity_in(root(), &flags))
    };
    let (code, report, stderr) = check("lesson_plain.py", "--digest");
    assert_eq!((code, stderr.as_str()), (0, ""), "{report}");
    assert!(report.contains("tensors, the same digests\n"), "{report}");
    let place = |report: &str| {
        let at = report.find("first divergence").unwrap();
        report[at..].lines().take(4).collect::<Vec<_>>().join("\n")
    };
    let (by_digests, whole) = (check("wrong_ulp.py", "--digest").1, check("wrong_ulp.py", "").1);
    assert_eq!(place(&by_digests), place(&whole));
    assert!(place(&whole).contains("relu, epoch 31, forward, logits at"), "{whole}");
}

#[test]
fn a_tolerance_with_digests_is_refused_and_both_twins_record_the_same_digests() {
    let folder = TempDir::new().unwrap();
    let [ours, theirs] =
        ["a", "b"].map(|name| folder.path().join(name).with_extension("safetensors"));
    stdout(tanh_parity(&format!("train --epochs 2 --digest --trace {}", ours.display())));
    let mut command = python();
    command.args(["-m", "python_ref.train", "--epochs", "2", "--digest", "--trace"]).arg(&theirs);
    stdout(command);
    let compare = format!("compare {} {}", ours.display(), theirs.display());
    let report = stdout(tanh_parity(&compare));
    assert!(report.contains("verdict: exact: 122 tensors, the same digests\n"), "{report}");
    let (code, report, stderr) = outcome(tanh_parity(&format!("{compare} --atol 1")));
    assert_eq!((code, report.as_str()), (2, ""));
    assert!(stderr.starts_with("error: tolerances need values") && stderr.lines().count() == 1);
    // A check refuses before it runs anything.
    let (code, report, stderr) = outcome(tanh_parity("check --digest --rtol 1e-5"));
    assert_eq!((code, report.as_str()), (2, ""));
    assert!(stderr.contains("'--digest' cannot be used with '--rtol"), "{stderr}");
}

/// Ends a run by a signal once `began` says so; returns its exit status.
fn ended(mut child: Child, signal: &str, began: impl Fn() -> bool) -> Option<i32> {
    for _ in 0..6000 {
        if began() {
            break;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
    let id = child.id().to_string();
    assert!(
        std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success()
    );
    for _ in 0..600 {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    panic!("it goes on a minute after {signal}");
}

/// Whether one of a run's files without a name is larger than this.
fn has_spooled(pid: u32, bytes: u64) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    files.flatten().any(|file| {
        let name = fs::read_link(file.path()).unwrap_or_default();
        let is_spool = name.to_string_lossy().ends_with("(deleted)");
        is_spool && fs::metadata(file.path()).is_ok_and(|metadata| metadata.len() > bytes)
    })
}

fn partial(path: &Path) -> String {
    Trace::read(path).unwrap().about.partial.unwrap()
}

#[test]
fn a_run_that_a_signal_ends_keeps_what_there_was_if_that_is_wanted() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.safetensors");
    let start = |flags: &str| {
        let mut command = with_signals(cargo_bin!("tanh-parity"));
        command.args(["train", "--epochs", "1000000", "--trace"]).arg(&path);
        command.args(flags.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let run = |flags: &str, signal: &str| {
        let child = start(flags);
        let pid = child.id();
        ended(child, signal, || has_spooled(pid, 100_000))
    };
    assert_eq!(run("", "TERM"), None, "by the signal itself");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left");
    for (flags, signal) in [("--keep-partial", "TERM"), ("--keep-partial --digest", "INT")] {
        assert_eq!(run(flags, signal), Some(2));
        assert_eq!(partial(&path), format!("until SIG{signal}"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
    }
}

/// A script that trains on and on, and says when it has begun to.
const ENDLESS: &str = "
import itertools, pathlib, sys, threading, torch
if 'TERM' in sys.argv:  # would keep Python waiting, as it does after INT
    threading.Thread(target=threading.Event().wait).start()
net = torch.nn.Linear(50, 40)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in itertools.count():
    if step == 20:
        pathlib.Path('ready').touch()
    optimizer.zero_grad()
    net(torch.ones(8, 50)).sum().backward()
    optimizer.step()
";

#[test]
fn a_script_that_a_signal_ends_keeps_what_there_was_if_that_is_wanted() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("endless.py");
    fs::write(&script, ENDLESS).unwrap();
    let path: PathBuf = folder.path().join("endless.safetensors");
    let start = |flags: &str, signal: &str| {
        let mut command = with_signals(cargo_bin!("tanh-parity"));
        command.arg("record").args(flags.split_whitespace()).arg(&script).arg(signal);
        command.env("TANH_PARITY_PYTHON", root().join(".venv/bin/python"));
        command.current_dir(&folder).stderr(Stdio::null()).spawn().unwrap()
    };
    // It comes to the program alone, not to its group.
    for (flags, signal) in
        [("", "INT"), ("--keep-partial", "INT"), ("--keep-partial --digest", "TERM")]
    {
        let ready = folder.path().join("ready");
        let child = start(flags, signal);
        assert_eq!(ended(child, signal, || ready.exists()), None, "by the signal itself");
        fs::remove_file(ready).unwrap();
        assert_eq!(path.exists(), !flags.is_empty(), "{flags}");
    }
    assert_eq!(partial(&path), "until SIGTERM");
    assert!(
        Trace::read(&path).unwrap().get("Linear-1", 19, "param", "weight").unwrap().is_digest()
    );
    let copy = folder.path().join("copy.safetensors");
    fs::copy(&path, &copy).unwrap();
    let report = stdout(tanh_parity(&format!("compare {} {}", path.display(), copy.display())));
    assert!(
        report.contains("\nA is partial: until SIGTERM\nB is partial: until SIGTERM\n"),
        "{report}"
    );
}
