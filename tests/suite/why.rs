//! `why` of each experiment and its twin: their operations lead to the same values.

use tempfile::TempDir;

use crate::common::{outcome, root};
use crate::examples::build;
use crate::forked::tanh_parity;

/// Runs a twin as `python -m` does; in a file, since `why` takes scripts.
const TWIN: &str = "
import runpy
import sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)
";

/// What `why` says of the twin of an experiment, and of a program.
fn why(name: &str, flags: &str, port: &str) -> (i32, String) {
    let folder = TempDir::new().unwrap();
    let script = folder.path().join("twin.py");
    std::fs::write(&script, TWIN).unwrap();
    let args = format!("'{}' python_ref.{name} {flags}", root().display());
    let mut command = tanh_parity("why");
    command.arg("--script").arg(script).arg("--script-args").arg(args);
    let (code, text, errors) = outcome({
        command.arg("--port").arg(format!("{port} {flags}"));
        command
    });
    assert_ne!(code, 2, "{errors}");
    (code, text)
}

#[test]
fn no_experiment_leaves_its_twin() {
    let program = env!("CARGO_BIN_EXE_tanh-parity");
    let plain = build("mistaken"); // by the loop that reads like the lesson
    let runs = [
        ("train", "--epochs 4", format!("'{}' train", plain.display())),
        ("curve", "", format!("'{program}' curve")),
        ("signal", "--epochs 5", format!("'{program}' signal")),
        ("recurrent", "--epochs 2", format!("'{program}' recurrent")),
        ("generator", "--epochs 5", format!("'{program}' generator")),
    ];
    for (name, flags, port) in runs {
        let (code, text) = why(name, flags, &port);
        assert!(text.starts_with("verdict: nothing differs."), "{name}: {text}");
        assert_eq!(code, 0, "{name}");
    }
    let other = format!("'{program}' signal --lr 0.01");
    let (code, text) = why("signal", "--epochs 5", &other);
    assert!(code == 1 && text.contains("the port leaves the script"), "{text}");
}

/// The fast loop of `train` has kernels of its own, which no list of operations has: that
/// is said.
#[test]
fn kernels_of_the_fast_loop_are_said_to_be_unseen() {
    let program = env!("CARGO_BIN_EXE_tanh-parity");
    let (code, text) = why("train", "--epochs 4", &format!("'{program}' train"));
    assert!(code == 1 && text.contains("values that no operation made"), "{text}");
}
