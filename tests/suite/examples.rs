//! The worked ports of crates/torch-parity/examples: exact by the command that a user
//! types, and red at the right place after a classic mistake in the script.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;
use torch_parity::trace::{About, Trace};

use crate::common::{built, outcome, root, stdout};
use crate::forked::tanh_parity;

fn script(name: &str) -> PathBuf {
    root().join(format!("crates/torch-parity/examples/{name}.py"))
}

/// Builds the port where cargo builds this program.
pub fn build(name: &str) -> PathBuf {
    let target = built();
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--release", "--offline", "--workspace", "--example", name]);
    command.current_dir(root()).env("CARGO_TARGET_DIR", &target);
    stdout(command);
    target.join("release/examples").join(name)
}

fn check(script: &Path, port: &Path) -> (i32, String, String) {
    check_flagged("", script, port)
}

fn check_flagged(flags: &str, script: &Path, port: &Path) -> (i32, String, String) {
    let mut command = tanh_parity(&format!("check {flags} --script"));
    command.arg(script).arg("--port").arg(format!("'{}'", port.display()));
    outcome(command)
}

/// The port is exact; each mistake (what stands in the script, what in its place)
/// is found, and parts first at this place.
fn assert_exact(name: &str, mistakes: &[(&str, &str, &str)]) {
    let port = build(name);
    let (code, report, stderr) = check(&script(name), &port);
    assert_eq!((code, stderr.as_str()), (0, ""), "{report}");
    let (_, verdict) = report.split_once("\nverdict: ").unwrap();
    let (verdict, _) = verdict.split_once(", ").unwrap(); // "exact: 2,243 tensors"
    assert!(verdict.starts_with("exact: "), "{report}");
    assert!(!report.contains(" for port, "), "it is set otherwise: {report}");
    let page = fs::read_to_string(root().join("crates/torch-parity/README.md")).unwrap();
    let row = page.lines().find(|line| line.starts_with(&format!("| [{name}]"))).unwrap();
    assert!(
        row.contains(verdict),
        "crates/torch-parity/README.md says otherwise than {verdict}: {row}"
    );

    let folder = TempDir::new().unwrap();
    let text = fs::read_to_string(script(name)).unwrap();
    for (right, wrong, place) in mistakes {
        assert_eq!(text.matches(right).count(), 1, "{right} in {name}.py");
        let copy = folder.path().join(format!("{name}.py"));
        fs::write(&copy, text.replace(right, wrong)).unwrap();
        let (code, report, stderr) = check(&copy, &port);
        assert_eq!(code, 1, "{wrong}\n{report}{stderr}");
        let place = format!("\nfirst divergence: {place}");
        assert!(report.contains(&place), "{wrong}: no {place} in\n{report}");
    }
}

#[test]
fn the_cnn_is_exact_and_its_mistakes_are_found() {
    let mistakes = [
        // The first gradient is taken as it is.
        ("momentum=0.9", "momentum=0.8", "Net-1, step 2, state, conv1.weight.momentum_buffer"),
        // Dropout is at work in the first evaluation, and draws numbers.
        ("    model.eval()\n", "", "Net-1, step 10, eval, logits"),
    ];
    assert_exact("cnn", &mistakes);
}

#[test]
fn the_gpt_is_exact_and_its_mistakes_are_found() {
    let mistakes = [
        ("\"weight_decay\": 0.1", "\"weight_decay\": 0.01", "GPT-1, step 1, param, wte.weight"),
        ("/ math.sqrt(C // HEADS)", "/ math.sqrt(C)", "GPT-1, step 1, forward, logits"),
        ("(model.parameters(), 0.5)", "(model.parameters(), 1.0)", "GPT-1, step 1, grad, "),
        // The same norm up to the order in which it is summed.
        ("(model.parameters(), 0.5)", "(decay + others, 0.5)", "GPT-1, step 1, grad, "),
    ];
    assert_exact("gpt", &mistakes);
}

#[test]
fn the_gan_is_exact_and_its_mistakes_are_found() {
    let mistakes = [
        ("nn.Tanh()", "nn.Sigmoid()", "Discriminator-1, step 1, data, x#2"),
        ("nn.Dropout(0.1)", "nn.Dropout(0.2)", "Discriminator-1, step 1, forward, logits"),
        // The generator's pass leaves gradients in the discriminator, and so becomes a
        // part of its next step.
        ("    optimizer_d.zero_grad()\n", "", "Discriminator-1, step 2, data, x"),
    ];
    assert_exact("gan", &mistakes);
}

