//! A sweep that is killed goes on where it stopped, and ends in the same bytes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use assert_cmd::prelude::*;
use tempfile::TempDir;

const SWEEP: &str = "sweep --seeds 0..600 --samples 64 --hidden 8 --epochs 20";

fn sweep(folder: &TempDir, flags: &str) -> Command {
    let mut command = Command::cargo_bin("tanh-parity").unwrap();
    command.args(flags.split_whitespace()).current_dir(folder);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn bytes(folder: &TempDir, name: &str) -> Vec<u8> {
    std::fs::read(folder.path().join(name)).unwrap_or_default()
}

fn lines(folder: &TempDir, name: &str) -> usize {
    bytes(folder, name).iter().filter(|&&byte| byte == b'\n').count()
}

/// Waits until the CSV has its first rows.
fn wait_for_rows(csv: &Path) {
    let started = Instant::now();
    while std::fs::metadata(csv).map_or(0, |file| file.len()) < 1000 {
        assert!(started.elapsed() < Duration::from_secs(60), "no rows after a minute");
        sleep(Duration::from_millis(2));
    }
}

/// `kill -9`.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn refusal(folder: &TempDir, flags: &str) -> String {
    let output = sweep(folder, flags).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    stderr
}

#[test]
fn a_sweep_killed_at_random_moments_ends_in_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    sweep(&folder, &format!("{SWEEP} --csv whole.csv")).assert().success();

    let mut random = fastrand::Rng::new();
    let (mut kills, mut midway) = (0, 0);
    while kills < 40 {
        let child = sweep(&folder, &format!("{SWEEP} --csv killed.csv")).spawn().unwrap();
        // At times before the start-up's end, at times amid the writing.
        if random.bool() {
            wait_for_rows(&folder.path().join("killed.csv"));
        }
        sleep(Duration::from_micros(random.u64(0..400_000)));
        kill(child);
        kills += 1;
        let done = lines(&folder, "killed.csv");
        midway += usize::from((2..=1800).contains(&done));
        if done > 1800 {
            // Done before all kills were: once more from the start.
            assert_eq!(bytes(&folder, "killed.csv"), bytes(&folder, "whole.csv"));
            std::fs::remove_file(folder.path().join("killed.csv")).unwrap();
        }
    }
    assert!(midway >= 10, "{midway} of {kills} kills hit a half-done sweep");
    sweep(&folder, &format!("{SWEEP} --csv killed.csv")).assert().success();
    assert_eq!(bytes(&folder, "killed.csv"), bytes(&folder, "whole.csv"), "after {kills} kills");
    assert_eq!(bytes(&folder, "killed.csv.json"), bytes(&folder, "whole.csv.json"));
}

#[test]
fn a_csv_that_is_not_this_sweeps_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    let small = "sweep --seeds 0..4 --samples 16 --epochs 3";
    sweep(&folder, &format!("{small} --csv a.csv")).assert().success();
    let before = bytes(&folder, "a.csv");
    for (other, reason) in [
        ("--lr 0.1", "a.csv was made with lr 0.001, not 0.1"),
        ("--shard 1/2", "a.csv was made with shard 1/1, not 1/2"),
        ("--epochs 4", "a.csv was made with epochs 3, not 4"),
    ] {
        let flags = format!("sweep --seeds 0..4 --samples 16 --csv a.csv {other}");
        let flags = if other.contains("epochs") { flags } else { flags + " --epochs 3" };
        let line = refusal(&folder, &flags);
        assert!(line.contains(reason), "{line}");
    }
    std::fs::write(folder.path().join("notes.csv"), "what,when\n").unwrap();
    let line = refusal(&folder, &format!("{small} --csv notes.csv"));
    assert!(line.contains("notes.csv is no sweep's CSV"), "{line}");
    assert_eq!(bytes(&folder, "notes.csv"), b"what,when\n");
    assert_eq!(bytes(&folder, "a.csv"), before);

    let edited = String::from_utf8(before).unwrap().replacen("1,sigmoid", "9,sigmoid", 1);
    std::fs::write(folder.path().join("a.csv"), edited).unwrap();
    let line = refusal(&folder, &format!("{small} --csv a.csv"));
    assert!(line.contains("line 5 is not the row that belongs there"), "{line}");
    let line = refusal(&folder, &format!("{small} --csv -"));
    assert!(line.contains("name a file instead of -"), "{line}");
}

#[test]
fn two_sweeps_on_one_file_are_refused() {
    let folder = TempDir::new().unwrap();
    let flags = "sweep --seeds 0..100000 --samples 16 --epochs 3 --jobs 1 --csv a.csv";
    let first = sweep(&folder, flags).spawn().unwrap();
    wait_for_rows(&folder.path().join("a.csv"));
    let line = refusal(&folder, flags);
    assert!(line.contains("a.csv is being written by another sweep"), "{line}");
    kill(first);
}
