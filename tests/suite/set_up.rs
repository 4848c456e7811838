//! `make setup` and the targets that begin with it: what is whole is left
//! alone, what can be mended is mended, what cannot is one line on stderr.
//!
//! PyTorch is the real one of this project's `.venv`. Two tests make real
//! environments that reuse it. In the others shell scripts around the real
//! interpreter answer for what takes seconds: venv, pip, the import of PyTorch.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The project's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The project's interpreter, which has PyTorch.
fn real() -> String {
    root().join(".venv/bin/python").display().to_string()
}

/// A checkout with all that set-up reads.
struct Checkout {
    path: PathBuf,
    _folder: TempDir, // gone when dropped
}

impl Checkout {
    fn new(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().canonicalize().unwrap().join(name);
        fs::create_dir_all(path.join("python_ref")).unwrap();
        for file in ["setup.sh", "requirements.txt", "constraints.txt"] {
            let file = Path::new("python_ref").join(file);
            fs::copy(root().join(&file), path.join(&file)).unwrap();
        }
        fs::copy(root().join("Makefile"), path.join("Makefile")).unwrap();
        Self { path, _folder: folder }
    }

    /// The same with a whole `.venv`, made by stand-ins: a link to PyTorch, and
    /// the notes of set-up.
    fn ready() -> Self {
        let checkout = Self::new("ready");
        let python = checkout.stand_in("python", &[]);
        assert_eq!(checkout.make("setup", &[("PYTHON", &python)]).code, 0);
        checkout
    }

