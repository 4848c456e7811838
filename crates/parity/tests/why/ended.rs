//! What is left where `why` is ended before the programs are: nothing.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use parity_record::is_ignored;
use rustix::process::{Pid, Signal, kill_process};

use super::{prints, why};

/// Waits for a condition, for a minute at most.
#[track_caller]
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        sleep(Duration::from_millis(10));
    }
}

fn runs(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

/// A port that starts another process, tells its number and waits for it.
const ENDLESS: &str = "sh -c 'sleep 600 & echo $! >number; mv number child; wait'";

#[test]
fn a_signal_ends_the_programs_and_clears_the_folder() {
    // HUP is ignored where the tests run under nohup.
    let signals = [Signal::INT, Signal::TERM, Signal::HUP];
    for signal in signals.into_iter().filter(|it| !is_ignored(it.as_raw())) {
        let folder = tempfile::tempdir().unwrap();
        let temporary = folder.path().join("temporary");
        std::fs::create_dir(&temporary).unwrap();
        let is_empty = || std::fs::read_dir(&temporary).unwrap().next().is_none();
        let mut command = why(&["--port", ENDLESS, "--save", "x.operations"]);
        command.current_dir(&folder).env("TMPDIR", &temporary);
        let mut parity = command.spawn().unwrap();
        let child = folder.path().join("child");
        wait_for("the port does not start", || child.exists());
        let child = std::fs::read_to_string(child).unwrap().trim().to_owned();
        assert!(runs(&child) && !is_empty());
        kill_process(Pid::from_child(&parity), signal).unwrap();
        let status = parity.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()), "as the signal would have ended it");
        wait_for("its child goes on", || !runs(&child));
        assert!(is_empty(), "{signal:?} leaves a folder");
        assert!(!Path::new("x.operations").exists());
    }
}

#[test]
fn a_signal_that_is_ignored_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = why(&["--port", ENDLESS, "--save", "x.operations"]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
    command.arg(program.get_program()).args(program.get_args()).current_dir(&folder);
    let mut parity = command.spawn().unwrap();
    let child = folder.path().join("child");
    wait_for("the port does not start", || child.exists());
    let send = |signal| kill_process(Pid::from_child(&parity), signal).unwrap();
    send(Signal::HUP);
    sleep(Duration::from_millis(300));
    send(Signal::TERM);
    assert_eq!(parity.wait().unwrap().signal(), Some(Signal::TERM.as_raw()), "as under nohup");
}

#[test]
fn a_program_that_does_not_end_is_ended_after_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = why(&["--port", ENDLESS, "--save", "x.operations", "--timeout", "1"]);
    command.current_dir(&folder);
    let said = prints(command, 2);
    assert_eq!(said, "error: the port: `sh` did not finish within 1 s: raise --timeout\n");
    let child = std::fs::read_to_string(folder.path().join("child")).unwrap();
    wait_for("its child goes on", || !runs(child.trim()));
}
