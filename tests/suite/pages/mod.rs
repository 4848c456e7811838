//! The README and all other pages hold what the programs do. CONTRIBUTING.md says
//! what may stand above a block.

mod blocks;
mod chinese;
mod claims;
mod commands;
mod comments;
mod links;
mod messages;
mod numbers;
mod pictures;
mod translation;

use std::fs;
use std::path::PathBuf;

use crate::common::{root, stdout, tanh_parity};

/// A page, by its path in the checkout.
pub struct Page {
    pub path: String,
    pub text: String,
}

impl Page {
    fn read(path: &str) -> Self {
        Self { path: path.to_owned(), text: fs::read_to_string(root().join(path)).unwrap() }
    }
}

/// Every page.
pub fn pages() -> Vec<Page> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let name = |path: PathBuf| format!("docs/{}", path.file_name().unwrap().display());
    let mut paths: Vec<_> = docs.map(name).collect();
    paths.sort();
    let first =
        ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "crates/torch-parity/README.md"];
    paths.splice(0..0, first.map(str::to_owned));
    paths.iter().map(|path| Page::read(path)).collect()
}

#[test]
fn the_table_of_commands_names_every_command() {
    let help = stdout(tanh_parity("--help"));
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let firsts = commands.lines().filter(|line| !line.starts_with("   "));
    let names: Vec<_> = firsts.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 10, "{names:?}");
    let text = Page::read("README.md").text;
    let table = text.split_once("| command |").unwrap().1.split_once("\n\n").unwrap().0;
    for name in names.into_iter().filter(|name| *name != "help") {
        assert!(
            table.contains(&format!("`{name}`")) || table.contains(&format!("`{name} ")),
            "{name}"
        );
    }
}