    fn moved(self) -> Self {
        let path = self.path.with_file_name("moved");
        fs::rename(&self.path, &path).unwrap();
        Self { path, ..self }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    fn script(&self, name: &str, text: &str) -> String {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// The real interpreter, but for calls with one of these words and for what
    /// takes seconds: it makes a `.venv/bin/python` that notes each call of pip
    /// in `pip.log`, installs nothing, and says where the real PyTorch is.
    fn stand_in(&self, name: &str, cases: &[(&str, &str)]) -> String {
        let cases = cases.iter().map(|(call, answer)| format!("*'{call}'*) {answer};;\n"));
        let cases = cases.collect::<Vec<_>>().concat();
        let real = real();
        let torch = root().join(".venv/libtorch").canonicalize().unwrap();
        let within = format!(
            "case \"$*\" in\n{cases}\
             *'import os, torch'*) echo 2.13.0 {torch};;\n\
             *'-m venv'*|*'-m pip --version'*) ;;\n\
             *getsitepackages*) echo .venv;;\n\
             *_base_executable*) echo {outside};;\n\
             *--no-index*) exit 1;;\n\
             *'-m pip'*) echo \"$@\" >>pip.log;;\n\
             *) exec {real} \"$@\";;\nesac\n",
            torch = torch.display(),
            outside = self.file(name).display()
        );
        let within = self.script(&format!("{name}-within"), &within);
        let text = format!(
            "case \"$*\" in\n{cases}\
             *'import torch'*) echo 2.13.0;;\n\
             *'-m venv'*) rm -rf .venv; mkdir -p .venv/bin; cp {within} .venv/bin/python;;\n\
             *) exec {real} \"$@\";;\nesac\n"
        );
        self.script(name, &text)
    }

    /// A program here, with these variables and none of ours.
    fn command(&self, program: &str, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.path);
        for (name, _) in std::env::vars() {
            let ours = ["LIBTORCH", "PIP_", "CARGO", "PYTHON", "REUSE", "MAKE", "MFLAGS"];
            if ours.iter().any(|start| name.starts_with(start)) {
                command.env_remove(name);
            }
        }
        command.envs(variables.iter().copied());
        command
    }

    fn make(&self, arguments: &str, variables: &[(&str, &str)]) -> Outcome {
        let mut command = self.command("make", variables);
        let output = command.args(arguments.split_whitespace()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let stderr = text(output.stderr);
        // make itself adds a line on what failed.
        let lines = stderr.split_inclusive('\n').filter(|line| !line.starts_with("make: ***"));
        Outcome {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: lines.collect(),
        }
    }

    fn wait_for(&self, name: &str) {
        let start = Instant::now();
        while !self.file(name).exists() {
            assert!(start.elapsed() < Duration::from_secs(30), "{name} was never there");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn assert_trouble(&self, arguments: &str, variables: &[(&str, &str)], words: &str) {
        let Outcome { code, stdout, stderr } = self.make(arguments, variables);
        assert_eq!((code, stdout.as_str()), (2, ""), "{variables:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "one line, not\n{stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains(words),
            "no {words:?} in {stderr}"
        );
    }

    fn assert_nothing_to_do(&self, variables: &[(&str, &str)]) {
        let before = self.read(".venv/ready");
        let outcome = self.make("setup", variables);
        assert_eq!(outcome, Outcome { code: 0, stdout: String::new(), stderr: String::new() });
        assert_eq!(self.read(".venv/ready"), before);
    }

    fn assert_makes(&self, variables: &[(&str, &str)]) -> String {
        let outcome = self.make("setup", variables);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        assert!(self.file(".venv/libtorch/lib/libtorch_cpu.so").exists());
        self.assert_nothing_to_do(&[]);
        outcome.stderr
    }
}

#[derive(Debug, PartialEq)]
struct Outcome {
    code: i32,
    stdout: String,
    stderr: String,
}

/// PATH with a folder of stand-ins in front.
fn path_with(folder: &Path) -> String {
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn set_up_says_in_one_line_what_is_missing() {
    let checkout = Checkout::new("bare");
    let real = real();
    let lacking = |name: &str, what: &str| checkout.stand_in(name, &[(what, "exit 1")]);
    let old = lacking("old", "version_info");
    let no_venv = lacking("no-venv", "ensurepip");
    let other_torch = checkout.stand_in("other", &[("import torch", "echo 2.12.0")]);
    let folder = checkout.path.display().to_string();
    for (set, words) in [
        ("PYTHON=/no/python", "no interpreter /no/python: install Python 3.10"),
        (&format!("PYTHON={old}"), "Python 3.10 or newer is needed"),
        (&format!("PYTHON={no_venv}"), "install its venv module"),
        (&format!("PYTHON={real} CXX=/no/c++"), "no C++ compiler /no/c++: install one"),
        (&format!("REUSE={other_torch}"), "has PyTorch 2.12.0, 2.13.0 is needed"),
        ("REUSE=/no/python", "no interpreter /no/python: REUSE=... must name a Python"),
        (&format!("REUSE={folder}"), "is a folder: name the interpreter in it"),
        (&format!("PYTHON={folder}"), "is a folder: name the interpreter in it"),
        ("PYTHON=/bin/true", "/bin/true does not start as a Python does: install"),
        ("PYTHON=/etc/passwd", "no interpreter /etc/passwd"),
        (&format!("PYTHON={real} REUSE={real}"), "PYTHON and REUSE are both set"),
    ] {
        checkout.assert_trouble(&format!("setup {set}"), &[], words);
        assert!(!checkout.file(".venv").exists());
    }
}

#[test]
fn a_system_or_a_folder_where_it_cannot_work_is_one_line() {
    let checkout = Checkout::new("bare");
    checkout.script("mac/uname", "echo Darwin\n");
    let path = path_with(&checkout.file("mac"));
    checkout.assert_trouble("setup", &[("PATH", &path)], "this is Darwin, only Linux is supported");
    Checkout::new("a:b").assert_trouble("setup", &[], "rename the folder");
}

#[test]
fn variables_that_would_lead_to_another_libtorch_are_named() {
    let checkout = Checkout::ready();
    for name in ["USE_PYTORCH", "LIB", "INCLUDE", "CXX11_ABI", "BYPASS_VERSION_CHECK", "STATIC"] {
        let name = format!("LIBTORCH_{name}");
        checkout.assert_trouble("setup", &[(&name, "0")], &format!(": unset {name}"));
    }
    let other = checkout.file("other");
    fs::create_dir_all(other.join("lib")).unwrap();
    fs::write(other.join("lib/libtorch_cpu.so"), "").unwrap();
    fs::write(other.join("build-version"), "2.12.0+cpu\n").unwrap();
    let other = other.display().to_string();
    for (value, words) in [
        ("", "is not a full path: unset LIBTORCH"),
        (".venv/libtorch", "is not a full path: unset LIBTORCH"),
        ("/no/libtorch", "has no lib/libtorch_cpu.so: unset LIBTORCH"),
        (&other, "is version 2.12.0, 2.13.0 is needed: unset LIBTORCH"),
    ] {
        checkout.assert_trouble("setup", &[("LIBTORCH", value)], words);
    }
    let whole = root().join(".venv/libtorch").display().to_string();
    checkout.assert_nothing_to_do(&[("LIBTORCH", &whole)]);
    fs::write(Path::new(&other).join("build-version"), "2.13.0+cpu").unwrap();
    checkout.assert_nothing_to_do(&[("LIBTORCH", &other)]);
}

/// With the real venv and the real pip.
#[test]
fn an_odd_folder_and_variables_of_pip_and_python_do_not_matter() {
    let checkout = Checkout::new("it's, a ü  folder");
    let leftovers = [
        ("REUSE", real()),
        ("PIP_USER", "1".to_owned()),
        ("PIP_REQUIRE_VIRTUALENV", "1".to_owned()),
        ("PIP_TARGET", "/no/target".to_owned()),
        ("PIP_PREFIX", "/no/prefix".to_owned()),
        ("PYTHONHOME", "/no/home".to_owned()),
        ("PYTHONPATH", "/no/path".to_owned()),
    ];
    let leftovers = leftovers.each_ref().map(|(name, value)| (*name, value.as_str()));
    checkout.assert_makes(&leftovers);
    checkout.assert_nothing_to_do(&leftovers);
    let nothing = |()| {
        let start = Instant::now();
        checkout.assert_nothing_to_do(&[]);
        start.elapsed()
    };
    // The best of some, since other tests run meanwhile.
    let best = [(); 4].map(nothing).into_iter().min().unwrap();
    assert!(best < Duration::from_millis(800), "{best:?}");

    let moved = checkout.moved();
    assert!(moved.assert_makes(&[]).contains("it was moved, or its pins changed"));
    assert!(moved.read(".venv/ready").contains("/moved\n"));
    assert!(moved.read(".venv/ready").contains(&format!("REUSE {}\n", real())));
}

/// With the real venv and the real pip, which finds its packages by links.
#[test]
fn a_moved_checkout_keeps_its_own_pytorch() {
    let checkout = Checkout::new("first");
    checkout.assert_makes(&[("REUSE", &real())]);
    let site = |of: &Path| {
        let lib = fs::read_dir(of.join(".venv/lib")).unwrap().next().unwrap().unwrap();
        lib.path().join("site-packages")
    };
    let own = site(&checkout.path);
    fs::remove_file(own.join("reused.pth")).unwrap();
    for package in fs::read_dir(site(root())).unwrap() {
        let package = package.unwrap();
        symlink(package.path(), own.join(package.file_name())).unwrap();
    }
    // As set-up left it once: no notes, and a link with the whole path.
    let link = checkout.file(".venv/libtorch");
    fs::remove_file(&link).unwrap();
    symlink(own.join("torch"), &link).unwrap();
    fs::write(checkout.file(".venv/ready"), "").unwrap();
    checkout.assert_makes(&[]);
    assert!(fs::read_link(&link).unwrap().is_relative());
    let moved = checkout.moved();
    assert!(moved.file(".venv/libtorch/version.py").exists());
    assert!(moved.assert_makes(&[]).contains("it was moved, or its pins changed"));
}

#[test]
fn a_change_of_the_pins_and_a_loss_are_noticed_and_mended() {
    let checkout = Checkout::ready();
    let pins = checkout.file("python_ref/constraints.txt");
    fs::write(&pins, fs::read_to_string(&pins).unwrap() + "# more\n").unwrap();
    assert!(checkout.assert_makes(&[]).contains("it was moved, or its pins changed"));
    for lost in ["libtorch", "ready", "bin/python"] {
        fs::remove_file(checkout.file(".venv").join(lost)).unwrap();
        checkout.assert_makes(&[]);
    }
    // Notes of a version of set-up that left them empty.
    fs::write(checkout.file(".venv/ready"), "").unwrap();
    checkout.assert_makes(&[]);
}

#[test]
fn an_environment_that_was_reused_and_is_gone_is_replaced() {
    let checkout = Checkout::ready();
    let notes = checkout.read(".venv/ready");
    let notes = notes.replace("PYTHON ", "REUSE /gone").replace("python\n", "\n");
    fs::write(checkout.file(".venv/ready"), notes).unwrap();
    fs::remove_file(checkout.file(".venv/libtorch")).unwrap();
    symlink("/gone/torch", checkout.file(".venv/libtorch")).unwrap();
    checkout.stand_in("bin/python3", &[]);
    let path = path_with(&checkout.file("bin"));
    let said = checkout.assert_makes(&[("PATH", &path)]);
    assert!(said.contains("whose PyTorch .venv used, is gone: .venv gets a PyTorch"), "{said}");
    assert!(said.contains("a download of 2.8 GB"), "{said}");
}

#[test]
fn another_python_or_reuse_is_honoured_later_too() {
    let checkout = Checkout::ready();
    let [first, other] = ["python", "other"].map(|name| {
        let prefix = format!("echo 3.11.7 /{name}");
        checkout.stand_in(name, &[("sys.version.split", &prefix)])
    });
    // Not what it was made by: its prefix is another now.
    checkout.assert_makes(&[("PYTHON", &first)]);
    checkout.assert_nothing_to_do(&[("PYTHON", &first)]);
    for (variable, python) in [("PYTHON", &other), ("REUSE", &first), ("PYTHON", &first)] {
        let said = checkout.assert_makes(&[(variable, python)]);
        assert!(said.contains("making .venv anew"), "{variable}={python}: {said}");
        assert!(checkout.read(".venv/ready").contains(&format!("{variable} {python}\n")));
        checkout.assert_nothing_to_do(&[(variable, python)]);
    }
}

#[test]
fn a_link_to_an_environment_is_used_and_never_changed() {
    let checkout = Checkout::new("linked");
    symlink(root().join(".venv"), checkout.file(".venv")).unwrap();
    checkout.assert_nothing_to_do(&[]);
    let before = fs::read(root().join(".venv/ready")).unwrap();
    let python = checkout.stand_in("python", &[("sys.version.split", "echo 3.11.7 /other")]);
    checkout.assert_trouble("setup", &[("REUSE", &python)], "remove the link");
    assert_eq!(fs::read(root().join(".venv/ready")).unwrap(), before);
    fs::remove_file(checkout.file(".venv")).unwrap();
    symlink("/no/environment", checkout.file(".venv")).unwrap();
    checkout.assert_trouble("setup", &[], "a link to /no/environment, which is not whole");
}

#[test]
fn a_disk_without_room_is_said_before_the_download() {
    let checkout = Checkout::new("bare");
    let python = checkout.stand_in("python", &[]);
    let gigabytes = |free: u64| {
        let kilobytes = free * 1024 * 1024 + 1;
        checkout.script("bin/df", &format!("echo header; echo disk 0 0 {kilobytes} 0% /\n"));
        path_with(&checkout.file("bin"))
    };
    let run = |free: u64, variables: &[(&str, &str)]| {
        let path = gigabytes(free);
        checkout.make("setup", &[variables, &[("PATH", &path)]].concat())
    };
    let full = run(5, &[("PYTHON", &python)]);
    let last = full.stderr.lines().last().unwrap();
    assert_eq!(full.code, 2);
    assert!(last.starts_with("error: 6 GB are needed in /"), "{last}");
    assert!(last.ends_with(
        "5 GB are free: make room, or use a PyTorch that is there: make setup REUSE=..."
    ));
    assert_eq!(checkout.read("pip.log"), "");
    // What is there already needs none.
    assert_eq!(run(0, &[("REUSE", &python)]).code, 0);
    assert_eq!(run(6, &[("PYTHON", &python)]).code, 0);
}

#[test]
fn pip_shows_its_progress_on_a_terminal_only() {
    let checkout = Checkout::new("bare");
    let python = checkout.stand_in("python", &[]);
    let said = checkout.assert_makes(&[("PYTHON", &python)]);
    assert!(said.contains("a download of 2.8 GB, 4.7 GB on disk"), "{said}");
    assert_eq!(
        checkout.read("pip.log"),
        "-E -m pip install --quiet -r python_ref/requirements.txt\n"
    );

    fs::remove_file(checkout.file(".venv/ready")).unwrap();
    fs::remove_file(checkout.file("pip.log")).unwrap();
    let on_a_terminal = "import pty, sys; sys.exit(pty.spawn(['make', 'setup']))";
    let mut terminal = checkout.command(&real(), &[("PYTHON", &python)]);
    terminal.args(["-c", on_a_terminal]);
    assert!(terminal.output().unwrap().status.success());
    assert_eq!(checkout.read("pip.log"), "-E -m pip install -r python_ref/requirements.txt\n");
}

#[test]
fn an_index_that_is_not_there_stops_set_up_soon() {
    let checkout = Checkout::new("bare");
    // The real pip asks the index.
    let ask = format!("exec {} \"$@\"", real());
    let python = checkout.stand_in("python", &[("pip index", &ask)]);
    let run = |variable, value| checkout.make("setup", &[("PYTHON", &python), (variable, value)]);
    for variable in ["PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL"] {
        let start = Instant::now();
        let outcome = run(variable, "http://me:secret@127.0.0.1:9/whl"); // nobody listens there
        assert_eq!(outcome.code, 2);
        let last = outcome.stderr.lines().last().unwrap();
        assert!(
            last.starts_with(&format!("error: {variable}: no packages at http://127.0.0.1:9/whl:"))
        );
        assert!(last.ends_with(&format!("or unset {variable}")), "{last}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert_eq!(checkout.read("pip.log"), "", "nothing is installed");
    }
    let index = checkout.file("index/torch");
    fs::create_dir_all(&index).unwrap();
    let wheel = "torch-2.13.0-py3-none-any.whl";
    fs::write(index.join("index.html"), format!("<a href='{wheel}'>{wheel}</a>")).unwrap();
    let address = format!("file://{}", checkout.file("index").display());
    let outcome = run("PIP_EXTRA_INDEX_URL", &address);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("0.3 GB for the CPU-only wheel"), "{}", outcome.stderr);
}

#[test]
fn interrupted_at_any_moment_the_next_set_up_completes() {
    for call in ["-m venv", "-m pip install --quiet -r", "import os, torch"] {
        let checkout = Checkout::new("bare");
        let slow = checkout.stand_in("slow", &[(call, "touch here; exec sleep 60")]);
        let python = checkout.stand_in("python", &[]);
        let mut command = checkout.command("make", &[("PYTHON", &slow)]);
        let mut child =
            command.arg("setup").stderr(Stdio::null()).process_group(0).spawn().unwrap();
        checkout.wait_for("here");
        // As Ctrl-C does, to all processes of the group. (INT itself is ignored
        // where the tests run in the background.)
        let group = format!("-{}", child.id());
        assert!(Command::new("kill").args(["-TERM", "--", &group]).status().unwrap().success());
        assert!(!child.wait().unwrap().success());
        checkout.assert_makes(&[("PYTHON", &python)]);
    }
}

#[test]
fn two_set_ups_at_once_run_one_after_the_other() {
    let checkout = Checkout::new("bare");
    let answer = "echo install >>pip.log; touch here; sleep 0.5";
    let python = checkout.stand_in("python", &[("-m pip install --quiet -r", answer)]);
    let variables = [("PYTHON", python.as_str())];
    let mut command = checkout.command("make", &variables);
    let mut first = command.arg("setup").stderr(Stdio::null()).spawn().unwrap();
    checkout.wait_for("here");
    let second = checkout.make("setup", &variables);
    assert!(first.wait().unwrap().success());
    assert_eq!(second.code, 0);
    assert_eq!(second.stderr, "waiting for another set-up in this folder\n");
    assert_eq!(checkout.read("pip.log"), "install\n");
}

/// A stand-in for cargo that notes its calls, beside an old binary in `target/`.
#[test]
fn make_runs_the_binary_that_cargo_builds_and_one_cargo_at_a_time() {
    let checkout = Checkout::ready();
    checkout.script("target/release/tanh-parity", "echo stale\n");
    let cargo = "echo \"start $*\" >>cargo.log; sleep 0.05; echo end >>cargo.log\n\
                 [ \"$1\" != run ] || echo fresh\n";
    let cargo = checkout.script("cargo", cargo);
    let outcome = checkout.make("-j8 run check test", &[("CARGO", &cargo)]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    assert!(outcome.stdout.contains("fresh") && !outcome.stdout.contains("stale"));
    let log = checkout.read("cargo.log");
    let lines: Vec<_> = log.lines().collect();
    assert!(lines.chunks(2).all(|pair| pair[0].starts_with("start ") && pair[1] == "end"), "{log}");
    assert_eq!(log.matches("start build --release\n").count(), 1, "{log}");
}

/// Every target asks cargo, not `target/`.
#[test]
fn no_file_of_ours_guesses_where_cargo_builds() {
    for file in ["Makefile", ".ci/run"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(!text.contains("target/release"), "{file}");
    }
}
