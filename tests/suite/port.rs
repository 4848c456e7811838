//! A port outside of this checkout: made by `new`, built, run from anywhere; red
//! at first, exact once it is filled in, red again with a mistake.

use std::fs;
use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
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
        for word in [
            "@NAME@",
            "@SCRIPT@",
            "@STEM@",
            "@TORCH_PARITY@",
            "@LIBTORCH@",
            "@TARGET_DIR@",
            "@PROGRAM@",
        ] {
            assert!(!text.contains(word), "{place}: {word}");
        }
    }
    assert_eq!(read("lesson.py"), fs::read_to_string(root().join("tests/lesson.py")).unwrap());
    let library = root().join("crates/torch-parity");
    let cargo = read("Cargo.toml");
    assert!(cargo.contains(&format!("torch-parity = {{ path = {library:?} }}\n")), "{cargo}");
    assert!(cargo.contains("\nport = { debug = \"line-tables-only\" }\n"), "{cargo}");
    assert!(read(".cargo/config.toml").contains(&format!("LIBTORCH = {LIBTORCH:?}\n")));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing beside it");
    holds(
        &read("src/main.rs"),
        &[
            "/// Sequential-1: its layers",
            "_0: Linear::new(10, 64),",
            "_1: Sigmoid,",
            "(\"2\", &self._2)",
            "tch::manual_seed(0);",
            "let target = Tensor::zeros([512], (Kind::Int64, Device::Cpu));",
            "Adam::new(model.named_parameters(), 0.001)",
            "let loss = cross_entropy(&logits, &target);",
        ],
    );
}

/// The text says each of these, however its lines are broken.
#[track_caller]
fn holds(text: &str, all: &[&str]) {
    let plain = |text: &str| {
        let words: String = text.split_whitespace().collect();
        words.replace(",)", ")").replace(",}", "}").replace(",]", "]")
    };
    for part in all {
        assert!(plain(text).contains(&plain(part)), "no {part} in {text}");
    }
}

/// A script runs its first steps only, so that it does not do what it does at its end.
#[test]
fn a_port_begins_with_the_layers_and_the_optimizer_of_its_script() {
    let folder = TempDir::new().unwrap();
    let made = |script: &str, text: &str, args: &str| {
        fs::write(folder.path().join(format!("{script}.py")), text).unwrap();
        let mut command =
            tanh_parity_in(folder.path(), &format!("new {script} --script {script}.py"));
        command.args(args.split_whitespace());
        let said = stdout(command);
        let port = folder.path().join(script);
        let main = fs::read_to_string(port.join("src/main.rs")).unwrap();
        (said, main, fs::read_to_string(port.join("Makefile")).unwrap())
    };
    let tagger = "
import sys
import torch
from torch import nn
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(int(sys.argv[2])))
        self.embedding = nn.Embedding(50, 16, padding_idx=0)
        self.gen = nn.LSTM(16, 24, num_layers=2, batch_first=True, dropout=0.1)
        self.odd = nn.PReLU()
        self.fc = nn.Linear(24, 5, bias=False)
        self.tied = nn.Linear(24, 5, bias=False)
        self.tied.weight = self.fc.weight
    def forward(self, the__tokens):
        x, _ = self.gen(self.embedding(the__tokens))
        return self.fc(self.odd(x[:, -1])) * self.scale
torch.manual_seed(-3)
net = Tagger().double()
groups = [{'params': [p for p in net.parameters() if p.dim() > 1], 'weight_decay': 0.1},
          {'params': [p for p in net.parameters() if p.dim() < 2], 'weight_decay': 0.0}]
optimizer = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.95))
while True:
    loss = net(torch.randint(0, 50, (8, 12))).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
";
    let (said, main, makefile) = made("tagger", tagger, "-- --classes 5");
    assert!(said.contains("fill in the script's data and forward pass"), "{said}");
    assert!(makefile.contains(" $(FLAGS) -- --classes 5\n"), "{makefile}");
    holds(
        &main,
        &[
            "Embedding::with_padding(50, 16, 0)",
            "gen_: LSTM::with(16, 24, RecurrentOptions { num_layers: 2, batch_first: true, dropout: 0.1, ..",
            "Linear::without_bias(24, 5)",
            "// odd: PReLU(num_parameters=1), which torch-parity lacks\n",
            "// tied: Linear(in_features=24, out_features=5, bias=False), whose parameters are another",
            "own: [(\"scale\", Tensor::zeros([5], (Kind::Double,",
            "(\"odd.weight\", Tensor::zeros([1]",
            "let model = Model::new();\n    model.to_kind(Kind::Double);\n",
            "/// the__tokens (8, 12) -> output (8, 5)",
            "fn forward(&self, the_tokens: &Tensor)",
            "tch::manual_seed(-3);",
            "AdamWSettings { lr: 0.003, betas: (0.9, 0.95), weight_decay: 0.1, ..Default::default() }",
            "named(&model, &[\"scale\", \"gen.bias_ih_l0\",",
            "// The script's, which ends in Mean, Pow, Mul, Mm.",
            "recorder.series(\"Tagger-1\", model.named_parameters())?",
        ],
    );
    let (said, main, _) = made("fails", "import torch\ntorch.no_such_thing", "");
    assert!(said.contains("\nnot begun with the script's layers: fails.py failed (exit"), "{said}");
    assert!(said.contains("AttributeError"), "{said}");
    assert!(main.contains("Self { fc1: Linear::new(10, 64)"), "the example: {main}");
}

