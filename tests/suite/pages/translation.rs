//! A Chinese page holds what its English one does: the same headings, blocks,
//! pictures, links, code and numbers.

use std::path::Path;

use regex::Regex;

use super::links::heading;
use super::numbers::numbers;
use super::{Page, pages};
use crate::common::root;

/// The first difference between a page and its translation, which go side by side,
/// piece by piece.
fn difference(english: &Page, chinese: &Page) -> Option<String> {
    let (ours, theirs) = (pieces(&english.text), pieces(&chinese.text));
    let folder = root().join(Path::new(&english.path).parent().unwrap());
    (0..ours.len().max(theirs.len())).find_map(|at| {
        let [our, their] = [&ours, &theirs].map(|all| all.get(at).map_or("", String::as_str));
        let wanted = facts(our, |link| place(&ours, &in_chinese(&folder, link)));
        let both = wanted.into_iter().zip(facts(their, |link| place(&theirs, link)));
        let ((kind, wanted), (_, has)) = both.into_iter().find(|(wanted, has)| wanted != has)?;
        Some(format!("{}: {kind}: {has:?} for {wanted:?} in:\n{their}", chinese.path))
    })
}

/// A page's headings, paragraphs, rows of tables, items of lists, comments and
/// blocks.
fn pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut ended, mut in_block) = (Vec::<String>::new(), true, false);
    for line in text.lines() {
        let starts = ["#", "|", "- ", "<!--", "```"].iter().any(|mark| line.starts_with(mark));
        if in_block || !(ended || starts) {
            pieces.last_mut().unwrap().extend(["\n", line]);
        } else if !line.is_empty() {
            pieces.push(line.to_owned());
        }
        in_block ^= line.starts_with("```");
        ended = line.is_empty() || line.starts_with("```");
    }
    pieces
}

/// What a piece must have in common with its translation. Words may change places,
/// so links, code and numbers are sorted.
fn facts(piece: &str, place: impl Fn(&str) -> String) -> [(&'static str, Vec<String>); 6] {
    let found = |what: &str| -> Vec<String> {
        let what = Regex::new(what).unwrap();
        what.captures_iter(piece).map(|found| found.extract::<1>().1[0].to_owned()).collect()
    };
    let is_same = piece.starts_with("```") || piece.starts_with("<!--");
    let blocks = if is_same { vec![piece.to_owned()] } else { vec![] };
    let pictures = found(r"!\[[^\]]*\]\(([^)]*)\)");
    let links = found(r"\[[^\]]*\]\(([^)]*)\)").iter().map(|link| place(link)).collect();
    let code = found("`([^`]+)`").iter().map(|code| code.replace('\n', " ")).collect();
    let mut facts = [
        ("shape", vec![shape(piece)]),
        ("block", blocks),
        ("picture", pictures),
        ("link", links),
        ("code", code),
        ("number", numbers(piece)),
    ];
    for (_, found) in &mut facts {
        found.sort();
    }
    facts
}

/// A heading by its level, the row of a table by its number of cells.
fn shape(piece: &str) -> String {
    match piece.chars().next() {
        Some('#') => piece.split(' ').next().unwrap_or_default().to_owned(),
        Some('|') => "|".repeat(piece.matches('|').count()),
        Some('-') => "item".to_owned(),
        Some(_) => "paragraph".to_owned(),
        None => "end".to_owned(),
    }
}

/// A link of an English page as the Chinese one has it: to a Chinese page, where
/// there is one.
fn in_chinese(folder: &Path, link: &str) -> String {
    let chinese = link.replace(".md", ".zh-CN.md");
    match link.strip_suffix(".zh-CN.md") {
        Some(name) => format!("{name}.md"),
        None if folder.join(&chinese).exists() => chinese,
        None => link.to_owned(),
    }
}

/// A link to a heading of the same page as the number of that heading.
fn place(pieces: &[String], link: &str) -> String {
    let Some(anchor) = link.strip_prefix('#') else { return link.to_owned() };
    let mut headings = pieces.iter().filter_map(|piece| heading(piece));
    format!("#{:?}", headings.position(|heading| heading == anchor))
}

/// Each English page that has a Chinese one, with that.
fn pairs() -> Vec<(Page, Page)> {
    let chinese = pages().into_iter().filter(|page| page.path.ends_with(".zh-CN.md"));
    chinese.map(|page| (Page::read(&page.path.replace(".zh-CN", "")), page)).collect()
}

#[test]
fn the_chinese_pages_hold_what_the_english_ones_do() {
    let pairs = pairs();
    assert_eq!(pairs.len(), 2);
    for (english, chinese) in pairs {
        assert_eq!(difference(&english, &chinese), None);
    }
}

#[test]
fn whatever_a_translation_changes_is_found() {
    let pairs = pairs();
    let found = |page: usize, from: &str, to: &str| {
        let (english, Page { path, text }) = &pairs[page];
        assert!(text.contains(from), "{path} has no {from}");
        let changed = Page { path: path.clone(), text: text.replacen(from, to, 1) };
        difference(english, &changed).expect(to)
    };
    for (page, from, to, kind) in [
        (0, "train --csv losses.csv", "train --csv loss.csv", "block"),
        (0, "# set up, train", "# train", "block"),
        (0, "<!-- from .ci/run -->", "<!-- shape: make -->", "block"),
        (0, "2.8 GB", "2.9 GB", "number"),
        (0, "三个网络", "四个网络", "number"),
        (1, "1.0e-14", "1.0e-13", "number"),
        (1, "0.2170", "0.1470", "number"),
        (1, "(-1, 1)", "(1, 1)", "number"),
        (1, "四十次", "五十次", "number"),
        (0, "](docs/losses.svg)", "](docs/curve.svg)", "picture"),
        (0, "![", "[", "picture"),
        (0, "](docs/lesson.zh-CN.md)", "](docs/lesson.md)", "link"),
        (0, "](#你的脚本你的移植)", "](#命令)", "link"),
        (1, "](sweeps.md)", "](speed.md)", "link"),
        (0, "`make check`", "`make test`", "code"),
        (0, "## 命令", "### 命令", "shape"),
        (0, "| `compare` ", "", "shape"),
        (0, "\n- **`tch-adam`**", "\n\n**`tch-adam`**", "shape"),
        (1, "\n## 小结\n", "", "shape"),
    ] {
        let told = found(page, from, to);
        assert!(told.contains(&format!(": {kind}: ")), "{from} -> {to}: {told}");
    }
}
