//! The same script under another release of PyTorch.

use std::path::PathBuf;

use super::pairs::has;
use super::{assert_in_order, prints, root, why};

/// The Python of an environment with PyTorch 2.4, if there is one.
fn old_python() -> Option<PathBuf> {
    let said = std::env::var_os("TANH_PARITY_OLD_PYTHON").map(PathBuf::from);
    let own = root().join(".venv-2.4/bin/python");
    said.or_else(|| own.is_file().then_some(own))
}

/// The dropout of 2.4 draws otherwise from the same state.
#[test]
fn the_cnn_under_an_older_pytorch_draws_another_dropout() {
    let Some(python) = old_python() else {
        println!("left out: there is no .venv-2.4, and TANH_PARITY_OLD_PYTHON names no Python");
        return;
    };
    let script = "crates/torch-parity/examples/cnn.py";
    let port = format!("{} {script}", python.display());
    let text = prints(why(&["--script", script, "--port", &port]), 1);
    let line = "crates/torch-parity/examples/cnn.py:38, Net.forward\n";
    let call = "bernoulli_(f32[32, 144], p=0.75), in dropout\n";
    assert_in_order(
        &text,
        &[
            "they ran on different things: libtorch: 2.4.",
            "verdict: the port leaves the script at its operation ",
            line,
            call,
            line,
            call,
            "what differs: the same operation on the same inputs gives another result\n",
            "libtorch: 2.4.",
        ],
    );
    if text.contains("libtorch: 2.4.1 in place of 2.13.0") {
        has("docs/why.md", &text);
    }
}
