//! What differs between the environments that two runs ran in, said before anything
//! else: most runs that part for no visible reason part for this.

use std::collections::BTreeMap;

use crate::text::escaped;

/// What decides bits, the most telling first.
const FIRST: [&str; 4] = ["torch", "threads", "cpu_capability", "cpu"];

/// What differs, name and both values. What one side alone tells is not compared, nor
/// which program it was.
pub fn other_environment(both: &[BTreeMap<String, String>; 2]) -> Vec<(String, [String; 2])> {
    let [a, b] = both;
    let rest = a.keys().map(String::as_str);
    let rest = rest.filter(|name| *name != "by" && !FIRST.contains(name));
    let names = FIRST.into_iter().chain(rest);
    let values = names.filter_map(|name| Some((name, a.get(name)?, b.get(name)?)));
    let differ = values.filter(|(_, x, y)| x != y);
    differ.map(|(name, x, y)| (name.to_owned(), [x.clone(), y.clone()])).collect()
}

/// What differs in lines, with an empty one behind them; empty where nothing does.
pub fn environment_words(sides: &[String; 2], other: &[(String, [String; 2])]) -> String {
    if other.is_empty() {
        return String::new();
    }
    let [a, b] = sides;
    let line = |(name, [x, y]): &(String, [String; 2])| {
        let [name, x, y] = [name, x, y].map(|text| escaped(text));
        let line = format!("  {name}: {x} for {a}, {y} for {b}\n");
        let fits = line.chars().count() <= 81;
        if fits { line } else { format!("  {name}: {x} for {a},\n    {y} for {b}\n") }
    };
    let lines: String = other.iter().map(line).collect();
    format!("{a} and {b} ran in different environments:\n{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(told: &[(&str, &str)]) -> BTreeMap<String, String> {
        told.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_both_tell_and_is_not_the_same_is_told_with_the_version_first() {
        let a =
            of(&[("by", "tch"), ("cpu", "X"), ("threads", "2"), ("torch", "2.4.1"), ("os", "A")]);
        let b = of(&[("by", "PyTorch"), ("cpu", "X"), ("threads", "1"), ("torch", "2.13.0")]);
        let other = other_environment(&[a.clone(), b]);
        let sides = ["A", "B"].map(str::to_owned);
        assert_eq!(
            environment_words(&sides, &other),
            "A and B ran in different environments:\n  torch: 2.4.1 for A, 2.13.0 for B\n  \
             threads: 2 for A, 1 for B\n\n"
        );
        assert_eq!(environment_words(&sides, &other_environment(&[a.clone(), a])), "");
    }

    #[test]
    fn long_names_and_names_of_others_fit() {
        let cpus = ["x".repeat(45), "y".repeat(45)];
        let [a, b] = cpus.each_ref().map(|cpu| of(&[("cpu", cpu), ("blas\n", &cpu[..1])]));
        let sides = ["port", "script"].map(str::to_owned);
        let words = environment_words(&sides, &other_environment(&[a, b]));
        assert!(words.lines().all(|line| line.chars().count() <= 80), "{words}");
        assert!(words.contains(",\n    yyy"), "{words}");
        assert!(words.contains("\n  blas\\n: x for port, y for script\n"), "{words}");
    }
}
