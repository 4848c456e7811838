//! Links, anchors and paths lead somewhere.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::{Page, pages};
use crate::common::root;

/// The links of a page, and the paths in its words, that lead nowhere.
fn broken(page: &Page) -> Vec<String> {
    let folder = root().join(Path::new(&page.path).parent().unwrap());
    let text = without_blocks(&page.text);
    let targets = text.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0);
    let links = targets.filter(|target| {
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let file = if path.is_empty() { root().join(&page.path) } else { folder.join(path) };
        let has = |anchor: &str| {
            let text = fs::read_to_string(&file).unwrap();
            without_blocks(&text).lines().any(|line| heading(line).as_deref() == Some(anchor))
        };
        !target.contains("://") && (!file.exists() || !anchor.is_empty() && !has(anchor))
    });
    let ours = Regex::new("`((?:src|tests|docs|python_ref|torch-parity|cluster)/[^`]*)`").unwrap();
    let paths = ours.captures_iter(&text).map(|found| found.get(1).unwrap().as_str());
    let exists = |path: &str| root().join(path).exists() || folder.join(path).exists();
    // NAME is anyone's.
    let paths = paths.filter(|path| !path.contains("NAME") && !exists(path));
    links.chain(paths).map(|target| format!("{} points to {target}", page.path)).collect()
}

/// A page's text without what is in its blocks.
pub fn without_blocks(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// A heading as links name it.
pub fn heading(line: &str) -> Option<String> {
    let words = line.strip_prefix('#')?.trim_start_matches(['#', ' ']);
    let words = words.to_lowercase().replace(' ', "-");
    Some(words.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect())
}

#[test]
fn every_link_anchor_and_path_leads_somewhere() {
    let pages = pages();
    assert!(pages.len() > 10 && pages[0].text.matches("](").count() > 20);
    let broken: Vec<_> = pages.iter().flat_map(broken).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let broken = |words: &str| {
        let text = format!("# A heading: `one`\n\n{words}\n");
        broken(&Page { path: "docs/page.md".to_owned(), text }).len()
    };
    assert_eq!(broken("[a](trace.md#keys), [b](../README.md), `src/lesson/NAME/`, `src/fast/`"), 0);
    assert_eq!(broken("[a](gone.md), [b](trace.md#gone), `src/gone.rs`"), 3);
}
