//! The shards of a sweep, merged, are the sweep in one piece.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use assert_cmd::prelude::*;
use tempfile::TempDir;

const SWEEP: &str = "sweep --seeds 0..203 --samples 64 --epochs 20";

fn tanh_parity(folder: &TempDir, flags: &str) -> Command {
    let mut command = Command::cargo_bin("tanh-parity").unwrap();
    command.args(flags.split_whitespace()).current_dir(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(folder: &TempDir, flags: &str) {
    tanh_parity(folder, flags).assert().success();
}

fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap_or_default()
}

fn refusal(folder: &TempDir, flags: &str) -> String {
    let output = tanh_parity(folder, flags).stderr(Stdio::piped()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    stderr
}

#[test]
fn four_processes_one_of_them_killed_merge_into_the_bytes_of_one() {
    let folder = TempDir::new().unwrap();
    run(&folder, &format!("{SWEEP} --csv whole.csv"));

    let shard = |k| format!("{SWEEP} --jobs 1 --shard {k}/4 --csv part{k}.csv");
    let mut processes: Vec<_> =
        (1..=4).map(|k| tanh_parity(&folder, &shard(k)).spawn().unwrap()).collect();
    while read(&folder, "part3.csv").lines().count() < 5 {
        sleep(Duration::from_millis(2));
    }
    processes[2].kill().unwrap();
    for mut process in processes {
        process.wait().unwrap();
    }
    let merge = "merge merged.csv part2.csv part4.csv part3.csv part1.csv";
    let line = refusal(&folder, merge);
    assert!(line.contains("part3.csv has ") && line.contains(" of its 51 seeds"), "{line}");
    assert_eq!(read(&folder, "merged.csv"), "", "nothing is written");

    run(&folder, &shard(3));
    run(&folder, merge);
    assert_eq!(read(&folder, "merged.csv"), read(&folder, "whole.csv"));
    assert_eq!(read(&folder, "merged.csv.json"), read(&folder, "whole.csv.json"));
    run(&folder, merge);
    assert_eq!(read(&folder, "merged.csv"), read(&folder, "whole.csv"), "merged twice");
}

#[test]
fn shards_that_do_not_make_one_sweep_are_refused() {
    let folder = TempDir::new().unwrap();
    let small = "sweep --seeds 0..9 --samples 16 --epochs 3";
    for (flags, name) in [
        ("--shard 1/3", "a.csv"),
        ("--shard 2/3", "b.csv"),
        ("--shard 3/3", "c.csv"),
        ("--shard 2/3", "again.csv"),
        ("--shard 3/3 --lr 0.1", "other.csv"),
        ("--shard 2/4", "quarter.csv"),
    ] {
        run(&folder, &format!("{small} {flags} --csv {name}"));
    }
    for (shards, reason) in [
        ("a.csv c.csv", "shard 2/3 is missing"),
        ("a.csv b.csv again.csv c.csv", "b.csv and again.csv are both shard 2/3"),
        ("a.csv b.csv other.csv", "a.csv has lr 0.001, other.csv has 0.1"),
        ("a.csv quarter.csv", "a.csv is shard 1/3, quarter.csv is shard 2/4"),
        ("a.csv none.csv", "cannot read none.csv"),
    ] {
        let line = refusal(&folder, &format!("merge out.csv {shards}"));
        assert!(line.contains(reason), "{line}");
        assert_eq!(read(&folder, "out.csv"), "", "nothing is written");
    }
    let before = read(&folder, "a.csv");
    let line = refusal(&folder, "merge a.csv a.csv b.csv c.csv");
    assert!(line.contains("a.csv was made with shard 1/3, not 1/1"), "{line}");
    assert_eq!(read(&folder, "a.csv"), before);
}

/// There is no cluster in a test, but the command that its pods run is run.
#[test]
fn the_pods_of_the_kubernetes_job_write_shards_that_merge() {
    let folder = TempDir::new().unwrap();
    let manifest = include_str!("../cluster/sweep.job.yaml");
    let command = manifest.lines().find_map(|line| line.trim().strip_prefix("- K=")).unwrap();
    let command = format!("K={command} --samples 16 --epochs 2");
    let binary = assert_cmd::cargo::cargo_bin("tanh-parity");
    let path = format!("{}:{}", binary.parent().unwrap().display(), env!("PATH"));
    for index in 0..4 {
        let mut pod = Command::new("sh");
        pod.args(["-c", &command]).current_dir(&folder).env("PATH", &path);
        pod.env("JOB_COMPLETION_INDEX", index.to_string()).assert().success();
    }
    run(&folder, "merge merged.csv part1.csv part2.csv part3.csv part4.csv");
    assert_eq!(read(&folder, "merged.csv").lines().count(), 1 + 3 * 1000);
}
