//! `check --script`: the lesson's script in every style is exact, every wrong one
//! is found at the right place; `record`; `check --script --port`.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::common::{self, is_running, outcome, root, within};
use crate::forked::{tanh_parity, tanh_parity_in};

/// The scripts of tests/scripts whose names start so.
fn scripts(start: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/scripts")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let starts = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(start);
    let mut paths: Vec<_> = paths.filter(starts).collect();
    paths.sort();
    paths
}

fn check(script: &Path, flags: &str) -> (i32, String, String) {
    checked(tanh_parity, script, flags)
}

/// By this program, or the same with a Python of its own.
fn checked(
    program: fn(&str) -> assert_cmd::Command,
    script: &Path,
    flags: &str,
) -> (i32, String, String) {
    let mut command = program(&format!("check {flags} --script"));
    command.arg(script);
    outcome(command)
}

#[test]
fn the_lessons_script_is_exact_in_every_style() {
    let scripts = scripts("lesson");
    assert!(scripts.len() >= 13, "{scripts:?}");
    for script in scripts {
        let (code, report, stderr) = check(&script, "");
        assert_eq!((code, stderr.as_str()), (0, ""), "{}\n{report}", script.display());
        let exact = report.lines().find(|line| line.starts_with("verdict: exact: 2,71"));
        assert!(exact.is_some(), "{}\n{report}", script.display());
        assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
        let left_out = "\npaired  not compared, since ours has none: forward output.1, output.2\n";
        assert_eq!(
            report.contains(left_out),
            script.ends_with("lesson_three_outputs.py"),
            "{report}"
        );
    }
}

/// The header line `# first: Sequential-2/000003/grad/0.weight` as our report
/// tells that place.
fn expected(script: &Path) -> String {
    // Our run's data come before any network; those of the scripts with one. The
    // recorder's tests ask what of the right script's record differs.
    match script.file_stem().unwrap().to_str().unwrap() {
        "wrong_seed" | "wrong_data_twice" => return "data, x at [0, 0]".to_owned(),
        "wrong_data_later" => return "sigmoid, epoch 2, data, input: only script".to_owned(),
        "wrong_labels_later" => return "sigmoid, epoch 2, data, target: only script".to_owned(),
        "wrong_epochs" => return "sigmoid, epoch 50, forward, logits: only Rust has it".to_owned(),
        "wrong_ulp" => return "relu, epoch 31, forward, logits at".to_owned(),
        _ => {}
    }
    let text = fs::read_to_string(script).unwrap();
    let key = text.lines().find_map(|line| line.strip_prefix("# first: ")).unwrap().to_owned();
    let parts: Vec<_> = key.splitn(4, '/').collect();
    let [series, step, phase, name] = parts[..] else { panic!("{key}") };
    let names = [("0.", "fc1."), ("2.", "fc2.")];
    let name = names.iter().fold(name.to_owned(), |name, (theirs, ours)| {
        name.strip_prefix(theirs).map_or(name.clone(), |rest| format!("{ours}{rest}"))
    });
    let number: usize = series.rsplit_once('-').unwrap().1.parse().unwrap();
    let series = ["sigmoid", "tanh", "relu"][number - 1];
    match (step.parse::<usize>().unwrap(), phase) {
        (1, "data") if number == 1 => {
            format!("data, {}", if name == "target" { "y" } else { "x" })
        }
        (0, _) => format!("{series}, at the start, {phase}, {name}"),
        (step, _) => format!("{series}, epoch {step}, {phase}, {name}"),
    }
}

#[test]
fn every_wrong_script_is_found_at_the_right_place() {
    let scripts = scripts("wrong");
    assert!(scripts.len() >= 10, "{scripts:?}");
    for script in scripts {
        // The lesson's settings, whatever the script has.
        let flags = "--seed 0 --epochs 50 --lr 0.001 --activations sigmoid,tanh,relu";
        let (code, report, stderr) = check(&script, flags);
        assert_eq!(code, 1, "{}\n{report}{stderr}", script.display());
        let place = format!("first divergence: {}", expected(&script));
        assert!(report.contains(&place), "{}: no {place} in\n{report}", script.display());
    }
}

