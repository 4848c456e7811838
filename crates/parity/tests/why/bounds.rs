//! `--steps` and `--first` bound what is recorded, and with it what can differ.

use std::fs;

use super::{prints, python, why};

/// Three steps; the port's third has another learning rate.
const SCRIPT: &str = "\
import torch
torch.manual_seed(0)
w = torch.rand(10, requires_grad=True)
for step in range(3):
    (w * w).sum().backward()
    rate = 0.1
    with torch.no_grad():
        w -= rate * w.grad
    w.grad = None
w.sum().item()
";

/// What `why` prints of the two with these flags.
fn why_with(flags: &[&str], status: i32) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script.py"), SCRIPT).unwrap();
    let port = SCRIPT.replace("rate = 0.1", "rate = 0.1 if step < 2 else 0.2");
    fs::write(folder.path().join("port.py"), port).unwrap();
    let port = format!("{} port.py", python().display());
    let mut command = why(&[&["--script", "script.py", "--port", &port], flags].concat());
    command.current_dir(&folder);
    prints(command, status)
}

/// Step k begins with the k-th backward pass: the third update is of step 3.
#[test]
fn steps_bound_what_is_compared() {
    let text = why_with(&[], 1);
    assert!(text.contains("port.py:8\n") && text.contains("0.2 in place of 0.1"), "{text}");
    for steps in ["0..3", "1..2", "2..3"] {
        let text = why_with(&["--steps", steps], 0);
        assert!(text.starts_with("verdict: nothing differs."), "{steps}: {text}");
    }
    for steps in ["3..4", "3.."] {
        let text = why_with(&["--steps", steps], 1);
        assert!(text.contains("port.py:8\n"), "{steps}: {text}");
    }
    // Nothing is not the same as the same.
    let none = why_with(&["--steps", "4.."], 2);
    assert!(none.contains("error: neither list has an operation: give --steps"), "{none}");
}

#[test]
fn the_first_operations_alone_are_compared() {
    let whole = why_with(&[], 1);
    let named = whole.split(" operation ").nth(1).unwrap().split(' ').next().unwrap();
    let before = named.parse::<usize>().unwrap() - 1;
    let text = why_with(&["--first", &before.to_string()], 0);
    assert!(text.starts_with("verdict: nothing differs."), "{text}");
    let text = why_with(&["--first", named], 1);
    assert!(text.contains(&format!("its operation {named} of {named}.")), "{text}");
}

#[test]
fn a_list_holds_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script.py"), SCRIPT).unwrap();
    let operations = |flags: &[&str]| {
        let list = folder.path().join("list");
        let save = ["--script", "script.py", "--save", list.to_str().unwrap()];
        let mut command = why(&[&save[..], flags].concat());
        command.current_dir(&folder);
        prints(command, 0);
        let list = fs::read_to_string(list).unwrap();
        list.lines().filter(|it| it.starts_with("o\t")).count()
    };
    let all = operations(&[]);
    assert_eq!(operations(&["--first", "7"]), 7);
    assert_eq!(operations(&["--first", "1000000"]), all);
    let steps = ["0..1", "1..2", "2..3", "3.."];
    let each = steps.map(|steps| operations(&["--steps", steps]));
    assert_eq!(each.iter().sum::<usize>(), all, "{each:?}");
    assert_eq!(each[1], each[2], "{each:?}");
}

/// What a training leaves is what it was for, though the program itself reads no more of
/// it than how many answers were right.
#[test]
fn parameters_that_end_otherwise_differ_though_only_answers_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let read = "print((w * 0 + w > 0).sum().item())\n";
    let script = SCRIPT.replace("w.sum().item()\n", read);
    let port = script.replace("rate = 0.1", "rate = 0.1 if step < 2 else 0.11");
    let turned = script.replace("w -= rate * w.grad", "w.sub_(w.grad * rate)");
    for (name, text) in [("script.py", &script), ("port.py", &port), ("turned.py", &turned)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let why = |port: &str, status: i32| {
        let port = format!("{} {port}", python().display());
        let mut command = why(&["--script", "script.py", "--port", &port]);
        command.current_dir(&folder);
        prints(command, status)
    };
    let text = why("port.py", 1);
    assert!(text.contains("port.py:8\n") && text.contains("0.11 in place of 0.1"), "{text}");
    assert!(why("turned.py", 0).starts_with("verdict: nothing differs."));
}
