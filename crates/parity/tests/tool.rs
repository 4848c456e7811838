//! The program from outside: what it loads, what it costs, which Python it takes, and
//! that a script and its port are recorded and compared.

mod live;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PARITY: &str = env!("CARGO_BIN_EXE_parity");

/// Trains one layer for three steps; its first argument is the learning rate.
const SCRIPT: &str = "
import sys
import torch
torch.manual_seed(0)
x, y = torch.randn(8, 3), torch.ones(8, 1)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=float(sys.argv[1]))
for _ in range(3):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
";

fn parity(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(PARITY);
    command.args(args).current_dir(folder).env("TANH_PARITY_PYTHON", live::forked());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Two tables of one line each.
fn tables() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, cell) in [("a.csv", 1), ("b.csv", 1), ("c.csv", 2)] {
        fs::write(folder.path().join(name), format!("x\n{cell}\n")).unwrap();
    }
    folder
}

#[test]
fn a_flag_that_record_does_not_have_is_named() {
    let folder = TempDir::new().unwrap();
    let output = parity(folder.path(), &["record", "--step", "3", "train.py"]);
    let said = "error: record has no flag --step: record --help lists those it has\n";
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), (said, Some(2)));
    // A module is looked for in the current folder, too.
    fs::write(folder.path().join("odd.py"), "raise SystemExit(4)").unwrap();
    let output = parity(folder.path(), &["record", "-m", "odd", "--step", "3"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    // A file may be called so.
    fs::write(folder.path().join("-odd.py"), "raise SystemExit(5)").unwrap();
    let output = parity(folder.path(), &["record", "--", "-odd.py"]);
    assert!(!text(&output.stderr).contains("no flag"), "{}", text(&output.stderr));
}

#[test]
fn a_word_that_is_no_text_is_refused_as_any_other() {
    let odd = std::ffi::OsStr::from_bytes(b"a\xff");
    let output = Command::new(PARITY).args(["compare", "a", "b"]).arg(odd).output().unwrap();
    let said = "error: unexpected argument 'a\u{fffd}' found: see --help\n";
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), (said, Some(2)));
}

#[test]
fn outside_of_a_checkout_a_missing_python_is_not_sent_to_make() {
    let folder = TempDir::new().unwrap();
    let args = ["record", "--python", "/no/python", "train.py"];
    let said = "error: no Python at /no/python: activate the environment that has PyTorch, or \
                name its Python with --python\n";
    assert_eq!(text(&parity(folder.path(), &args).stderr), said);
}

#[test]
fn it_loads_no_libtorch_and_none_of_its_crates_does() {
    let loaded = text(&Command::new("ldd").arg(PARITY).output().unwrap().stdout);
    assert!(loaded.contains("libc.so"), "{loaded}");
    assert!(!loaded.contains("torch") && !loaded.contains("libc10"), "{loaded}");
    let tree = |package: &str| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["tree", "--offline", "-e", "normal", "--prefix", "none", "-p", package]);
        let tree = text(&cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap().stdout);
        tree.lines().any(|line| line.starts_with("tch ") || line.starts_with("torch-sys "))
    };
    assert!(tree("torch-parity"), "so it would be seen");
    assert!(!tree("parity") && !tree("parity-record"));
}

#[test]
fn comparing_two_tiny_files_takes_20_ms_and_20_mb_at_most() {
    let folder = tables();
    let one = || {
        let mut command = Command::new(PARITY);
        let start = Instant::now();
        let status =
            command.args(["-q", "compare", "a.csv", "b.csv"]).current_dir(&folder).status();
        assert!(status.unwrap().success());
        start.elapsed()
    };
    // The best of many, since other tests run meanwhile.
    let best = (0..50).map(|_| one()).min().unwrap();
    assert!(best <= Duration::from_millis(20), "{best:?}");
    // Within a limit, which holds.
    let limited = |kilobytes: u32| {
        let script = format!("ulimit -d {kilobytes}; exec \"$0\" -q compare a.csv b.csv");
        let output = Command::new("sh").args(["-c", &script, PARITY]).current_dir(&folder).output();
        output.unwrap().status.code()
    };
    assert_eq!(limited(20_000), Some(0));
    assert_ne!(limited(100), Some(0));
}