/// What it begins with compiles, and the first report names the script's data.
#[test]
fn a_port_that_begins_with_its_script_compiles_and_is_red_at_what_is_left() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("begun");
    let script = root().join("crates/torch-parity/examples/cnn.py");
    let mut command = tanh_parity("new");
    command.arg(&path).arg("--script").arg(&script);
    stdout(command);
    let port = Port { _folder: folder, path };
    holds(
        &fs::read_to_string(port.file("src/main.rs")).unwrap(),
        &[
            "Conv2d::with(8, 16, [3, 3], ConvOptions { padding: [1, 1], bias: false, ..Default",
            "BatchNorm2d::new(16)",
            "SgdSettings { lr: 0.02, momentum: 0.9, weight_decay: 0.0005, ..Default::default() }",
            "series.buffers(&model.named_buffers())?;",
        ],
    );
    let main = port.file("src/main.rs");
    // What is called next needs no line above.
    let text = fs::read_to_string(&main).unwrap();
    let called = text.replace("let _ = x;", "let _ = self.conv1.forward(x);");
    assert_ne!(called, text);
    fs::write(&main, called).unwrap();
    // The script's data come before its model, and its first draw is a whole number.
    port.build();
    let (code, report, stderr) = {
        let mut command = tanh_parity("check --script");
        command.arg(&script).arg("--port").arg(built().join("release/begun"));
        outcome(command)
    };
    assert_eq!((code, stderr.as_str()), (1, ""), "{report}{}", fs::read_to_string(main).unwrap());
    let place = "first divergence: Net-1, at the start, init, conv1.weight at";
    assert!(report.contains(place), "{report}");
    let counts = report.lines().find(|line| line.starts_with("init ")).unwrap();
    let counts: Vec<_> = counts.split_whitespace().collect();
    assert_eq!(counts[1..4], ["9", "4", "1,715"], "all shapes agree: {report}");
    assert!(!report.contains(" lacks "), "{report}");
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

    // Whatever was built before, for this or for another port: the bindings are one and the
    // same where both profiles say the same of them.
    let manifest = port.file("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let ours = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for header in ["[profile.release]\n", "[profile.release.package]\n"] {
        let section = |text: &str| {
            let (_, rest) = text.split_once(header).unwrap();
            let lines = rest.lines().take_while(|line| line.contains(" = "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(section(&text), section(&ours), "{header}");
    }
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
        ("true 'a b'", "/lesson.py --port \"true 'a b'\""),
        (
            "true lesson.py",
            "true left no record: a script in Python is recorded by `parity record`",
        ),
        ("false", "false failed (exit status: 1)"),
        ("no-such-program", "cannot start no-such-program"),
        ("'", "--port ': close the quotes"),
    ] {
        let (code, stdout, stderr) = run(port);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
        assert!(stderr.contains(words) && !stderr.contains(".safetensors"), "{port}: {stderr}");
    }
    let new = |name: &str| {
        let mut command = tanh_parity("new");
        command.arg(folder.path().join(name));
        outcome(command)
    };
    fs::create_dir(folder.path().join("there")).unwrap();
    assert!(new("there").2.contains("is there already: name a new folder"));
    assert!(new("42").2.contains("begin the folder's name with a letter"));
    let asks = "import argparse\np = argparse.ArgumentParser()\n\
                p.add_argument('--lr', required=True)\np.parse_args()\n";
    fs::write(folder.path().join("asks.py"), asks).unwrap();
    let mut command = tanh_parity("new");
    command.arg(folder.path().join("port")).arg("--script").arg(folder.path().join("asks.py"));
    let (code, _, stderr) = outcome(command);
    let remedy = "are required: --lr: put the script's arguments last, after --\n";
    assert!(code == 2 && stderr.ends_with(remedy), "{stderr}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

/// What CI runs, with shell scripts in place of cargo and of the program.
#[test]
fn in_trouble_ci_has_the_programs_exit_status_and_no_report_of_an_earlier_run() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let program = "tool/target/release/tanh-parity";
    for name in ["tool/ci", "tool/target/release", "bin"] {
        fs::create_dir_all(path(name)).unwrap();
    }
    fs::copy(root().join("ci/parity.sh"), path("tool/ci/parity.sh")).unwrap();
    fs::write(path("tool/Makefile"), "build:\n").unwrap();
    fs::write(path("Cargo.toml"), "").unwrap();
    let script = |name: &str, text: &str| {
        fs::write(path(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path(name), Permissions::from_mode(0o755)).unwrap();
    };
    script("bin/cargo", "exit 0");
    for (does, status, summary) in [
        ("echo differs >parity.md; exit 1", 1, "differs\n"),
        ("echo 'error: no Python' >&2; exit 2", 2, "differs\n"),
        ("echo exact >parity.md", 0, "differs\nexact\n"),
    ] {
        script(program, does);
        let mut command = Command::new("tool/ci/parity.sh");
        let search = std::env::var("PATH").unwrap();
        command.args(["train.py", "."]).current_dir(&folder);
        command.env("PATH", format!("{}:{search}", path("bin").display()));
        let output = command.env("GITHUB_STEP_SUMMARY", path("summary")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{does}: {said}");
        assert_eq!(fs::read_to_string(path("summary")).unwrap(), summary, "{does}");
    }
}
