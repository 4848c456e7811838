//! The recorder's own tests, `tests/test_record.py`. They take longest of all, and tests
//! begin in the order of their names.

use std::fs;

use crate::common::{self, root, stdout};

/// Runs these of the recorder's own tests.
fn test_recorder<'a>(classes: impl Iterator<Item = &'a str>) {
    let mut command = common::python();
    command.arg("tests/test_record.py").args(classes);
    stdout(command);
}

/// Half of its tests by their time.
#[test]
fn pass_with_every_script() {
    test_recorder(["Scripts"].into_iter());
}

#[test]
fn pass_of_all_else() {
    let text = fs::read_to_string(root().join("tests/test_record.py")).unwrap();
    let classes = text.lines().filter_map(|line| line.strip_prefix("class "));
    let classes: Vec<_> =
        classes.filter_map(|it| it.strip_suffix("(unittest.TestCase):")).collect();
    assert!(classes.contains(&"Scripts") && classes.len() > 3, "{classes:?}");
    test_recorder(classes.into_iter().filter(|it| *it != "Scripts").chain(["Rules"]));
}
