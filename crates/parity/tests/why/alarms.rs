//! Nothing is found where nothing differs.

use super::{example, prints, python, root, why};

#[test]
fn the_worked_ports_do_what_their_scripts_do() {
    for name in ["cnn", "gan", "gpt", "reverse"] {
        let script = format!("crates/torch-parity/examples/{name}.py");
        let text = prints(why(&["--script", &script, "--port", &example(name)]), 0);
        assert!(text.starts_with("verdict: nothing differs."), "{name}: {text}");
    }
}

/// A few of the scripts; all that end by themselves with `PARITY_WHY_ALL=1`, as
/// `make why-all` has it.
#[test]
fn scripts_do_what_they_did_before() {
    let few = ["gan", "norms", "transformer", "recurrent_net"];
    let more = [
        "accumulate",
        "by_hand",
        "checkpointing",
        "copied",
        "dtypes",
        "evaluation",
        "every_optimizer",
        "fgsm",
        "frozen",
        "generators",
        "groups",
        "identity",
        "lbfgs",
        "lesson_loader",
        "modes",
        "nested",
        "other_kinds",
        "penalty",
        "two_models",
        "wrapped",
        "zeroed",
    ];
    let all = std::env::var_os("PARITY_WHY_ALL").is_some();
    for name in few.iter().chain(if all { &more[..] } else { &[] }) {
        let script = root().join(format!("tests/scripts/{name}.py"));
        let port = format!("{} {}", python().display(), script.display());
        let text = prints(why(&["--script", script.to_str().unwrap(), "--port", &port]), 0);
        assert!(text.contains("verdict: nothing differs."), "{name}: {text}");
    }
}

/// `masked_select` counts what it selects, and reads the count itself; an index by a mask
/// finds the places. The same values come out.
#[test]
fn what_an_operation_reads_inside_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, last: &str| {
        let before = "import torch\ntorch.manual_seed(0)\nx = torch.randn(40)\nmask = x > 0.2\n";
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{before}{last}\nprint(y.exp().sum().item())\n")).unwrap();
        path.display().to_string()
    };
    let script = write("script.py", "y = x[mask]");
    let run = |port: String| format!("{} {port}", python().display());
    let same = run(write("same.py", "y = torch.masked_select(x, mask)"));
    let text = prints(why(&["--script", &script, "--port", &same]), 0);
    assert!(text.starts_with("verdict: nothing differs."), "{text}");
    let other = run(write("other.py", "y = torch.masked_select(x, ~mask)"));
    let text = prints(why(&["--script", &script, "--port", &other]), 1);
    assert!(text.contains("other.py:5"), "{text}");
    // What the program reads itself is no operation's own.
    let counts = run(write("counts.py", "n = mask.sum().item()\ny = x[mask]"));
    let text = prints(why(&["--script", &script, "--port", &counts]), 1);
    assert!(text.contains("counts.py:5"), "{text}");
}
