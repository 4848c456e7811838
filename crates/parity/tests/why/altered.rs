//! No result is altered unseen: in many short runs one is, in memory, by no operation.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use parity::ops::{Bounds, watched};
use parity::why::known::Known;
use parity::why::list::List;
use parity::why::parting::{Whose, parting};
use parity::why::{Digests, read};

use super::{python, root};

/// How many runs of each kind; `PARITY_WHY_ALL=1` takes ten times as many.
fn runs() -> usize {
    if std::env::var_os("PARITY_WHY_ALL").is_some() { 1000 } else { 100 }
}

/// The list of the right runs, made once.
static RIGHT: OnceLock<PathBuf> = OnceLock::new();

/// What was altered in each run: the operation and its result's memory.
type Altered = Vec<Option<(String, u64)>>;

fn record(kind: &str, list: &Path) -> Altered {
    let printed = list.with_extension("txt");
    let mut command = Command::new(python());
    command.arg(root().join("crates/parity/tests/why/altered.py"));
    command.args([kind, &runs().to_string()]).stdout(std::fs::File::create(&printed).unwrap());
    assert!(watched(command, &Bounds::ALL, Duration::from_secs(600), list).unwrap().success());
    let text = std::fs::read_to_string(printed).unwrap();
    let altered = text.lines().map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        (words[1] != "-").then(|| (words[1].to_owned(), words[2].parse().unwrap()))
    });
    altered.collect()
}

/// Where each run begins: at the constant that marks it.
fn beginnings(list: &List) -> Vec<usize> {
    let all = list.operations.iter().enumerate();
    let marks = all.filter(|(_, it)| {
        list.kind(it).bare() == "full" && it.depth == 0 && list.line(it).contains(".5\t")
    });
    marks.map(|(at, _)| at).collect()
}

/// What came of the altered results of one kind.
#[derive(Default)]
struct Found {
    altered: usize,
    /// Named at that very operation.
    named: usize,
    /// Of those named, the ones of which it was said that they died out.
    died_out: usize,
    /// Nothing was named.
    silent: usize,
}

fn alter(kind: &str) -> Found {
    let right = RIGHT.get_or_init(|| {
        let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join("right.operations");
        _ = std::fs::remove_file(&list);
        record("none", &list);
        list
    });
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list");
    let altered = record(kind, &list);
    let mut digests = Digests::default();
    let [script, port] = [right, &list].map(|it| read(it, &mut digests).unwrap());
    let known = Known::of(&script, digests.count());
    let parting = parting(&port, &known, Whose::Port);
    let begin = beginnings(&port);
    assert_eq!((begin.len(), altered.len()), (runs(), runs()));
    let mut found = Found::default();
    for (run, altered) in altered.iter().enumerate() {
        let to = begin.get(run + 1).copied().unwrap_or(port.operations.len());
        let within = |at: &usize| begin[run] < *at && *at < to;
        let parts = parting.origins.iter().copied().find(within);
        let died = parting.died_out.iter().map(|it| it.at).find(within);
        let first = parts.or(died).map(|at| &port.operations[at]);
        let Some((name, memory)) = altered else {
            assert!(first.is_none(), "{kind} {run}: {:?}", first.map(|it| port.line(it)));
            continue;
        };
        found.altered += 1;
        let Some(first) = first else {
            found.silent += 1;
            println!("{kind} {run}: {name} was altered, and nothing named");
            continue;
        };
        let here = port.outputs(first).iter().any(|it| it.storage == *memory);
        if here && port.kind(first).bare() == name {
            found.named += 1;
            found.died_out += usize::from(parts.is_none());
        } else {
            println!("{kind} {run}: {name} was altered, and this named: {}", port.line(first));
        }
    }
    let Found { altered, named, died_out, silent } = found;
    println!(
        "{kind}: {altered} altered, {named} named there, {died_out} died out, {silent} unseen"
    );
    found
}

/// In 99 of 100 at least.
fn assert_named(found: &Found) {
    assert!(found.altered > runs() / 2, "{} altered", found.altered);
    assert!(found.named * 100 >= found.altered * 99, "{} named", found.named);
}

#[test]
fn a_result_altered_by_a_thousandth_is_named() {
    assert_named(&alter("thousandth"));
}

#[test]
fn a_result_of_another_scalar_is_named() {
    assert_named(&alter("scalar"));
}

#[test]
fn a_result_left_out_is_named() {
    assert_named(&alter("left-out"));
}

/// One ULP mostly dies out, and then that is said; it goes on often enough to count.
#[test]
fn a_result_altered_by_one_ulp_is_named() {
    let found = alter("ulp");
    assert_named(&found);
    assert!(0 < found.died_out && found.died_out < found.named, "{} died out", found.died_out);
}
