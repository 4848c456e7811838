//! Why a program failed, in the line of its standard error that says so.

use std::fmt;
use std::path::Path;

use crate::why::source::is_own;

/// What Python's traceback, Rust's panic or a C++ exception ends in, or argparse says,
/// else the last line, else that there was none. What a program says before, and the
/// C++ frames that libtorch's messages end in, are left out.
pub(super) fn reason(stderr: &str) -> Reason {
    let lines: Vec<_> = stderr.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let (start, reads): (usize, fn(&[&str]) -> String) =
        match lines.iter().enumerate().rev().find_map(|(i, line)| Some((i, kind(line)?))) {
            Some(found) => found,
            None => (lines.len().saturating_sub(1), message),
        };
    let said = reads(&lines[start..]);
    if said.is_empty() {
        return Reason { said: "it printed no reason".to_owned(), place: None };
    }
    Reason { said, place: place(&lines[..start]) }
}

/// Why a program failed.
#[derive(Debug)]
pub(super) struct Reason {
    pub said: String,
    /// `train.py:12`, where a traceback leads to a line of the program's own.
    place: Option<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { said, place } = self;
        match place {
            Some(place) => write!(f, "{said} ({place})"),
            None => f.write_str(said),
        }
    }
}

/// The last line of the program's own in the traceback that these lines end in: an
/// error that a library raises comes of the line that called it.
fn place(lines: &[&str]) -> Option<String> {
    let traceback = lines.iter().rev().take_while(|line| !line.starts_with("Traceback"));
    // `  File "train.py", line 12, in <module>`
    let frames = traceback.filter_map(|line| {
        let (file, rest) = line.strip_prefix("  File \"")?.split_once("\", line ")?;
        Some((file, rest.split(',').next()?))
    });
    let (file, line) = frames.into_iter().find(|(file, _)| is_own(file))?;
    let here = std::env::current_dir().unwrap_or_default();
    let file = Path::new(file).strip_prefix(here).unwrap_or(Path::new(file));
    Some(format!("{}:{line}", file.display()))
}

/// What reads on from a line with which a reason begins.
fn kind(line: &str) -> Option<fn(&[&str]) -> String> {
    // SomeError: what was wrong
    let name = line.split(':').next().unwrap_or_default();
    let is_name = name.chars().all(|c| c.is_alphanumeric() || "._".contains(c));
    if is_name && name.contains("Error") {
        return Some(message);
    }
    // usage: train.py [-h] --epochs EPOCHS
    // train.py: error: the following arguments are required: --epochs
    if line.split_once(": ").is_some_and(|(_, rest)| rest.starts_with("error: ")) {
        return Some(|lines| lines[0].to_owned());
    }
    if line.starts_with("thread '") && line.contains(" panicked at ") {
        return Some(panic);
    }
    if line.trim_start().starts_with("what():  ") {
        return Some(|lines| message(&[&lines[0].trim_start()["what():  ".len()..]]));
    }
    None
}

/// `thread 'main' (7) panicked at src/main.rs:20:35:` and the message below it.
fn panic(lines: &[&str]) -> String {
    let line = lines[0].split(" panicked at ").nth(1).unwrap_or_default().trim_end_matches(':');
    // The message may be of several lines.
    let ends = |line: &&&str| !line.starts_with("note: ") && **line != "stack backtrace:";
    let said: Vec<_> = lines[1..].iter().take_while(ends).copied().collect();
    // Of a dependency, such as tch, it is the place of what was called, in a path that
    // says nothing of the port.
    if line.starts_with('/') {
        message(&said)
    } else {
        format!("panicked at {line}: {}", message(&said))
    }
}

