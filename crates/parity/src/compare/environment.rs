//! What differs between the environments that two runs ran in, said before anything
//! else: most runs that part for no visible reason part for this.

use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_name_and_is_not_the_same_differs_with_the_version_first() {
        let of = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
            all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let a =
            of(&[("by", "tch"), ("cpu", "X"), ("threads", "2"), ("torch", "2.4.1"), ("os", "A")]);
        let b = of(&[("by", "PyTorch"), ("cpu", "X"), ("threads", "1"), ("torch", "2.13.0")]);
        let other = |name: &str, values: [&str; 2]| (name.to_owned(), values.map(str::to_owned));
        assert_eq!(
            other_environment(&[a.clone(), b]),
            [other("torch", ["2.4.1", "2.13.0"]), other("threads", ["2", "1"])]
        );
        assert_eq!(other_environment(&[a.clone(), a]), []);
    }
}
