//! docs/two-versions.md: its commands run, and print what the page says. It takes an
//! environment with PyTorch 2.4.1, which `make test-torch24` makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

const PARITY: &str = env!("CARGO_BIN_EXE_parity");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The environment with the old PyTorch, where there is one.
fn old() -> Option<PathBuf> {
    let said = std::env::var_os("TANH_PARITY_OLD_PYTHON").map(PathBuf::from);
    let python = said.unwrap_or_else(|| root().join(".venv-2.4/bin/python"));
    python.is_file().then(|| python.ancestors().nth(2).unwrap().to_owned())
}

/// The page's blocks: commands, and what the last one prints.
fn blocks() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(root().join("docs/two-versions.md")).unwrap();
    let blocks: Vec<_> = page.split("\n```").skip(1).step_by(2).map(str::trim).collect();
    blocks.as_chunks().0.iter().map(|[run, prints]| (run.to_string(), prints.to_string())).collect()
}

/// The first line of the page that is not printed where it should be; of numbers, only
/// that they are there, if they vary.
fn missing<'a>(printed: &str, expected: &'a str, varies: bool) -> Option<&'a str> {
    let number = Regex::new(r"-?\d[\w.,+-]*").unwrap();
    let plain = |line: &str| {
        if varies { number.replace_all(line, "number").into_owned() } else { line.to_owned() }
    };
    let mut rest = printed.lines();
    let mut may_skip = false;
    for line in expected.lines() {
        if line == "..." {
            may_skip = true;
            continue;
        }
        let is_it = |other: &str| plain(other) == plain(line);
        if !(if may_skip { rest.any(is_it) } else { rest.next().is_some_and(is_it) }) {
            return Some(line);
        }
        may_skip = false;
    }
    (!may_skip).then(|| rest.next()).flatten().map(|_| "nothing more")
}

#[test]
fn the_page_says_what_is_printed() {
    let Some(old) = old() else {
        return println!("left out: no Python in .venv-2.4: run `make test-torch24`");
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["tests", "crates"] {
        std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
    }
    let path =
        [Path::new(PARITY).parent().unwrap().as_os_str(), &std::env::var_os("PATH").unwrap()]
            .join(std::ffi::OsStr::new(":"));
    let blocks = blocks();
    assert_eq!(blocks.len(), 3);
    for (i, (commands, expected)) in blocks.iter().enumerate() {
        let mut printed = String::new();
        for line in commands.lines() {
            let status = i32::from(line.ends_with("# exits with 1"));
            let mut shell = Command::new("sh");
            shell.args(["-c", line]).current_dir(&folder).env("OLD", &old).env("PATH", &path);
            shell.env("TANH_PARITY_PYTHON", root().join(".venv/bin/python"));
            let output = shell.output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(status), "{line}\n{errors}");
            printed = String::from_utf8(output.stdout).unwrap();
        }
        let missing = missing(&printed, expected, i > 0);
        assert_eq!(missing, None, "{commands}\nprints\n{printed}");
    }
}

#[test]
fn a_line_that_is_not_printed_is_found() {
    let printed = "verdict: exact\nA  0.25 (0x3e)\n  B  x\nend\n";
    assert_eq!(missing(printed, "verdict: exact\nA  0.25 (0x3e)\n...\nend", false), None);
    assert_eq!(missing(printed, "verdict: exact\nA  1.5 (0xff)\n...", true), None);
    assert_eq!(
        missing(printed, "verdict: exact\nA  1.5 (0xff)\n...", false),
        Some("A  1.5 (0xff)")
    );
    assert_eq!(missing(printed, "verdict: exact\nend", true), Some("end"));
    assert_eq!(missing(printed, "...\nB  y\n...", true), Some("B  y"));
    assert_eq!(missing(printed, "verdict: exact", false), Some("nothing more"));
}
