//! What a sweep says and draws.

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use super::Folder;

#[test]
fn the_summary_of_a_csv_is_what_its_sweep_printed() {
    let folder = Folder::new();
    for lr in ["0.001", "0.01"] {
        let flags = format!("sweep --seeds 0..9 --samples 64 --lr {lr} --csv {lr}.csv");
        let printed = folder.run(&flags);
        assert_eq!(folder.run(&format!("sweep --summary {lr}.csv")), printed);
        assert_eq!(folder.run(&flags), printed, "a finished sweep is only summarised");
        assert!(printed.contains("at these settings:"), "{printed}");
        let widest = printed.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80, "{widest} columns:\n{printed}");
    }
    let both = folder.run("sweep --summary 0.001.csv 0.01.csv");
    let leaders: Vec<_> = both.lines().rev().take(3).collect();
    assert!(leaders[2].starts_with("lr "), "{both}");
    assert!(leaders[1].starts_with("0.001 ") && leaders[0].starts_with("0.01 "), "{both}");

    folder.run("sweep --seeds 0..9 --samples 65 --csv other.csv");
    let line = folder.refusal("sweep --summary 0.001.csv other.csv");
    assert!(line.contains("0.001.csv has samples 64, other.csv has 65"), "{line}");
    for flag in ["--lr 0.1", "--seeds 3", "--threads 2", "--same-init", "--csv a.csv"] {
        let line = folder.refusal(&format!("sweep --summary 0.001.csv {flag}"));
        assert!(line.contains("'--summary <FILE>...' cannot be used with '--"), "{line}");
    }
    let line = folder.refusal("sweep --summary none.csv");
    assert!(line.contains("cannot read none.csv"), "{line}");
}

#[test]
fn large_losses_and_long_settings_fit_80_columns() {
    let folder = Folder::new();
    for flags in [
        "--seeds 0..30 --epochs 60 --lr 100 --activations leaky-relu,hardtanh,softplus,softsign",
        "--seeds 0..3 --epochs 1 --samples 400 --features 1000 --hidden 1000 --lr 0.00001234567",
    ] {
        let printed = folder.run(&format!("sweep {flags}"));
        assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
    }
}

#[test]
fn the_plots_show_every_activation() {
    let folder = Folder::new();
    folder.run("sweep --seeds 0..9 --epochs 20 --samples 64 --plot spread.svg --curves curves.svg");
    for name in ["spread.svg", "curves.svg"] {
        let svg = folder.read(name);
        for activation in ["sigmoid", "tanh", "relu"] {
            assert!(svg.contains(activation), "{name} has no {activation}");
        }
        assert_eq!(svg.matches("<polygon opacity=\"0.18\"").count(), 3, "{name}: a band for each");
    }
    // Epochs are counted, losses are not.
    folder.run("sweep --seeds 0..2 --epochs 2 --samples 8 --plot spread.svg --curves curves.svg");
    let curves = folder.read("curves.svg");
    assert!(curves.contains("\n1\n") && !curves.contains("\n1.5\n"), "{curves}");
}

/// Rows of as many seeds as are asked for, with losses that were never trained.
fn made_up(folder: &Folder, csv: &str, seeds: usize) {
    folder.run("sweep --seeds 0..1 --csv one.csv");
    let own = format!("\"seeds\": \"0..{seeds}\"");
    let plan = folder.read("one.csv.json").replace("\"seeds\": \"0\"", &own);
    std::fs::write(folder.path(&format!("{csv}.json")), plan).unwrap();
    let header = folder.read("one.csv").lines().next().unwrap().to_owned() + "\n";
    let rows = (0..seeds).flat_map(|seed| {
        ["sigmoid", "tanh", "relu"].into_iter().zip(0..).map(move |(activation, i)| {
            let loss = 0.25 + ((seed * 7 + i) % 1024) as f64 / 2048.0;
            format!("{seed},{activation},{loss},1,2,3,{}\n", [&*format!(",{loss}"); 9].concat())
        })
    });
    std::fs::write(folder.path(csv), header + &rows.collect::<String>()).unwrap();
}

/// Its numbers are those of Python's `statistics` and of a t table, by hand.
const OF_FIVE: &str = "\
5 seeds: 50 epochs, lr 0.001, 512 samples, 10 features, 64 hidden units

