//! Pitfalls and resync, with live PyTorch on the other side.

use crate::alone;
use crate::common::{self, outcome, root};
use crate::forked::{python, tanh_parity};
use parity::compare::{Options, Verdict, compare};
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::train::{Run, Train};
use tanh_parity::pitfalls;
use torch_parity::trace::Trace;

/// Hidden units for which a bias and a weight end in values beyond the last
/// full vector of the fused kernel.
const HIDDEN: i64 = 67;

fn settings() -> Train {
    Train { seed: 3, run: Run { hidden: HIDDEN, ..Train::default().run } }
}

#[test]
fn optimizers_that_pytorch_has_are_imitated_bit_for_bit() {
    let settings = settings();
    let folder = tempfile::tempdir().unwrap();
    let mut reference = python();
    reference.env("PYTHONPATH", root()).arg("tests/optimizers.py").arg(folder.path());
    reference.args(settings.twin_flags());
    reference.assert().success();

    for name in ["fused-adam", "amsgrad", "adamw-decay", "betas-0.99", "eps-1e-7"] {
        let pitfall = pitfalls::all().find(|pitfall| pitfall.name == name).unwrap();
        let _alone = alone();
        let mut ours = settings.trace();
        pitfall.parts.train(&settings, &mut ours).unwrap();
        let theirs = Trace::read(&folder.path().join(format!("{name}.safetensors"))).unwrap();
        let report = compare(["Rust", "Python"], &ours, &theirs, &Options::default()).unwrap();
        assert!(report.first().is_none(), "{name}\n{report}");
    }
}

/// The twin's text with a mistake's lines where the right ones stand, which are
/// there once, as far in as anywhere.
pub fn mistaken(twin: &str, right: &str, wrong: &str) -> String {
    let lines: Vec<_> = twin.lines().collect();
    let right: Vec<_> = right.lines().collect();
    let indent = |at: &[&str]| {
        let (indent, _) = at[0].split_once(right[0])?;
        let alike = at.iter().zip(&right).all(|(line, right)| *line == format!("{indent}{right}"));
        (indent.trim().is_empty() && alike).then(|| indent.to_owned())
    };
    let places = lines.windows(right.len()).enumerate();
    let places: Vec<_> = places.filter_map(|(i, at)| Some((i, indent(at)?))).collect();
    let [(start, indent)] = &places[..] else {
        panic!("{right:?} is there {} times", places.len())
    };
    let wrong: Vec<_> = wrong.lines().map(|line| format!("{indent}{line}")).collect();
    let wrong: Vec<_> = wrong.iter().map(String::as_str).collect();
    [&lines[..*start], &wrong, &lines[start + right.len()..]].concat().join("\n")
}

/// What an entry shows as wrong and right Python is what is run here.
#[test]
fn the_ports_right_and_with_each_mistake_do_what_pytorch_does_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(format!("{name}.py")), text).unwrap();
    };
    let of_ports: Vec<_> = pitfalls::all().filter(|it| it.parts.name() != Train::NAME).collect();
    for pitfall in &of_ports {
        let twin = root().join(format!("python_ref/{}.py", pitfall.parts.name()));
        let twin = std::fs::read_to_string(twin).unwrap();
        write(pitfall.parts.name(), &twin);
        write(pitfall.name, &mistaken(&twin, pitfall.right.pytorch, pitfall.wrong.pytorch));
    }
    let settings = settings();
    let mut reference = python();
    reference.env("PYTHONPATH", root()).arg("tests/twins.py").arg(folder.path());
    reference.args(of_ports[0].parts.twin_flags(&settings)).assert().success();

    let _alone = alone();
    let assert_exact = |name: &str, ours: &Trace| {
        let theirs = Trace::read(&folder.path().join(format!("{name}.safetensors"))).unwrap();
        let report = compare(["Rust", "Python"], ours, &theirs, &Options::default()).unwrap();
        assert_eq!(report.verdict(), Verdict::Exact, "{name}\n{report}");
    };
    for pitfall in &of_ports {
        let mut wrong = Trace::default();
        pitfall.parts.train(&settings, &mut wrong).unwrap();
        assert_exact(pitfall.name, &wrong);
        assert_exact(pitfall.parts.name(), &pitfall.parts.right_run(&settings).unwrap());
    }
}

#[test]
fn against_python_the_findings_are_those_against_our_own_right_run() {
    let flags = "pitfalls --only bias-first,tch-adam,fused-adam,powi,drop-last,tied-copy";
    let alone = outcome(tanh_parity(flags));
    assert_eq!(alone.0, 0, "{}", alone.2);
    assert_eq!(outcome(tanh_parity(&format!("{flags} --against-python"))), alone);
}

#[test]
fn resynced_to_the_twin_no_step_has_an_error_of_its_own() {
    let (code, out, err) = outcome(tanh_parity("check --resync"));
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("verdict: exact: 2,714 tensors"), "{out}");
}

/// PyTorch's Adam with another eps stands for a wrong port: each update is
/// wrong by itself, and nothing else is, since nothing is handed on.
#[test]
fn resync_fails_where_pythons_steps_are_others_and_tells_own_from_inherited() {
    let folder = tempfile::tempdir().unwrap();
    let patch = "import functools, torch\n\
                 torch.optim.Adam = functools.partial(torch.optim.Adam, eps=1e-7)\n";
    std::fs::write(folder.path().join("sitecustomize.py"), patch).unwrap();
    let mut command = common::tanh_parity("check --resync");
    command.env("PYTHONPATH", folder.path());
    let (code, out, err) = outcome(command);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("first divergence (local): sigmoid, epoch 1, param"), "{out}");
    assert!(out.contains("steps with an error of their own: 150 of 150"), "{out}");
    let rows: Vec<Vec<_>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    for row in [["forward", "0", "0"], ["state", "0", "0"]] {
        assert!(rows.contains(&row.to_vec()), "{out}");
    }
    let param = rows.iter().rfind(|row| row.first() == Some(&"param")).unwrap();
    assert!(param[1].parse::<usize>().unwrap() >= 150 && param[2] == "0", "{out}");
}
