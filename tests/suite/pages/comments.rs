//! Every path that a comment or a docstring names is in the tree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common::{root, tracked};

const ENDINGS: [&str; 9] = ["rs", "py", "md", "toml", "sh", "yml", "yaml", "sbatch", "css"];

/// Files of PyTorch, one that a script here writes, and one of a user.
const NOT_OURS: [&str; 4] = ["derivatives.yaml", "version.py", "parity.md", ".gitlab-ci.yml"];

/// What stands for any name.
const ANYONE_S: [&str; 3] = ["NAME", "FOLDER", "SCRIPT"];

/// What git has: every file and every folder.
struct Tree(BTreeSet<String>);

impl Tree {
    fn new() -> Self {
        let mut all = BTreeSet::new();
        for path in tracked() {
            let folders = Path::new(&path).ancestors().map(|path| path.display().to_string());
            all.extend(folders.filter(|path| !path.is_empty()));
        }
        Self(all)
    }

    /// Whether a path leads somewhere, from the checkout's folder or from one in it.
    fn has(&self, path: &str) -> bool {
        let below = format!("/{path}");
        self.0.contains(path) || self.0.iter().any(|known| known.ends_with(&below))
    }

    /// Whether a word is a path of ours: a file by its ending, or what begins with a
    /// folder of ours.
    fn is_path(&self, word: &str) -> bool {
        let (first, rest) = word.split_once('/').unwrap_or((word, ""));
        let is_file = word.rsplit_once('.').is_some_and(|(name, ending)| {
            ENDINGS.contains(&ending) && !name.is_empty() && !name.ends_with('/')
        });
        let is_ours = !rest.is_empty() && !first.contains('.') && self.has(first);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        (is_file || is_ours) && word.chars().all(is_plain) && !word.starts_with('/')
    }

    /// The paths in comments that lead nowhere.
    fn stale(&self, file: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (number, comment) in comments(file, text) {
            let words = comment.split(|c: char| c.is_whitespace() || "`'\"()[]<>,;=:".contains(c));
            let words = words.map(|word| word.trim_end_matches(['.', '/', '?', '!']));
            let is_anyone_s =
                |word: &str| word.split(['/', '.']).any(|part| ANYONE_S.contains(&part));
            let ours = words.filter(|word| !NOT_OURS.contains(word) && !is_anyone_s(word));
            let wrong = ours.filter(|word| self.is_path(word) && !self.has(word));
            found.extend(wrong.map(|word| format!("{file}, line {number}: {word}")));
        }
        found
    }
}

/// The comments and docstrings of a file, with the numbers of their lines.
fn comments<'t>(file: &str, text: &'t str) -> Vec<(usize, &'t str)> {
    let ending = Path::new(file).extension().unwrap_or_default();
    let sign = if ending == "rs" { "//" } else { "#" };
    let mut is_open = false;
    let found = |(i, line): (usize, &'t str)| {
        let quotes = line.matches("\"\"\"").count();
        let is_doc = ending == "py" && (is_open || quotes > 0);
        is_open ^= quotes % 2 == 1;
        if is_doc {
            return Some((i + 1, line));
        }
        if ["# expect: ", "# first: "].iter().any(|mark| line.starts_with(mark)) {
            return None; // keys of a record
        }
        let mut starts = line.match_indices(sign).map(|(at, _)| at);
        let at = starts.find(|at| line[..*at].ends_with(char::is_whitespace) || *at == 0)?;
        Some((i + 1, &line[at..]))
    };
    text.lines().enumerate().filter_map(found).collect()
}

fn has_comments(file: &str) -> bool {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_named = ["Makefile", "run", "Containerfile"].iter().any(|name| {
        Path::new(file).file_name().is_some_and(|file| file.to_string_lossy() == *name)
    });
    is_named || ENDINGS.contains(&ending) && !["md", "css"].contains(&ending)
}

#[test]
fn every_path_that_a_comment_names_leads_somewhere() {
    let tree = Tree::new();
    let (mut files, mut paths, mut stale) = (0, 0, Vec::new());
    for file in tracked().into_iter().filter(|file| has_comments(file)) {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        files += 1;
        paths += comments(&file, &text).iter().filter(|(_, line)| line.contains(".rs")).count();
        stale.extend(tree.stale(&file, &text));
    }
    assert!(files > 300 && paths > 10, "{files} files, {paths} lines that name a file of Rust");
    assert!(stale.is_empty(), "these lead nowhere:\n{}", stale.join("\n"));
}

#[test]
fn a_path_that_leads_nowhere_is_found() {
    let tree = Tree::new();
    let stale = |file: &str, text: &str| tree.stale(file, text).len();
    for right in [
        "//! Twin of `python_ref/train.py`.",
        "/// As lesson/train/mod.rs has it, in src/lesson/NAME/, from python_ref/NAME.py",
        "let url = \"gone/gone.rs\"; // a string is no comment",
        "// PyTorch's derivatives.yaml, and/or what stands in tests/suite/.",
    ] {
        assert_eq!(stale("a.rs", right), 0, "{right}");
    }
    for wrong in ["Twin of `python_ref/gone.py`.", "See gone.rs", "In src/gone/x"] {
        assert_eq!(stale("a.rs", &format!("f(); // {wrong}")), 1, "{wrong}");
    }
    let python = "\"\"\"One line.\n\nTwin of src/lesson/gone.rs.\n\"\"\"\nx = 'src/gone.rs'\n";
    assert_eq!(tree.stale("a.py", python), ["a.py, line 3: src/lesson/gone.rs"]);
    assert_eq!(stale("Makefile", "all: # see docs/gone.md\n"), 1);
}
