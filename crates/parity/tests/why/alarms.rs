//! Nothing is found where nothing differs.

use super::{example, prints, python, root, why};

#[test]
fn the_worked_ports_do_what_their_scripts_do() {
    for name in ["cnn", "gan", "gpt"] {
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
