//! What a sweep says and draws.

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
