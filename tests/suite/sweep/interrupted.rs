//! A sweep that is killed goes on where it stopped, and ends in the same bytes.

use std::thread::sleep;
use std::time::Duration;

use super::{Folder, kill};

const SWEEP: &str = "sweep --seeds 0..1500 --samples 64 --hidden 8 --epochs 20";

#[test]
fn a_sweep_killed_at_random_moments_ends_in_the_same_bytes() {
    let folder = Folder::new();
    folder.run(&format!("{SWEEP} --csv whole.csv"));

    let all = folder.read("whole.csv").lines().count();

    let mut random = fastrand::Rng::new();
    let mut midway = 0;
    for _ in 0..30 {
        let before = folder.read("killed.csv").lines().count();
        let child = folder.start(&format!("{SWEEP} --csv killed.csv"));
        // Half of them amid the writing, half at times before the start-up's end.
        if random.bool() {
            folder.wait_for_rows("killed.csv", before);
        }
        sleep(Duration::from_micros(random.u64(0..400_000)));
        kill(child);
        let done = folder.read("killed.csv").lines().count();
        midway += usize::from(1 < done && done < all);
        if done == all {
            // Too soon: once more from the start.
            assert_eq!(folder.read("killed.csv"), folder.read("whole.csv"));
            std::fs::remove_file(folder.path("killed.csv")).unwrap();
        }
    }
    assert!(midway >= 10, "only {midway} of 30 kills found a sweep half done");
    folder.run(&format!("{SWEEP} --csv killed.csv"));
    assert_eq!(folder.read("killed.csv"), folder.read("whole.csv"));
    assert_eq!(folder.read("killed.csv.json"), folder.read("whole.csv.json"));
}

#[test]
fn a_csv_that_is_not_this_sweeps_is_refused_and_left_alone() {
    let folder = Folder::new();
    let small = "sweep --seeds 0..4 --samples 16 --epochs 3";
    folder.run(&format!("{small} --csv a.csv"));
    let before = folder.read("a.csv");
    for (other, reason) in [
        ("--epochs 3 --lr 0.1", "a.csv was made with lr 0.001, not 0.1"),
        ("--epochs 3 --shard 1/2", "a.csv was made with shard 1/1, not 1/2"),
        ("--epochs 4", "a.csv was made with epochs 3, not 4"),
    ] {
        let line = folder.refusal(&format!("sweep --seeds 0..4 --samples 16 --csv a.csv {other}"));
        assert!(line.contains(reason), "{line}");
    }
    std::fs::write(folder.path("notes.csv"), "what,when\n").unwrap();
    let line = folder.refusal(&format!("{small} --csv notes.csv"));
    assert!(line.contains("notes.csv is no sweep's CSV"), "{line}");
    assert_eq!(folder.read("notes.csv"), "what,when\n");
    std::fs::write(folder.path("mine.csv.json"), "{\"mine\":\"1\"}").unwrap();
    let line = folder.refusal(&format!("{small} --csv mine.csv"));
    assert!(line.contains("mine.csv.json is not as a sweep writes it"), "{line}");
    assert_eq!(folder.read("mine.csv.json"), "{\"mine\":\"1\"}");
    assert_eq!(folder.read("a.csv"), before);

    let edited = before.replacen("1,sigmoid", "9,sigmoid", 1);
    std::fs::write(folder.path("a.csv"), edited).unwrap();
    let line = folder.refusal(&format!("{small} --csv a.csv"));
    assert!(line.contains("line 5 is not the row that belongs there"), "{line}");
    let line = folder.refusal(&format!("{small} --csv -"));
    assert!(line.contains("name one instead of -"), "{line}");
    // The first word of the header, but nobody's sweep.
    std::fs::write(folder.path("word.csv"), "seed").unwrap();
    let line = folder.refusal(&format!("{small} --csv word.csv"));
    assert!(line.contains("word.csv is no sweep's CSV"), "{line}");
    assert_eq!(folder.read("word.csv"), "seed");
}

