//! What recording leaves alone, and what is said where nothing can be seen.

use std::process::Command;
use std::time::Duration;

use parity::ops::{Bounds, watched};

use super::{example, prints, python, real_python, root, why};

/// Standard output and exit status are the same with the watcher and without.
#[test]
fn recording_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for script in ["tests/lesson.py", "tests/scripts/raises.py", "tests/scripts/exits.py"] {
        let command = |name: &str| {
            let mut command = Command::new(real_python());
            command.arg(script).current_dir(root());
            let out = folder.path().join(name);
            command.stdout(std::fs::File::create(&out).unwrap());
            (command, out)
        };
        let (mut plain, plain_out) = command("plain");
        let status = plain.status().unwrap();
        let (seen, seen_out) = command("seen");
        let list = folder.path().join("list");
        let ended = watched(seen, &Bounds::ALL, Duration::from_secs(600), &list).unwrap();
        std::fs::remove_file(list).unwrap();
        assert_eq!(ended, status, "{script}");
        assert_eq!(std::fs::read(plain_out).unwrap(), std::fs::read(seen_out).unwrap(), "{script}");
    }
}

/// What lay in memory before is no result: two runs of the same two programs print the
/// same, and so do two lists of one program.
#[test]
fn two_runs_count_the_same() {
    let text = || prints(why(&["--script", "tests/lesson.py", "--port", &example("plain-tch")]), 1);
    assert_eq!(text(), text());
}

/// The program is found behind whatever starts it.
#[test]
fn lists_are_kept_and_compared_and_may_come_from_behind_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.py"),
        "import torch\ntorch.manual_seed(0)\nprint(torch.randn(3).exp().sum().item())\n",
    )
    .unwrap();
    let shell = format!("sh -c 'true; {} a.py; true'", python().display());
    let here = |args: &[&str]| {
        let mut command = why(args);
        command.current_dir(&folder);
        command
    };
    prints(here(&["--script", "a.py", "--save", "a.operations"]), 0);
    prints(here(&["--port", &shell, "--save", "b.operations"]), 0);
    let files = ["--json", "out.json", "--html", "out.html"];
    let text = prints(here(&[&["a.operations", "b.operations"], &files[..]].concat()), 0);
    assert!(text.starts_with("verdict: nothing differs."), "{text}");
    let page = std::fs::read_to_string(folder.path().join("out.html")).unwrap();
    let is_whole = page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n");
    let said =
        page.contains("</span> Nothing differs</span></h1>") && page.contains("port&#39;s results");
    assert!(is_whole && said && page.contains("Written by parity"), "{page}");
    let json = std::fs::read(folder.path().join("out.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert!(json["finding"].is_null() && json["script"]["operations"].as_u64() > Some(2), "{json}");
    prints(here(&["--script", "a.py", "--save", "short.operations", "--first", "2"]), 0);
    let text = prints(here(&["a.operations", "short.operations"]), 1);
    assert!(text.contains("leaves something"), "{text}");
    // What --script names is the script, and the list is the port's.
    let text = prints(here(&["--script", "a.py", "short.operations"]), 1);
    assert!(text.contains("leaves something"), "{text}");
}

#[test]
fn each_limit_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("x.operations").display().to_string();
    let said = |port: &str, vars: &[(&str, &str)]| {
        let mut command = why(&["--port", port, "--save", &list]);
        command.envs(vars.iter().copied());
        let text = prints(command, 2);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!std::path::Path::new(&list).exists());
        text
    };
    assert!(said("true", &[]).contains("loaded no libtorch_cpu.so"));
    assert!(said("false", &[]).contains("before it loaded libtorch: mend what it says above"));
    for (port, remedy) in [
        ("no-such-program", "name a program that is there with --port"),
        ("tests/lesson.py", "begin the command with its Python, as in 'python train.py'"),
        ("Makefile", "write ./ before it"),
        ("./Makefile", "make it executable, and begin a script with #! and its interpreter"),
    ] {
        let line = said(port, &[]);
        assert!(line.contains(&format!("cannot start {port}: {remedy}: ")), "{line}");
    }
    assert!(said("sh -c 'exit", &[]).contains("close the quotes"));
    let python = real_python().display().to_string();
    let silent = format!("{python} -c 'import torch'");
    assert!(said(&silent, &[]).contains("called no operation"));
    let cache = folder.path().display().to_string();
    let none = [("CXX", "no-such-compiler"), ("XDG_CACHE_HOME", cache.as_str())];
    assert!(said(&silent, &none).contains("there is no C++ compiler `no-such-compiler`"));
    let broken = [("CXX", "false"), ("XDG_CACHE_HOME", cache.as_str())];
    assert!(said(&silent, &broken).contains("could not compile"));
    let two = prints(why(&["--script", "tests/lesson.py"]), 2);
    assert!(two.contains("two programs are compared"), "{two}");
    let steps = prints(why(&["a", "b", "--steps", "3"]), 2);
    assert!(steps.contains("3 is no range of steps such as 0..10"), "{steps}");
    let bad = prints(why(&["Cargo.toml", "Cargo.toml"]), 2);
    assert!(bad.contains("not a list of operations"), "{bad}");
}