#[test]
fn settings_are_taken_from_the_record_and_flags_win() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("other.py");
    let text = fs::read_to_string(root().join("tests/lesson.py")).unwrap();
    let text = text.replace("manual_seed(0)", "manual_seed(-7)").replace("lr=1e-3", "lr=0.01");
    let text = text.replace("512, 10", "100, 3").replace("10, 64", "3, 5").replace("64, 2", "5, 2");
    let others = "nn.SiLU(), \"a\": nn.Softsign(), \"b\": nn.LeakyReLU(), \"c\": nn.Softplus()";
    let text = text.replace("range(50)", "range(4)").replace("nn.ReLU()", others);
    fs::write(&script, text).unwrap();
    let (code, report, stderr) = check(&script, "");
    assert_eq!((code, stderr.as_str()), (0, ""), "{report}");
    let told = report.split_once("trains").unwrap().1.split_once("\n\n").unwrap().0;
    let told = told.replace('\n', " ");
    for part in ["seed -7", "lr 0.01", "samples 100", "features 3", "hidden 5", "epochs 4"] {
        assert!(told.contains(part), "no {part} in {told}");
    }
    let activations = "activations sigmoid,tanh,silu,softsign,leaky-relu,softplus";
    assert!(told.contains(activations), "{told}");
    let (_, json, _) = check(&script, "--format json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let settings = &json["comparisons"][0]["settings"];
    assert_eq!((&settings["lr"], &settings["seed"]), (&"0.01".into(), &"-7".into()), "{json}");
    let (code, report, _) = check(&script, "--lr 0.02");
    assert_eq!(code, 1, "{report}");
    assert!(report.contains("first divergence: sigmoid, epoch 1, param, fc1.weight"), "{report}");
}

/// A network alone starts where the data end, as the first of several does.
#[test]
fn whether_networks_start_alike_is_taken_from_the_record() {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("other.py");
    let text = fs::read_to_string(root().join("tests/lesson.py")).unwrap();
    let text = text.replace("range(50)", "range(2)");
    let lone = text.replace("\"sigmoid\": nn.Sigmoid(), ", "").replace(", \"relu\": nn.ReLU()", "");
    let alike = text.replace("    net = ", "    torch.manual_seed(0)\n    net = ");
    for (changed, told) in [(lone, "same_init false"), (alike, "same_init true")] {
        assert_ne!(changed, text);
        fs::write(&script, changed).unwrap();
        let (code, report, stderr) = check(&script, "");
        assert_eq!((code, stderr.as_str()), (0, ""), "{report}");
        assert!(report.replace('\n', " ").contains(told), "{report}");
    }
}

