//! The shards of a sweep, merged, are the sweep in one piece.

use std::path::Path;
use std::process::Command;

use assert_cmd::prelude::*;

use super::{Folder, kill};

const SWEEP: &str = "sweep --seeds 0..203 --samples 64 --epochs 20";

#[test]
fn four_processes_one_of_them_killed_merge_into_the_bytes_of_one() {
    let folder = Folder::new();
    folder.run(&format!("{SWEEP} --csv whole.csv"));

    let shard = |k| format!("{SWEEP} --jobs 1 --shard {k}/4 --csv part{k}.csv");
    let mut processes: Vec<_> = (1..=4).map(|k| folder.start(&shard(k))).collect();
    folder.wait_for_rows("part3.csv", 4);
    kill(processes.remove(2));
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let merge = "merge merged.csv part2.csv part4.csv part3.csv part1.csv";
    let line = folder.refusal(merge);
    assert!(line.contains("part3.csv has ") && line.contains(" of its 51 seeds"), "{line}");
    assert_eq!(folder.read("merged.csv"), "", "nothing is written");

    folder.run(&shard(3));
    folder.run(merge);
    assert_eq!(folder.read("merged.csv"), folder.read("whole.csv"));
    assert_eq!(folder.read("merged.csv.json"), folder.read("whole.csv.json"));
    folder.run(merge);
    assert_eq!(folder.read("merged.csv"), folder.read("whole.csv"), "merged twice");
}

#[test]
fn shards_that_do_not_make_one_sweep_are_refused() {
    let folder = Folder::new();
    let small = "sweep --seeds 0..9 --samples 16 --epochs 3";
    for (flags, name) in [
        ("--shard 1/3", "a.csv"),
        ("--shard 2/3", "b.csv"),
        ("--shard 3/3", "c.csv"),
        ("--shard 2/3", "again.csv"),
        ("--shard 3/3 --lr 0.1", "other.csv"),
        ("--shard 2/4", "quarter.csv"),
    ] {
        folder.run(&format!("{small} {flags} --csv {name}"));
    }
    for (shards, reason) in [
        ("a.csv c.csv", "shard 2/3 is missing"),
        ("a.csv b.csv again.csv c.csv", "b.csv and again.csv are both shard 2/3"),
        ("a.csv b.csv other.csv", "a.csv has lr 0.001, other.csv has 0.1"),
        ("a.csv quarter.csv", "a.csv is shard 1/3, quarter.csv is shard 2/4"),
        ("a.csv none.csv", "cannot read none.csv"),
    ] {
        let line = folder.refusal(&format!("merge out.csv {shards}"));
        assert!(line.contains(reason), "{line}");
        assert_eq!(folder.read("out.csv"), "", "nothing is written");
    }
    let before = folder.read("a.csv");
    let line = folder.refusal("merge a.csv a.csv b.csv c.csv");
    assert!(line.contains("a.csv was made with shard 1/3, not 1/1"), "{line}");
    assert_eq!(folder.read("a.csv"), before);
}

/// There is no cluster in a test, but the command that its pods run is run.
#[test]
fn the_pods_of_the_kubernetes_job_write_shards_that_merge() {
    let folder = Folder::new();
    let manifest = include_str!("../../../cluster/sweep.job.yaml");
    let command = manifest.lines().find_map(|line| line.trim().strip_prefix("- K=")).unwrap();
    let command = format!("K={command} --samples 16 --epochs 2");
    let binary = Path::new(assert_cmd::cargo::cargo_bin!("tanh-parity"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), env!("PATH"));
    for index in 0..4 {
        let mut pod = Command::new("sh");
        pod.args(["-c", &command]).current_dir(folder.path(".")).env("PATH", &path);
        pod.env("JOB_COMPLETION_INDEX", index.to_string()).assert().success();
    }
    folder.run("merge merged.csv part1.csv part2.csv part3.csv part4.csv");
    assert_eq!(folder.read("merged.csv").lines().count(), 1 + 3 * 1000);
}
