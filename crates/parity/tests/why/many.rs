//! Lists of many operations are compared in seconds, in little memory.

use std::fs;
use std::process::Command;
use std::time::Instant;

use super::{prints, why};

/// A step calls two operations, each of which calls four for its scalar.
const SCRIPT: &str = "\
import torch
x = torch.arange(100.0)
for step in range(20_000):
    x = x.mul(0.999).add(0.01)
";

/// 10^6 take 1.6 s of CPU and 570 MB; here other tests run beside it.
#[test]
fn two_hundred_thousand_operations_are_compared_in_seconds() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script.py"), SCRIPT).unwrap();
    let mut command = why(&["--script", "script.py", "--save", "list"]);
    command.current_dir(&folder);
    prints(command, 0);
    let mut command = Command::new("sh");
    command.current_dir(&folder).args(["-c", "ulimit -v 500000; exec \"$0\" why list list"]);
    command.arg(env!("CARGO_BIN_EXE_parity"));
    let began = Instant::now();
    let text = prints(command, 0);
    assert!(
        text.starts_with("verdict: nothing differs. Of the port's results 120,002 are"),
        "{text}"
    );
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}