#[test]
fn a_script_that_cannot_be_used_is_trouble() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("s.py");
    let run = |text: &str| {
        fs::write(&path, text).unwrap();
        outcome(common::tanh_parity_in(&folder, "check --script s.py --timeout 120"))
    };
    let flood = "import sys\nsys.stderr.write('x' * 10_000_000)\nsys.exit(3)";
    let conv = "import torch\nnet = torch.nn.Linear(3, 1)\nnet(torch.ones(2, 3)).sum().backward()\n\
                opt = torch.optim.SGD(net.parameters(), lr=1.0)\nopt.step()";
    let asks = "import argparse\nparser = argparse.ArgumentParser()\n\
                parser.add_argument('--epochs', required=True)\nparser.parse_args()";
    let lesson = fs::read_to_string(root().join("tests/lesson.py")).unwrap();
    let with = |activation: &str| {
        let class = format!(
            "class Odd(nn.Module):\n    def forward(self, x):\n        return {activation}\n"
        );
        lesson
            .replace("torch.manual_seed", &(class + "torch.manual_seed"))
            .replace("nn.ReLU()", "Odd()")
    };
    let [abs, div] = ["x.abs()", "x / 2"].map(with);
    let unknown = "no activation of ours is in the graph of Sequential-3 (NllLossBackward0, ";
    for (text, words) in [
        (abs.as_str(), unknown),
        (&div, unknown),
        ("import nothing", "s.py failed (exit status: 1): ModuleNotFoundError"),
        ("import nothing", "-m pip install nothing"),
        ("raise ValueError('two\\nlines')", "s.py failed (exit status: 1): ValueError: two lines"),
        ("raise ValueError('two\\nlines')", ": ValueError: two lines (s.py:1)"),
        ("print('hello')", "nothing to record"),
        (asks, ": s.py: error: the following arguments are required: --epochs: put the script's"),
        (flood, "s.py failed (exit status: 3)"),
        (conv, "other layers than the lesson's network: compare it with a port of yours: --port"),
    ] {
        let (code, stdout, stderr) = run(text);
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{text}: {stderr}");
        assert!(stderr.contains(words), "{text}: {stderr}");
    }
    let (_, _, stderr) = run("import os.nothing");
    assert!(stderr.ends_with("'os' is not a package (s.py:1)\n"), "no pip helps: {stderr}");
    let (_, _, stderr) = checked(common::tanh_parity, &path, "-m");
    let remedy = ": name the module as Python imports it from here, such as package.train\n";
    assert!(stderr.ends_with(remedy), "{stderr}");
    // With what it started.
    let child = folder.path().join("child");
    let endless = format!(
        "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n\
         open({child:?}, 'w').write(str(child.pid))\nwhile True: pass"
    );
    fs::write(&path, endless).unwrap();
    let (code, _, stderr) = checked(common::tanh_parity, &path, "--timeout 2");
    assert_eq!(code, 2);
    assert!(stderr.contains("s.py did not finish within 2 s: raise --timeout"), "{stderr}");
    let child = fs::read_to_string(child).unwrap();
    assert!(within(3, || !is_running(&child)), "its child goes on");
    for (script, words) in [
        (folder.path().join("none.py"), "cannot read"),
        (folder.path().to_owned(), "is a folder: name the script in it"),
    ] {
        let (code, _, stderr) = check(&script, "");
        assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn record_runs_a_script_as_python_does_and_writes_what_it_trained() {
    let folder = TempDir::new().unwrap();
    let run = |args: &str| outcome(common::tanh_parity_in(&folder, args));
    let lesson = root().join("tests/lesson.py").display().to_string();
    let (code, stdout, stderr) = run(&format!("record {lesson}"));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("sigmoid: 0.58"), "{stdout}");
    assert!(stderr.contains("recorded 2,714 tensors of 3 models (150 steps)"), "{stderr}");
    let (code, stdout, _) = run("compare lesson.safetensors lesson.safetensors");
    assert_eq!(code, 0, "{stdout}");
    let exits = root().join("tests/scripts/exits.py").display().to_string();
    assert_eq!(run(&format!("record --quiet --trace e.safetensors {exits}")).0, 3);
    // Ended by a signal, as a shell tells it.
    for (how, status, said) in [
        ("kill(os.getpid(), 9)", 128 + 9, "SIGKILL, so nothing was recorded: where memory runs"),
        ("abort()", 128 + 6, "SIGABRT, so nothing was recorded: set PYTHONFAULTHANDLER=1"),
    ] {
        fs::write(folder.path().join("s.py"), format!("import os\nos.{how}\n")).unwrap();
        let (code, _, stderr) = run("record s.py");
        assert_eq!((code, stderr.lines().count()), (status, 1), "{stderr}");
        assert!(stderr.starts_with(&format!("error: s.py was ended by {said}")), "{stderr}");
    }
    let arguments = root().join("tests/scripts/arguments.py").display().to_string();
    let (code, stdout, _) = run(&format!("record {arguments} --help"));
    assert_eq!(code, 2, "nothing was recorded");
    assert!(stdout.starts_with("usage: arguments.py"), "{stdout}");
    let (code, _, stderr) = run("record");
    assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
}

#[test]
fn two_records_of_bare_tensors_are_compared_as_any() {
    let folder = TempDir::new().unwrap();
    let script = root().join("tests/scripts/bare_momentum.py");
    let record = |flags: &str, name: &str| {
        let run = format!("record {flags} --trace {name}.safetensors {}", script.display());
        assert_eq!(outcome(tanh_parity_in(&folder, &run)).0, 0);
    };
    record("", "a");
    record("", "b");
    record("--digest", "c");
    for (a, b) in [("a", "b"), ("a", "c")] {
        let run = format!("compare {a}.safetensors {b}.safetensors");
        let (code, report, stderr) = outcome(tanh_parity_in(&folder, &run));
        assert_eq!((code, stderr.as_str()), (0, ""), "{report}");
        assert!(report.contains("verdict: exact: 13 tensors"), "{report}");
    }
}