#[test]
fn the_help_begins_with_what_it_is_and_the_exit_status_tells_the_verdict() {
    let folder = tables();
    let help = text(&parity(folder.path(), &["--help"]).stdout);
    assert!(help.starts_with("Records a PyTorch script and its port, and names the first"));
    for (files, code) in [(["a.csv", "b.csv"], 0), (["a.csv", "c.csv"], 1), (["a.csv", "no"], 2)] {
        let output = parity(folder.path(), &["compare", files[0], files[1]]);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    }
    let none = parity(folder.path(), &[]);
    let error = "error: no command: try `parity record`, or `parity --help`\n";
    assert_eq!((text(&none.stderr).as_str(), none.status.code()), (error, Some(2)));
    let json = text(&parity(folder.path(), &["compare", "a.csv", "b.csv", "--format=json"]).stdout);
    assert!(json.contains(concat!("\"program\": \"parity ", env!("CARGO_PKG_VERSION"), "\"")));
}

#[test]
fn the_environments_python_is_taken_where_none_is_named() {
    let folder = TempDir::new().unwrap();
    let bin = folder.path().join("venv/bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(bin.join("python"), "#!/bin/sh\necho that of the environment\n").unwrap();
    fs::set_permissions(bin.join("python"), fs::Permissions::from_mode(0o755)).unwrap();
    let record = |venv: &Path| {
        let mut command = Command::new(PARITY);
        command.args(["record", "train.py"]).env_remove("TANH_PARITY_PYTHON");
        command.current_dir(&folder).env("VIRTUAL_ENV", venv).output().unwrap()
    };
    let taken = record(&folder.path().join("venv"));
    assert_eq!(text(&taken.stdout), "that of the environment\n");
    // An environment that is gone: the python3 on the PATH finds no script.
    let other = record(&folder.path().join("gone"));
    assert!(!other.status.success() && text(&other.stdout).is_empty(), "{other:?}");
}

#[test]
fn a_script_is_recorded_and_its_port_compared() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("train.py"), SCRIPT).unwrap();
    for (name, lr) in [("same", "0.01"), ("other", "0.02")] {
        let trace = format!("--trace={name}.safetensors");
        let output = parity(folder.path(), &["record", &trace, "train.py", lr]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    // A port that leaves what it is to leave, and one that does not.
    for (name, code, words) in [
        ("same", 0, "verdict: exact: "),
        ("other", 1, "first divergence: Linear-1, step 1, param, weight"),
    ] {
        let port = format!("sh -c 'cp {name}.safetensors \"$TORCH_PARITY_TRACE\"'");
        let args = ["check", "--script=train.py", "--port", &port, "--", "0.01"];
        let output = parity(folder.path(), &args);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{said}{}", text(&output.stderr));
        assert!(said.contains(words), "{said}");
        assert_eq!(said.contains("\nwhich operation, and which line: parity why "), code == 1);
    }
    let output = parity(folder.path(), &["check", "--script=train.py", "--port=./not-there"]);
    let error = text(&output.stderr);
    assert!(error.starts_with("error: ") && output.status.code() == Some(2), "{error}");
}

#[test]
fn a_check_that_diverges_says_how_to_ask_why_and_asks_where_it_is_to() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("train.py"), SCRIPT).unwrap();
    let python = live::forked().display().to_string();
    let output = parity(folder.path(), &["record", "--trace=o.safetensors", "train.py", "0.02"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    // A port that records, and when it is watched computes.
    let port = format!(
        "sh -c 'test -z \"$TORCH_PARITY_TRACE\" || cp o.safetensors \"$TORCH_PARITY_TRACE\"; \
         exec \"$0\" train.py 0.02' \"{python}\""
    );
    let args = ["check", "--why", "--script=train.py", "--script-args=0.01", "--port", &port];
    let output = parity(folder.path(), &args);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    let (_, why) = said.split_once("\nwhich operation, and which line: ").expect(&said);
    // What is to be typed does the same.
    let line = why.lines().next().unwrap();
    let typed = Command::new("sh")
        .args(["-c", &line.replacen("parity", "exec \"$0\"", 1), PARITY])
        .env("TANH_PARITY_PYTHON", live::forked())
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(typed.status.code(), Some(1), "{line}\n{}", text(&typed.stderr));
    let report = why.split_once("\n\n").unwrap().1;
    assert_eq!(report, text(&typed.stdout), "{line}");
    for words in ["train.py:11\n", "| optimizer.step()", "what differs: value: "] {
        assert!(report.contains(words), "{words}: {report}");
    }
}
