//! `check` over all experiments: it passes, and it can fail.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::common::{mistaken_python, outcome, program, root, tanh_parity, tanh_parity_in};
use tempfile::TempDir;

pub const EXPERIMENTS: [&str; 5] = ["train", "curve", "signal", "recurrent", "generator"];

fn real() -> PathBuf {
    root().join(".venv/bin/python")
}

/// An interpreter whose tanh is 2σ(2x) - 1: the same function, other bits.
fn other_tanh(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("python");
    let script = format!(
        "#!/bin/sh\nexec {} -c '
import runpy, sys, torch
torch.tanh = lambda x: 2 * torch.sigmoid(2 * x) - 1
_, _, module, *flags = sys.argv
sys.argv = [module, *flags]
runpy.run_module(module, run_name=\"__main__\")
' \"$@\"\n",
        real().display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn every_experiment_with_its_defaults_has_the_bits_of_python() {
    let (code, report, stderr) = outcome(tanh_parity("check all"));
    assert_eq!(code, 0, "{report}{stderr}");
    assert!(report.contains("\nverdict: exact: "), "{report}");
    assert!(report.contains("\nTwins   python_ref/ of this checkout\n"), "{report}");
    for experiment in EXPERIMENTS {
        assert!(report.contains(&format!("\n{experiment} ")), "{report}");
    }
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
}

#[test]
fn fails_when_python_has_another_tanh_and_names_where_each_experiment_parts() {
    let folder = TempDir::new().unwrap();
    let args = format!("check all --python {} --html p.html", other_tanh(&folder).display());
    let (code, report, stderr) = outcome(tanh_parity_in(&folder, &args));
    assert_eq!(code, 1, "{report}{stderr}");
    let page = fs::read_to_string(folder.path().join("p.html")).unwrap();
    for (i, experiment) in EXPERIMENTS.iter().enumerate() {
        let link = format!("<li><a href=\"#c{i}\">{experiment}</a>: ");
        assert_eq!(page.matches(&link).count(), 1, "{link}");
        assert_eq!(page.matches(&format!(" id=\"c{i}\"")).count(), 1, "{experiment}");
    }
    assert!(report.contains("\nverdict: diverged: "), "{report}");
    for (experiment, place) in EXPERIMENTS.iter().zip([
        "tanh, epoch 1, forward",
        "tanh, at the start, measure",
        "tanh-1, at the start, measure",
        "rnn-tanh-5, at the start, measure",
        "tanh, epoch 1, forward",
    ]) {
        let found = format!("\n{experiment}:\nfirst divergence: {place}");
        assert!(report.contains(&found), "no {found} in\n{report}");
    }
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
}

#[test]
fn a_twin_that_ends_badly_is_told_in_one_line() {
    let folder = TempDir::new().unwrap();
    for (body, said) in [
        ("os.kill(os.getpid(), 9)", "the Python twin failed (signal: 9 (SIGKILL))"),
        ("sys.exit(3)", "the Python twin failed (exit status: 3): it printed no reason"),
        ("import nosuch", "No module named 'nosuch' ("),
        ("os.kill(os.getppid(), 9)", "the Python twins failed (signal: 9 (SIGKILL))"),
    ] {
        let folder = TempDir::new_in(&folder).unwrap();
        let python = mistaken_python(
            &real(),
            &folder,
            &format!("s/^def main(argv=None):/&\\n    import os, sys; {body}/"),
        );
        let (code, report, stderr) = outcome(tanh_parity(&format!("check all --python {python}")));
        assert_eq!((code, report.as_str(), stderr.lines().count()), (2, "", 1), "{body}: {stderr}");
        assert!(stderr.contains(said), "{body}: {stderr}");
    }
}

/// Those that still write, too, as soon as one has failed.
#[test]
fn twins_end_before_their_folders_go() {
    let (folder, temporary) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let python = mistaken_python(
        &real(),
        &folder,
        "s/^def main(argv=None):/&\\n    import os, time\
         \\n    if 'train' in __name__: time.sleep(1); raise SystemExit(3)\
         \\n    while folder := os.path.dirname(argv[-1][8:]):\
         \\n        os.makedirs(folder, exist_ok=True)\
         \\n        open(f'{folder}\\/{time.time_ns()}', 'w').close()/",
    );
    let mut check = tanh_parity(&format!("check all --python {python}"));
    check.env("TMPDIR", temporary.path());
    let (code, _, stderr) = outcome(check);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("failed (exit status: 3)"), "{stderr}");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn a_single_check_fails_likewise_and_shows_what_the_twin_notes() {
    let folder = TempDir::new().unwrap();
    let spoiled = other_tanh(&folder).display().to_string();
    let (code, report, _) = outcome(tanh_parity(&format!("check curve --python {spoiled}")));
    assert_eq!(code, 1, "{report}");
    let args = format!("check curve --python {spoiled} --activations relu");
    assert_eq!(outcome(tanh_parity(&args)).0, 0);
    let (code, report, _) = outcome(tanh_parity("check curve"));
    assert_eq!(code, 0, "{report}");
    assert!(report.contains("\nnote: NumPy's tanh: "), "{report}");
}

#[test]
fn the_experiments_flags_belong_to_it_alone() {
    for args in ["check all --seed 1", "check curve --epochs 3", "check --points 3", "check nosuch"]
    {
        let (code, stdout, stderr) = outcome(tanh_parity(args));
        assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{args}: {stderr}");
    }
    for (args, flag) in [
        ("check --help", "--epochs"),
        ("check train --help", "--script"),
        ("check curve --help", "--points"),
        ("check signal --help", "--depths"),
        ("check all --help", "--threads"),
    ] {
        let (code, help, _) = outcome(tanh_parity(args));
        assert_eq!(code, 0);
        assert!(help.contains(flag) && help.contains("Exit status"), "{args}: {help}");
    }
}

#[test]
fn twins_that_take_too_long_are_ended() {
    let folder = TempDir::new().unwrap();
    program(&folder, "slow", "sleep 20; :");
    let python = folder.path().join("slow");
    let args = format!("check all --timeout 1 --python {}", python.display());
    let (code, printed, stderr) = outcome(tanh_parity(&args));
    assert_eq!((code, &*printed, stderr.lines().count()), (2, "", 1), "{stderr}");
    assert!(stderr.contains("did not finish within 1 s: raise --timeout"), "{stderr}");
}