/// What a record lacks is said where it is made, in it, and where it is compared.
#[test]
fn what_a_record_lacks_is_told() {
    let folder = TempDir::new().unwrap();
    let script = root().join("tests/scripts/func_grad.py").display().to_string();
    let lacks = "Linear-1 lacks data, forward, loss:";
    let (code, _, stderr) = outcome(tanh_parity_in(&folder, &format!("record {script}")));
    assert!(code == 0 && stderr.contains(&format!("\n  {lacks} no backward pass")), "{stderr}");
    let compare = "compare func_grad.safetensors func_grad.safetensors";
    let (code, report, _) = outcome(tanh_parity_in(&folder, compare));
    assert_eq!(code, 0, "{report}");
    assert!(report.contains(&format!("\nof A, {lacks} no backward pass led to")), "{report}");
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
    // No more than was asked for, which is a part.
    let (code, _, stderr) =
        outcome(tanh_parity_in(&folder, &format!("record --max-size 3kB {script}")));
    assert!(code == 0 && stderr.contains("until it was as large as --max-size"), "{stderr}");
    assert!(folder.path().join("func_grad.partial.safetensors").exists());
}

/// A GAN whose generator has another rate: its parameters part before anything of
/// the discriminator's second step does.
#[test]
fn with_several_models_the_first_divergence_is_the_first_in_time() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(root().join("tests/scripts/gan.py")).unwrap();
    let record = |text: &str, name: &str| {
        fs::write(folder.path().join(format!("{name}.py")), text).unwrap();
        assert_eq!(outcome(tanh_parity_in(&folder, &format!("record {name}.py"))).0, 0);
    };
    record(&text, "a");
    record(&text.replace("Adam(G.parameters(), ", "Adam(G.parameters(), lr=0.01, "), "b");
    let (code, report, _) = outcome(tanh_parity_in(&folder, "compare a.safetensors b.safetensors"));
    assert_eq!(code, 1);
    let place = "first divergence: Generator-1, step 1, param, net.0.weight at";
    assert!(report.contains(place), "{report}");
}

/// Target networks and averages by hand, which no step has, of models that are gone by
/// the script's end.
#[test]
fn what_changes_a_model_outside_of_its_steps_is_told() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(root().join("tests/scripts/ends.py")).unwrap();
    let other = text.replace("mul_(0.9)", "mul_(0.8)");
    for (name, text) in [("a", &text), ("b", &text), ("c", &other)] {
        fs::write(folder.path().join(format!("{name}.py")), text).unwrap();
        assert_eq!(outcome(tanh_parity_in(&folder, &format!("record {name}.py"))).0, 0);
    }
    let compare = |b: &str| {
        outcome(tanh_parity_in(&folder, &format!("compare a.safetensors {b}.safetensors")))
    };
    assert_eq!(compare("b").0, 0);
    let (code, report, _) = compare("c");
    assert_eq!(code, 1, "{report}");
    let place = "first divergence: Target-1, at the end, fc.weight at";
    assert!(report.contains(place), "{report}");
}

