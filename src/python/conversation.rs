//! A Python twin that answers line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::{Result, bail};
use parity::python::Running;

use super::Twins;

/// More bytes than an answer has; behind a line that does not end, nothing is read.
const LONGEST: u64 = 1 << 20;

/// A running twin that is asked through its standard input.
#[derive(Debug)]
pub struct Conversation {
    running: Running,
    questions: ChildStdin,
    answers: Receiver<String>,
}

impl Conversation {
    /// Starts the twin `python -m python_ref.EXPERIMENT`.
    pub fn start(python: &Twins, experiment: &str) -> Result<Self> {
        let (mut command, folder) = python.twin(experiment)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = python.start("the Python twin", command, folder)?;
        let (stdin, stdout) = (running.stdin(), running.stdout());
        let (Some(questions), Some(stdout)) = (stdin, stdout) else {
            bail!("the Python twin has no standard input or output");
        };
        // A thread, since reading a pipe knows no deadline.
        let (sender, answers) = channel();
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut line = String::new();
                let read = (&mut stdout).take(LONGEST).read_line(&mut line);
                let is_whole = read.is_ok() && line.pop() == Some('\n');
                if !is_whole || sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { running, questions, answers })
    }

    /// Puts a question; returns the answer, a line too.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        // Where this fails, the twin has ended: `answer` says why.
        let _ = writeln!(self.questions, "{question}");
        self.answer()
    }

    /// Waits for the next line.
    pub fn answer(&mut self) -> Result<String> {
        if let Ok(line) = self.answers.recv_timeout(self.running.prolong()) {
            return Ok(line);
        }
        self.running.finish()?;
        bail!("the Python twin ended without an answer")
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use parity::python::Python;
    use tempfile::TempDir;

    use super::*;

    /// A conversation with what a shell does.
    fn with(script: &str) -> (Conversation, TempDir) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("twin");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        let python = Python::find(Some(&path), None, Duration::from_secs(20));
        (Conversation::start(&Twins::of(python), "bench").unwrap(), folder)
    }

    #[test]
    fn a_question_has_its_answer() {
        let (mut twin, _folder) = with("while read line; do echo \"$line $line\"; done");
        for word in ["this", "that"] {
            assert_eq!(twin.ask(word).unwrap(), format!("{word} {word}"));
        }
    }

    #[test]
    fn a_twin_that_ends_without_an_answer_says_why() {
        let said = |script: &str| {
            let (mut twin, _folder) = with(script);
            twin.ask("what").unwrap_err().to_string()
        };
        let slow = said("exec >&-; sleep 0.3; echo 'no room' >&2; exit 3");
        assert_eq!(slow, "the Python twin failed (exit status: 3): no room");
        assert_eq!(said("exit 0"), "the Python twin ended without an answer");
        assert_eq!(said("printf unended"), "the Python twin ended without an answer");
    }
}
