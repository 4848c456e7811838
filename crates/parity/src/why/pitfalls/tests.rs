//! Formulas of small lists, written by hand.

use std::collections::HashSet;
use std::fmt::Write;

use super::formula::{Formula, end_of};
use super::operation::Program;
use crate::why::Digests;
use crate::why::read::parse;

/// What is computed, told from the first operation on; a tensor of one letter has values of
/// its own, `p` and `s` with `!` in front are written to.
fn formula(operations: &[(&str, &str, &[&str], &str)]) -> Formula {
    let mut text = "parity operations 1\n".to_owned();
    for (kind, (name, names, ..)) in operations.iter().enumerate() {
        let flags = if name.ends_with('_') { "w" } else { "" };
        writeln!(text, "n\t{kind}\taten::{name}\t{flags}\t{names}").unwrap();
    }
    let word = |it: &str| match it.trim_start_matches('!') {
        letters if letters.chars().all(char::is_alphabetic) => {
            let memory: u32 = letters.chars().take(1).map(|it| it as u32).sum();
            let values: u32 = letters.chars().map(|it| it as u32).sum();
            format!("{}f32[2]@{memory:x}={values:032x}", &it[..it.len() - letters.len()])
        }
        number => number.to_owned(),
    };
    for (kind, (_, _, arguments, result)) in operations.iter().enumerate() {
        let arguments: Vec<_> = arguments.iter().map(|it| word(it)).collect();
        let arguments = arguments.join("\t");
        let result = word(result);
        writeln!(text, "o\t0\t{kind}\t0\t1\t-1\t-\t-\t{arguments}\t>\t{result}").unwrap();
    }
    let list = parse(text.into_bytes(), &mut Digests::default()).unwrap();
    let program = Program::of(&list);
    let end = end_of(program.operation(0));
    Formula::of(end, &HashSet::new())
}

const DIV: &str = "self\ttensor1\ttensor2\tvalue";
const OTHER: &str = "self\tother";

#[test]
fn a_factor_reads_the_same_wherever_it_is() {
    let inside = formula(&[("addcdiv_", DIV, &["!p", "x", "y", "-0.5"], "pp")]);
    let before = formula(&[
        ("mul", OTHER, &["x", "-0.5"], "z"),
        ("addcdiv_", DIV, &["!p", "z", "y", "1"], "pp"),
    ]);
    for it in [inside, before] {
        assert_eq!((it.text.as_str(), it.numbers), ("p+x*#/x", vec![-0.5]));
        assert!(it.updated.is_some());
    }
}

#[test]
fn what_an_update_begins_with_is_a_part_of_it() {
    let it = formula(&[
        ("mul_", OTHER, &["!p", "0.9"], "pp"),
        ("add_", "self\tother\talpha", &["!pp", "x", "0.1"], "ppp"),
    ]);
    assert_eq!((it.text.as_str(), it.numbers), ("p*#+x*#", vec![0.9, 0.1]));
}

#[test]
fn what_is_written_over_but_was_just_made_is_not_kept() {
    let it = formula(&[
        ("sqrt", "self", &["v"], "r"),
        ("add_", "self\tother\talpha", &["!r", "1e-08", "1"], "rr"),
        ("div", OTHER, &["x", "rr"], "q"),
    ]);
    assert_eq!((it.text.as_str(), it.numbers), ("x/(sqrt(x)+#)", vec![1e-8]));
    assert!(it.updated.is_none());
}
