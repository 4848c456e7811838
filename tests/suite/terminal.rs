//! What one sees on a terminal while a run takes its time, and nobody else does.

use tempfile::TempDir;

use crate::common::{on_a_terminal, outcome, program, root, tanh_parity, tanh_parity_in};

fn shown_on_a_terminal(folder: &TempDir, flags: &str) -> String {
    let (code, shown, stderr) = outcome(on_a_terminal(folder, flags));
    assert_eq!(code, 0, "{flags}\n{shown}{stderr}");
    shown
}

/// The positions that a bar of this length showed, `12/3000 epochs`.
fn positions(shown: &str, length: &str) -> Vec<u64> {
    let behind = format!("/{length}");
    let before = shown.split(&behind).map(|part| {
        let digits = part.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse().ok()
    });
    before.flatten().collect()
}

#[test]
fn a_long_run_shows_how_far_it_is_and_clears_the_line() {
    let folder = TempDir::new().unwrap();
    for (flags, length, of) in [
        ("train --epochs 6000", "18000 epochs", 18_000),
        ("pitfalls betas-0.99 --epochs 1000", "6000 epochs", 6000),
        ("sweep --seeds 0..400", "400 seeds", 400),
    ] {
        let shown = shown_on_a_terminal(&folder, flags);
        let positions = positions(&shown, length);
        assert!(positions.len() > 2, "{flags}: {positions:?}\n{shown}");
        assert!(positions.is_sorted(), "{flags}: {positions:?}");
        let last = *positions.last().unwrap();
        assert!((of * 7 / 10..=of).contains(&last), "{flags}: {last}");
        assert!(shown.contains(" left"), "{flags}: {shown}");
        if of == 18_000 {
            // What is trained at the moment stands first.
            let bars: Vec<_> = shown.split('\r').filter(|bar| bar.contains(length)).collect();
            assert!(bars.last().unwrap().contains("relu "), "{bars:?}");
            assert!(bars.iter().any(|bar| bar.contains("tanh ")), "{bars:?}");
        }
        let cleared = shown.rfind("\u{1b}[2K").unwrap();
        assert!(
            cleared > shown.rfind(&format!("/{length}")).unwrap(),
            "{flags}: the bar stays\n{shown}"
        );
    }
    let flags = "train --epochs 6000";
    let (_, printed, stderr) = outcome(tanh_parity(flags));
    assert_eq!((printed.lines().count(), stderr.as_str()), (3, ""), "in a pipe: {printed}");
    assert_eq!(shown_on_a_terminal(&folder, &format!("{flags} --quiet")), "");
    // A short run shows none.
    assert!(!shown_on_a_terminal(&folder, "train --epochs 2 --samples 8").contains("epochs,"));
}

/// A path to Python from here, though the twin runs in another folder; a bare name
/// is one on the `PATH`.
#[test]
fn python_is_named_by_a_path_from_here_or_by_its_name() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    program(&folder, "bin/own", &format!("exec '{}/.venv/bin/python'", root().display()));
    let on_path = format!("{}/bin:/usr/bin:/bin", folder.path().display());
    for (name, path) in [("bin/own", "/usr/bin:/bin"), ("own", &on_path)] {
        let mut command = tanh_parity_in(&folder, &format!("check --epochs 1 --python {name}"));
        command.env("PATH", path);
        let (code, report, stderr) = outcome(command);
        assert_eq!(code, 0, "{report}{stderr}");
    }
}
