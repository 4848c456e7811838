//! No result is altered unseen: in many short runs one is, in memory, by no operation.

use std::path::Path;
use std::process::Command;

use parity::ops::{Bounds, watched};
use parity::why::known::Known;
use parity::why::list::List;
use parity::why::parting::{Side, parting};
use parity::why::{Values, read};

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
    assert!(watched(command, Bounds::ALL, list).unwrap().status.success());
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

/// How many were altered, named at that very operation, and not found at all; none may
/// be named elsewhere.
fn alter(kind: &str) -> (usize, usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let lists = ["none", kind].map(|name| folder.path().join(name));
    record("none", &lists[0]);
    let altered = record(kind, &lists[1]);
    let mut values = Values::default();
    let [script, port] = lists.map(|list| read(&list, &mut values).unwrap());
    let parting = parting(&port, &Known::of(&script, values.len()), Side::Port);
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
            println!("{kind} {run}: {name} at {memory:x} was altered, and nothing named");
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

#[test]
fn a_result_altered_by_a_thousandth_is_named() {
    let (count, named, silent) = alter("thousandth");
    assert!(count > runs() / 2 && named * 100 >= count * 99, "{count} {named} {silent}");
}

#[test]
fn a_result_of_another_scalar_is_named() {
    let (count, named, silent) = alter("scalar");
    assert!(count > runs() / 4 && named * 100 >= count * 99, "{count} {named} {silent}");
}

#[test]
fn a_result_left_out_is_named() {
    let (count, named, silent) = alter("left-out");
    assert!(count > runs() / 2 && named * 100 >= count * 99, "{count} {named} {silent}");
}

/// One ULP may die out: then all that is computed from it is the script's again.
#[test]
fn a_result_altered_by_one_ulp_is_named_or_dies_out() {
    let (count, named, silent) = alter("ulp");
    assert_eq!(named + silent, count);
    assert!(count > runs() / 2 && named > 0);
}