/// Lines as one, without the frames that follow a message of libtorch; where Rust
/// printed such a message as a value, its line breaks are two characters each.
fn message(lines: &[&str]) -> String {
    let text = lines.join(" ").replace("\\n", " ");
    let cut = text.split("Exception raised from ").next().unwrap_or_default();
    let text = if cut.len() < text.len() { cut } else { &text };
    // called `Result::unwrap()` on an `Err` value: Torch("...
    let text = text.split_once("Torch(\"").map_or(text, |(_, text)| text);
    text.trim()
        .trim_end_matches("\")")
        .trim_start_matches("error: ")
        .trim_start_matches("Error: ")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn a_panic_is_told_with_its_place_and_without_the_frames_of_libtorch() {
        let stderr = "epoch 1\n\nthread 'main' (7) panicked at src/main.rs:20:35:\n\
                      called `Result::unwrap()` on an `Err` value: Torch(\"mat1 and mat2 shapes \
                      cannot be multiplied (8x3 and 4x1)\\nException raised from meta at \
                      LinearAlgebra.cpp:199 (most recent call first):\\nframe #0: c10\")\n\
                      note: run with `RUST_BACKTRACE=1` environment variable to display a \
                      backtrace\n";
        let reason = |stderr: &str| reason(stderr).to_string();
        let expected = "panicked at src/main.rs:20:35: mat1 and mat2 shapes cannot be \
                        multiplied (8x3 and 4x1)";
        assert_eq!(reason(stderr), expected);
        let traced = stderr.replace("note: run", "stack backtrace:\n   0: std\nnote: run");
        assert_eq!(reason(&traced), expected);
        let own = "thread 'main' panicked at src/main.rs:3:5:\nassertion `left == right` failed\n  \
                   left: 1\n right: 2\nnote: run with `RUST_BACKTRACE=1`\n";
        let expected =
            "panicked at src/main.rs:3:5: assertion `left == right` failed   left: 1  right: 2";
        assert_eq!(reason(own), expected);
    }

    #[test]
    fn an_exception_of_cpp_is_what_it_says() {
        let stderr = "terminate called after throwing an instance of 'c10::Error'\n  \
                      what():  mat1 and mat2 shapes cannot be multiplied (8x3 and 4x1)\n\
                      Exception raised from meta at LinearAlgebra.cpp:199\nframe #0: c10\n";
        assert_eq!(
            reason(stderr).to_string(),
            "mat1 and mat2 shapes cannot be multiplied (8x3 and 4x1)"
        );
    }

    #[test]
    fn a_traceback_is_its_last_error_and_all_that_follows() {
        let stderr = "Traceback (most recent call last):\n  File \"t.py\", line 1\nKeyError: 'a'\n\n\
                      During handling of the above exception:\n\nValueError: one\ntwo\n";
        let reason = |stderr: &str| reason(stderr).to_string();
        assert_eq!(reason(stderr), "ValueError: one two (t.py:1)");
        assert_eq!(reason("Error: cannot read x\n"), "cannot read x");
        assert_eq!(reason("some words\nthe last\n\n"), "the last");
        assert_eq!(reason("\n"), "it printed no reason");
    }

    #[test]
    fn a_traceback_tells_the_last_line_that_is_the_programs_own() {
        let stderr = |first: &str, own: &str, last: &str| {
            format!(
                "Traceback (most recent call last):\n  File \"first.py\", line 1\nKeyError\n\n\
                 During handling of the above exception, another exception occurred:\n\n\
                 {first}\n  File \"{own}\", line 12, in <module>\n    net(x)\n  File \
                 \"{last}\", line 7, in f\nNameError: name 'x' is not defined\n"
            )
        };
        let traceback = "Traceback (most recent call last):";
        let here = std::env::current_dir().unwrap().join("train.py");
        let library = "/venv/lib/python3.11/site-packages/torch/nn/modules/linear.py";
        for (first, own, last, place) in [
            (traceback, here.to_str().unwrap(), library, " (train.py:12)"),
            (traceback, "/home/me/train.py", "/home/me/nets.py", " (/home/me/nets.py:7)"),
            (traceback, library, library, ""),
        ] {
            let expected = format!("NameError: name 'x' is not defined{place}");
            let found = reason(&stderr(first, own, last)).to_string();
            assert_eq!(found, expected, "{own}");
        }
        let syntax = "  File \"t.py\", line 3\n    f(\n     ^\nSyntaxError: '(' was never closed\n";
        assert_eq!(reason(syntax).to_string(), "SyntaxError: '(' was never closed (t.py:3)");
    }

    #[test]
    fn argparse_is_what_it_says_whatever_else_is_said() {
        let said = "t.py: error: the following arguments are required: --epochs";
        let stderr = format!(
            "usage: t.py [-h] --epochs EPOCHS\n{said}\nerror: nothing was recorded until the script exited with status 2\n"
        );
        assert_eq!(reason(&stderr).to_string(), said);
    }
}