#[test]
fn a_model_of_two_inputs_is_exact_and_its_mistakes_are_found() {
    let mistakes = [
        ("model(src, tgt)", "model(tgt, src)", "Reverser-1, step 1, data, src"),
        // Both read rows of digits, so only the state tells which came first.
        ("self.decoder(tgt, state)", "self.decoder(tgt)", "Reverser-1, step 1, forward, logits"),
        (
            "OneCycleLR(optimizer, 1e-2, STEPS)",
            "OneCycleLR(optimizer, 1e-2, STEPS, cycle_momentum=False)",
            "Reverser-1, step 1, state, ",
        ),
    ];
    assert_exact("reverse", &mistakes);
}

#[test]
fn settings_that_differ_are_told_before_anything_else() {
    let port = build("cnn");
    let folder = TempDir::new().unwrap();
    let told = |name: &str, right: &str, wrong: &str| {
        let text = fs::read_to_string(script(name)).unwrap();
        assert_eq!(text.matches(right).count(), 1, "{right}");
        let copy = folder.path().join(format!("{name}.py"));
        fs::write(&copy, text.replace(right, wrong)).unwrap();
        let (code, report, _) = check(&copy, &port);
        assert_eq!(code, 1, "{report}");
        report
    };
    let report = told("cnn", "lr=0.02", "lr=0.01");
    let lines = "\nNet-1, step 1: lr is 0.02 for port, 0.01 for script\n\
                 Net-1, step 1: initial_lr is 0.02 for port, 0.01 for script\nverdict: ";
    assert!(report.contains(lines), "{report}");
    let report = told("cnn", "gamma=0.5", "gamma=0.1");
    assert!(
        report.contains("\nNet-1, step 21: lr is 0.01 for port, 0.002 for script\n"),
        "{report}"
    );
    assert!(report.contains("\nfirst divergence: Net-1, step 21, param, conv1.weight"), "{report}");
}

/// The settings of every step, in both records.
#[test]
fn scripts_and_ports_are_set_alike_in_every_step() {
    let folder = TempDir::new().unwrap();
    let lists: [(&str, &[(usize, usize)]); 4] = [
        ("cnn", &[(1, 1), (21, 1), (41, 1)]),
        ("gan", &[(1, 1), (1, 1)]),
        ("gpt", &[(1, 2); 0]),
        ("reverse", &[(1, 1); 0]),
    ];
    for (name, steps) in lists {
        let [ours, theirs] = ["port", "script"].map(|side| folder.path().join(side));
        let mut port = Command::new(build(name));
        stdout({
            port.env("TORCH_PARITY_TRACE", &ours);
            port
        });
        let mut record = tanh_parity("record --quiet -o");
        record.arg(&theirs).arg(script(name));
        stdout(record);
        let [ours, theirs] = [ours, theirs].map(|path| Trace::read(&path).unwrap().about);
        let told = |about: &About| {
            let changes = about.groups.changes().iter();
            changes.map(|(_, step, groups)| (*step, groups.len())).collect::<Vec<_>>()
        };
        assert_eq!(told(&ours), told(&theirs), "{name}");
        if steps.is_empty() {
            // Every rate of a warm-up and of what follows is another.
            assert!(told(&ours).len() > 30, "{name}: {:?}", told(&ours));
        } else {
            assert_eq!(told(&ours), steps, "{name}");
        }
    }
}

#[test]
fn a_port_is_checked_by_digests_and_a_mistake_is_told_by_its_values() {
    let port = build("gan");
    let (code, report, stderr) = check_flagged("--digest", &script("gan"), &port);
    assert_eq!((code, stderr.as_str()), (0, ""), "{report}");
    assert!(report.contains("tensors, the same digests\n"), "{report}");

    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("gan.py");
    let text = fs::read_to_string(script("gan")).unwrap();
    fs::write(&copy, text.replace("    optimizer_d.zero_grad()\n", "")).unwrap();
    let told = |flags: &str| {
        let (code, report, _) = check_flagged(flags, &copy, &port);
        assert_eq!(code, 1, "{report}");
        let at = report.find("first divergence").unwrap();
        report[at..].lines().take(4).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told("--digest"), told(""));
}