#[test]
fn a_sweep_is_extended_by_more_seeds_and_ends_in_the_bytes_of_one_piece() {
    let folder = Folder::new();
    let sweep = |seeds: &str, csv: &str| {
        format!("sweep --seeds {seeds} --samples 16 --epochs 3 --jobs 2 --csv {csv}")
    };
    let whole = folder.run(&sweep("0..12", "whole.csv"));
    folder.run(&sweep("0..5", "a.csv"));
    assert_eq!(folder.run(&sweep("0..12", "a.csv")), whole);
    for end in [".csv", ".csv.json"] {
        assert_eq!(folder.read(&format!("a{end}")), folder.read(&format!("whole{end}")));
    }
    // Shards too: the K-th of N seeds stays where it is.
    for k in 1..=3 {
        for seeds in ["0..5", "0..12"] {
            folder.run(&format!("{} --shard {k}/3", sweep(seeds, &format!("{k}.csv"))));
        }
    }
    folder.run("merge merged.csv 3.csv 1.csv 2.csv");
    assert_eq!(folder.read("merged.csv"), folder.read("whole.csv"));
    for seeds in ["0..11", "1..12", "-2..12", "0..12,20 --epochs 4"] {
        let line = folder.refusal(&sweep(seeds, "a.csv").replace("--epochs 3", ""));
        assert!(line.contains("a.csv was made with "), "{line}");
    }
    assert_eq!(folder.read("a.csv"), folder.read("whole.csv"));
}

#[test]
fn a_csv_saved_by_another_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    let sweep = "sweep --samples 16 --epochs 3 --csv a.csv --seeds";
    folder.run(&format!("{sweep} 0..3"));
    let windows = folder.read("a.csv").replace('\n', "\r\n");
    std::fs::write(folder.path("a.csv"), &windows).unwrap();
    for run in [format!("{sweep} 0..4"), "sweep --summary a.csv".to_owned()] {
        let line = folder.refusal(&run);
        assert!(line.contains("a.csv is not what its sweep wrote; move it away"), "{line}");
    }
    assert_eq!(folder.read("a.csv"), windows);
}

#[test]
fn a_plot_does_not_overwrite_what_the_sweep_keeps() {
    let folder = Folder::new();
    let small = "sweep --seeds 0..2 --samples 16 --epochs 3 --csv a.rows";
    for plot in ["a.rows", "./a.rows"] {
        let line = folder.refusal(&format!("{small} --plot {plot}"));
        assert!(line.contains("a plot would overwrite a.rows"), "{line}");
    }
    let line = folder.refusal(&format!("{small} --plot a.rows.json"));
    assert!(line.contains("a.rows.json: its contents would be svg"), "{line}");
    folder.run(small);
    let line = folder.refusal("sweep --summary a.rows --curves a.rows");
    assert!(line.contains("a plot would overwrite a.rows: name another file"), "{line}");
}

#[test]
fn a_plan_that_was_edited_is_refused_at_once() {
    let folder = Folder::new();
    folder.run("sweep --seeds 0..2 --samples 16 --epochs 3 --csv a.csv");
    let plan = folder.read("a.csv.json");
    for (was, is) in [
        ("\"epochs\": \"3\"", "\"epochs\": \"18446744073709551615\""),
        ("\"samples\": \"16\"", "\"samples\": \"many\""),
        ("\"lr\"", "\"rate\""),
    ] {
        assert!(plan.contains(was), "{plan}");
        std::fs::write(folder.path("a.csv.json"), plan.replace(was, is)).unwrap();
        let line = folder.refusal("sweep --summary a.csv");
        assert!(line.contains("a.csv.json is not as a sweep writes it"), "{line}");
    }
}

#[test]
fn two_sweeps_on_one_file_are_refused() {
    let folder = Folder::new();
    let flags = "sweep --seeds 0..100000 --samples 16 --epochs 3 --jobs 1 --csv a.csv";
    let first = folder.start(flags);
    folder.wait_for_rows("a.csv", 9);
    let line = folder.refusal(flags);
    assert!(line.contains("a.csv is being written by another sweep"), "{line}");
    kill(first);
}