Final loss
activation    mean  95 % interval of it  median      sd  95 % of seeds are in
sigmoid     0.2568     0.2501 to 0.2635  0.2568  0.0054      0.2503 to 0.2633
tanh        0.2573     0.2506 to 0.2640  0.2573  0.0054      0.2508 to 0.2638
relu        0.2578     0.2511 to 0.2645  0.2578  0.0054      0.2513 to 0.2643

First epoch with a loss below, median (- where most seeds have none)
activation  0.6  0.5  0.4  0.2
sigmoid       1    2    3    -
tanh          1    2    3    -
relu          1    2    3    -

Difference of the final losses of the same seed, and how often it is negative
pair               mean  95 % interval of it  seeds
tanh - sigmoid  4.88e-4   4.88e-4 to 4.88e-4  0.0 %
relu - sigmoid  9.77e-4   9.77e-4 to 9.77e-4  0.0 %
relu - tanh     4.88e-4   4.88e-4 to 4.88e-4  0.0 %

Intervals are Student's t of the mean; of the pairs, over the seeds.

The lesson's claim, \"relu is easiest, tanh beats sigmoid\",
does not hold at these settings:
  relu ends below tanh: no (4.88e-4 on average, below in 0.0 % of seeds)
  relu ends below sigmoid: no (9.77e-4 on average, below in 0.0 % of seeds)
  tanh ends below sigmoid: no (4.88e-4 on average, below in 0.0 % of seeds)

Lowest mean loss (? where the runner-up's interval of the difference includes 0)
lr     10 epochs  20 epochs  50 epochs
0.001    sigmoid    sigmoid    sigmoid
";

#[test]
fn the_summary_of_made_up_losses_is_what_one_computes_by_hand() {
    let folder = Folder::new();
    made_up(&folder, "five.csv", 5);
    assert_eq!(folder.run("sweep --summary five.csv"), OF_FIVE);
    let same = folder.run("sweep --seeds 0 --epochs 1 --same-init");
    assert_eq!(same.lines().nth(1), Some("All networks of a seed start from the same weights."));
    let shard = folder.run("sweep --seeds 0..2 --epochs 1 --shard 1/2 --csv s.csv");
    assert!(shard.ends_with("\nShard 1/2 of a sweep: `merge` all of them for the answer.\n"));
}

/// The most memory, in MiB, that a run takes.
fn peak(folder: &Folder, flags: &str) -> f64 {
    let mut child = folder.command(flags).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        if let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
            peak = peak.max(line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0);
        }
        sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn memory_hardly_grows_with_the_seeds() {
    let folder = Folder::new();
    made_up(&folder, "few.csv", 1000);
    made_up(&folder, "many.csv", 100_000);
    for flags in ["--summary SEEDS.csv", "--summary SEEDS.csv --curves curves.svg"] {
        let [few, many] = ["few", "many"]
            .map(|seeds| peak(&folder, &format!("sweep {}", flags.replace("SEEDS", seeds))));
        assert!(few > 20.0 && many - few < 15.0, "{flags}: {few} MiB, then {many} MiB");
    }
}

#[test]
fn one_seed_of_one_epoch_is_told_as_one_and_the_last_seed_of_all_is_a_seed() {
    let folder = Folder::new();
    let text = folder.run("sweep --seeds 9223372036854775807 --epochs 1 --csv a.csv");
    assert!(text.starts_with("1 seed: 1 epoch, lr 0.001, 512 samples, "), "{text}");
    assert!(text.contains("\nlr     1 epoch\n"), "{text}");
    assert_eq!(folder.run("sweep --summary a.csv"), text);
}

#[test]
fn the_summary_steps_aside_for_a_plot_on_standard_output() {
    let folder = Folder::new();
    let svg = folder.run("sweep --seeds 0..2 --samples 16 --epochs 3 --plot -");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
}

#[test]
fn a_shard_without_seeds_says_so_and_draws_nothing() {
    let folder = Folder::new();
    let printed = folder.run("sweep --seeds 0..2 --shard 3/4 --csv empty.csv");
    assert!(printed.starts_with("0 seeds: "), "{printed}");
    let line = folder.refusal("sweep --summary empty.csv --curves curves.svg");
    assert!(line.contains("no seed is done"), "{line}");
}
