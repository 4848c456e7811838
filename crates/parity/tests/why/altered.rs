//! No result is altered unseen: in many short runs one is, in memory, by no operation.

use std::ops::Range;
use std::path::Path;
use std::process::Command;
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

/// How many results of a run the right runs do not have.
fn differ(list: &List, known: &Known, run: Range<usize>) -> usize {
    let computed = list.operations[run].iter().filter(|it| {
        let kind = list.kind(it);
        !kind.composite && !kind.fresh && !kind.view && it.depth == 0
    });
    computed.filter(|it| list.outputs(it).iter().any(|it| !known.has(it.value))).count()
}

/// How many were altered, named at that very operation, and not found at all: then all
/// that was computed from it is soon the script's again.
fn alter(kind: &str) -> (usize, usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let lists = ["none", kind].map(|name| folder.path().join(name));
    record("none", &lists[0]);
    let altered = record(kind, &lists[1]);
    let mut digests = Digests::default();
    let [script, port] = lists.map(|list| read(&list, &mut digests).unwrap());
    let known = Known::of(&script, digests.count());
    let parting = parting(&port, &known, Whose::Port);
    let begin = beginnings(&port);
    assert_eq!((begin.len(), altered.len()), (runs(), runs()));
    let (mut count, mut named, mut silent) = (0, 0, 0);
    for (run, altered) in altered.iter().enumerate() {
        let to = begin.get(run + 1).copied().unwrap_or(port.operations.len());
        let mut origins = parting.origins.iter().filter(|&&at| begin[run] < at && at < to);
        let first = origins.next().map(|&at| &port.operations[at]);
        let Some((name, memory)) = altered else {
            assert!(first.is_none(), "{kind} {run}: {:?}", first.map(|it| port.line(it)));
            continue;
        };
        count += 1;
        let Some(first) = first else {
            silent += 1;
            let differ = differ(&port, &known, begin[run]..to);
            assert!(
                differ <= 20 || kind == "ulp",
                "{kind} {run}: {name} at {memory:x}: {differ} differ, none is named"
            );
            continue;
        };
        let here = port.outputs(first).iter().any(|it| it.storage == *memory);
        let is_it = here && port.kind(first).bare() == name;
        named += usize::from(is_it);
        if !is_it {
            println!("{kind} {run}: {name} was altered, and this named: {}", port.line(first));
        }
    }
    println!("{kind}: {count} altered, {named} named at that operation, {silent} not found");
    (count, named, silent)
}

/// In 99 of 100 at least, of those that do not die out by themselves.
fn assert_named(count: usize, named: usize, silent: usize) {
    assert!(count > runs() / 2 && silent * 10 < count, "{count} {named} {silent}");
    assert!(named * 100 >= (count - silent) * 99, "{count} {named} {silent}");
}

#[test]
fn a_result_altered_by_a_thousandth_is_named() {
    let (count, named, silent) = alter("thousandth");
    assert_named(count, named, silent);
}

#[test]
fn a_result_of_another_scalar_is_named() {
    let (count, named, silent) = alter("scalar");
    assert_named(count, named, silent);
}

#[test]
fn a_result_left_out_is_named() {
    let (count, named, silent) = alter("left-out");
    assert_named(count, named, silent);
}

/// One ULP may die out: then all that is computed from it is the script's again.
#[test]
fn a_result_altered_by_one_ulp_is_named_or_dies_out() {
    let (count, named, silent) = alter("ulp");
    assert_eq!(named + silent, count);
    assert!(count > runs() / 2 && named > 0);
}
