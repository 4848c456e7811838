//! A port outside of this checkout: made by `new`, built, run from anywhere; red
//! at first, exact once it is filled in, red again with a mistake.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use tempfile::TempDir;
use torch_parity::LIBTORCH;

use crate::common::{built, outcome, root, stdout, tanh_parity, tanh_parity_in};
use crate::forked;

struct Port {
    _folder: TempDir,
    path: PathBuf,
}

impl Port {
    /// Made by `new` in a folder with a space, a comma and a letter beyond ASCII.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a port, für tch");
        let mut command = tanh_parity("new");
        command.arg(&path);
        assert!(stdout(command).contains("a port of train.py"));
        Self { _folder: folder, path }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What builds it, in the target folder of the tests.
    fn cargo(&self) -> std::process::Command {
        let mut command = std::process::Command::new("cargo");
        command.args(["build", "--release", "--offline"]).current_dir(&self.path);
        command.env("CARGO_TARGET_DIR", built()).env_remove("LIBTORCH");
        command
    }

    fn build(&self) -> PathBuf {
        stdout(Command::from_std(self.cargo()));
        built().join("release/a-port--f-r-tch")
    }

    fn replace(&self, from: &str, to: &str) {
        let main = self.file("src/main.rs");
        let text = fs::read_to_string(&main).unwrap();
        assert!(text.contains(from), "no {from} in {text}");
        fs::write(main, text.replace(from, to)).unwrap();
    }

    fn check(&self, binary: &Path) -> (i32, String, String) {
        let mut command = forked::tanh_parity("check --script");
        command.arg(self.file("train.py"));
        command.arg("--port").arg(format!("'{}'", binary.display()));
        outcome(command)
    }
}

#[test]
fn new_writes_a_port_of_the_script_it_is_given() {
    let folder = TempDir::new().unwrap();
    let mut command = tanh_parity_in(folder.path(), "new port --script");
    command.arg(root().join("tests/lesson.py"));
    assert!(stdout(command).starts_with("port: a port of lesson.py, not written yet"));
    let port = folder.path().join("port");
    let read = |place: &str| fs::read_to_string(port.join(place)).unwrap();
    let parity = ".github/workflows/parity.yml";
    for place in ["Cargo.toml", "build.rs", "src/main.rs", "Makefile", ".gitignore", parity] {
        let text = read(place);
        for word in ["@NAME@", "@SCRIPT@", "@STEM@", "@TORCH_PARITY@", "@LIBTORCH@", "@TARGET_DIR@"]
        {
            assert!(!text.contains(word), "{place}: {word}");
        }
    }
    assert_eq!(read("lesson.py"), fs::read_to_string(root().join("tests/lesson.py")).unwrap());
    let library = root().join("crates/torch-parity");
    let cargo = read("Cargo.toml");
    assert!(cargo.contains(&format!("torch-parity = {{ path = {library:?} }}\n")), "{cargo}");
    assert!(read(".cargo/config.toml").contains(&format!("LIBTORCH = {LIBTORCH:?}\n")));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing beside it");
}

/// The crate that a line of cargo's says is compiled.
fn compiled(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("Compiling ")?.split(' ').next()
}

/// After `make run` a port needs ours, itself, and the few that it wants with fewer
/// features; the bindings to libtorch, which take minutes, it finds built.
#[test]
fn a_port_compiles_a_handful_of_crates_and_all_of_them_where_its_profile_is_another() {
    let port = Port::new();
    let output = port.cargo().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let crates: Vec<_> = said.lines().filter_map(compiled).collect();
    assert!(crates.contains(&"a-port--f-r-tch"), "{said}");
    assert!(crates.len() <= 12, "{crates:?}");
    assert!(!crates.iter().any(|name| ["torch-sys", "tch"].contains(name)), "{crates:?}");
    let target = format!("target-dir = {:?}", root().join("target"));
    let config = fs::read_to_string(port.file(".cargo/config.toml")).unwrap();
    assert!(config.contains(&target), "{config}");

    let manifest = port.file("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    assert_eq!(text.matches("torch-sys = { opt-level = 1 }").count(), 1, "{text}");
    fs::write(&manifest, text.replace("torch-sys = { opt-level = 1 }", "")).unwrap();
    // That it begins is enough.
    let mut cargo = port.cargo();
    let mut cargo = cargo.stderr(Stdio::piped()).process_group(0).spawn().unwrap();
    let lines = BufReader::new(cargo.stderr.take().unwrap()).lines().map_while(Result::ok);
    let bindings = lines.into_iter().find(|line| compiled(line) == Some("torch-sys"));
    let group = format!("-{}", cargo.id());
    std::process::Command::new("kill").args(["-TERM", "--", &group]).status().unwrap();
    cargo.wait().unwrap();
    assert!(bindings.is_some());
}

#[test]
fn a_port_made_by_new_is_red_then_exact_then_red_with_a_mistake() {
    let port = Port::new();
    let binary = port.build();

    // It runs from anywhere, with nothing set, and leaves nothing.
    let mut alone = Command::new(&binary);
    alone.current_dir("/").env_clear();
    assert_eq!(outcome(alone), (0, String::new(), String::new()));

    let (code, report, stderr) = port.check(&binary);
    assert_eq!(code, 1, "{report}{stderr}");
    let place = "first divergence: Model-1, step 1, forward, logits at";
    assert!(report.contains(place), "{report}");

    port.replace(".relu()", ".tanh()");
    let (code, report, stderr) = port.check(&port.build());
    assert_eq!((code, stderr.as_str()), (0, ""), "{report}");
    assert!(report.contains("verdict: exact: 906 tensors"), "{report}");

    port.replace("Linear::new(64, 2)", "Linear::new(63, 2)");
    let (code, _, stderr) = port.check(&port.build());
    let told = "mat1 and mat2 shapes cannot be multiplied (512x64 and 63x2)";
    assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
    assert!(stderr.trim_end().ends_with(&format!("failed (exit status: 101): {told}")), "{stderr}");
    port.replace("Linear::new(63, 2)", "Linear::new(64, 2)");

    port.replace("1e-3", "1.0001e-3");
    let (code, report, _) = port.check(&port.build());
    assert_eq!(code, 1, "{report}");
    assert!(report.contains("first divergence: Model-1, step 1, param, fc1."), "{report}");
}

#[test]
fn a_port_that_leaves_no_record_and_a_folder_that_is_there_are_trouble() {
    let folder = TempDir::new().unwrap();
    let script = root().join("tests/lesson.py");
    let run = |port: &str| {
        let mut command = tanh_parity("check --script");
        command.arg(&script).arg("--port").arg(port);
        outcome(command)
    };
    for (port, words) in [
        ("true", "true left no record: let it record with"),
        ("false", "false failed (exit status: 1)"),
        ("no-such-program", "cannot start no-such-program"),
        ("'", "--port ': close the quotes"),
    ] {
        let (code, stdout, stderr) = run(port);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        assert!(stderr.contains(words), "{port}: {stderr}");
    }
    let new = |name: &str| {
        let mut command = tanh_parity("new");
        command.arg(folder.path().join(name));
        outcome(command)
    };
    fs::create_dir(folder.path().join("there")).unwrap();
    assert!(new("there").2.contains("is there already: name a new folder"));
    assert!(new("42").2.contains("begin the folder's name with a letter"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}