/// A script that forgets `eval()` draws for the dropout while it validates: the data
/// of the next step are other ones, and the report says why.
#[test]
fn random_numbers_that_were_drawn_otherwise_are_told() {
    let folder = TempDir::new().unwrap();
    let script = |before: &str| {
        format!(
            "import torch\nfrom torch import nn\ntorch.manual_seed(0)\n\
             net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.Linear(4, 1))\n\
             optimizer = torch.optim.SGD(net.parameters(), lr=0.1)\n\
             held = torch.randn(5, 3)\n\
             for step in range(1, 5):\n    net.train()\n    \
             net(torch.randn(6, 3)).square().mean().backward()\n    optimizer.step()\n    \
             optimizer.zero_grad()\n    {before}\n    \
             if step == 2:\n        with torch.no_grad():\n            net(held)\n"
        )
    };
    for (name, before) in [("a", "pass"), ("b", "net.eval()")] {
        fs::write(folder.path().join(format!("{name}.py")), script(before)).unwrap();
        let run = format!("record --phases data,loss,grad,param {name}.py");
        assert_eq!(outcome(tanh_parity_in(&folder, &run)).0, 0);
    }
    let compare = "compare a.safetensors b.safetensors";
    let (code, report, _) = outcome(tanh_parity_in(&folder, compare));
    assert_eq!(code, 1, "{report}");
    let place = "first divergence: Sequential-1, step 3, data, input at";
    assert!(report.contains(place), "{report}");
    let note = "\nA and B drew different random numbers between steps 2 and 3 of Sequential-1\n";
    assert!(report.contains(note), "{report}");
}

/// The page's command, in a folder that has torchrun and parity on its PATH: the two
/// processes have different data, and the same gradients.
#[test]
fn processes_of_torchrun_record_themselves() {
    let folder = TempDir::new().unwrap();
    let script = "import torch, torch.distributed as dist
dist.init_process_group('gloo')
torch.manual_seed(0)
net = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(4, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
torch.manual_seed(dist.get_rank())
net(torch.randn(5, 4)).square().mean().backward()
optimizer.step()
dist.destroy_process_group()
";
    fs::write(folder.path().join("train.py"), script).unwrap();
    let line = page_line("docs/trace.md", "torchrun --no-python --nproc");
    let line = line.replace("parity record", "\"$PARITY\" record");
    let line = line.replace("torchrun", "\"$PYTHON\" -m torch.distributed.run");
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", &line]).current_dir(&folder).timeout(common::PATIENCE);
    command.env("PARITY", assert_cmd::cargo::cargo_bin!("tanh-parity"));
    command.env("PYTHON", common::python().get_program());
    command.env("TANH_PARITY_PYTHON", common::python().get_program());
    let (code, _, stderr) = outcome(command);
    assert_eq!(code, 0, "{stderr}");
    let run = "compare rank0.safetensors rank1.safetensors";
    let (code, report, _) = outcome(common::tanh_parity_in(&folder, run));
    assert_eq!(code, 1, "{report}");
    assert!(report.contains("\ngrad           2      2 "), "{report}");
    assert!(report.contains("first divergence: Linear-1, step 1, data, input"), "{report}");
    let run = "record -m torch.distributed.run --no-python true";
    let (code, _, stderr) = outcome(tanh_parity_in(&folder, run));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("nothing to record: torchrun trains in other"), "{stderr}");
}

/// A command of a page, from the line that begins so, with those that go on.
fn page_line(page: &str, start: &str) -> String {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let from = text.find(start).unwrap_or_else(|| panic!("{page} has no {start}"));
    let lines = text[from..].lines();
    let goes_on = lines.clone().take_while(|line| line.ends_with('\\')).count();
    lines.take(goes_on + 1).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_script_that_ends_python_itself_is_said_to() {
    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(root().join("tests/scripts/norms.py")).unwrap();
    for (status, how) in [(0, "os._exit(0)"), (3, "os._exit(3)")] {
        fs::write(folder.path().join("s.py"), format!("{text}\nimport os\n{how}\n")).unwrap();
        for run in ["record s.py", "check --script s.py"] {
            let (code, _, stderr) = outcome(common::tanh_parity_in(&folder, run));
            let said = stderr.contains("s.py ended Python at once, by os._exit");
            assert!(code == 2 && said, "{status} {run}: {code} {stderr}");
        }
        assert!(!folder.path().join("s.safetensors").exists());
    }
    // A child of the script may; and it may end by itself with any status.
    let child = "import os, sys\nif os.fork() == 0:\n    os._exit(0)\nos.wait()\nsys.exit(3)\n";
    fs::write(folder.path().join("s.py"), format!("{text}\n{child}")).unwrap();
    let (code, _, stderr) = outcome(common::tanh_parity_in(&folder, "record s.py"));
    assert!(code == 3 && stderr.starts_with("recorded 82 tensors"), "{code} {stderr}");
}
