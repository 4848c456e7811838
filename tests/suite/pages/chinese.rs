//! The Chinese pages are set as Chinese technical writers do, everywhere alike.

use regex::Regex;

use super::links::without_blocks;
use super::pages;

/// What is set otherwise, each with what is around it.
fn slips(text: &str) -> Vec<String> {
    let text = without_blocks(text);
    let wrong = [
        // A blank is missing between Chinese and Latin letters, digits or code.
        r"\p{Han}[A-Za-z0-9`]|[A-Za-z0-9`%]\p{Han}",
        // A half-width mark in Chinese text; a blank beside a full-width one.
        r#"\p{Han}[,.:;!?()"]|[,;!?("]\p{Han}| [，。：；、（）？]|[，。：；、（）？] [^|]"#,
        // A line break within a sentence, which a browser shows as a blank.
        r"[\p{Han}，。：；、）][\n][^\n|#-]",
        // Bold that does not end, since its last character is a mark.
        r"\*\*[^*\n]*[，。：；、）]\*\*\p{Han}",
    ];
    let wrong = Regex::new(&format!("(?:{}).{{0,9}}", wrong.join("|"))).unwrap();
    // A link to an English page says so. The one at the top is called English.
    let english = Regex::new(r"\[([^\]]*)\]\([^)]*\.md(?:#[^)]*)?\)(.{0,4})").unwrap();
    let untold = english.captures_iter(&text).filter(|link| {
        !(&link[1] == "English" || link[0].contains(".zh-CN.md") || &link[2] == "（英文）")
    });
    let untold: Vec<_> = untold.map(|link| link[0].to_owned()).collect();
    let words = Regex::new(r"\]\([^)]*\)").unwrap().replace_all(&text, "]");
    wrong.find_iter(&words).map(|slip| slip.as_str().to_owned()).chain(untold).collect()
}

#[test]
fn the_chinese_pages_are_set_alike() {
    for page in pages().iter().filter(|page| page.path.ends_with(".zh-CN.md")) {
        assert_eq!(slips(&page.text), [""; 0], "{}", page.path);
    }
}

#[test]
fn a_slip_is_found() {
    let fine = "用 `check` 比较 2 次，见[实验](a.md)（英文）。\n\n**张量**（或 Tensor）：\n- 一\n";
    assert_eq!(slips(fine), [""; 0]);
    for text in [
        "用Rust 写",
        "用 Rust写",
        "用`check` 比较",
        "占 5%以上",
        "一致,",
        "一致(",
        "(一致",
        "一致 ，好",
        "一致， 好",
        "逐位\n一致",
        "**逐位：**一致",
        "见[实验](a.md)。",
        "见[实验](a.md#b)",
    ] {
        assert_eq!(slips(text).len(), 1, "{text}: {:?}", slips(text));
    }
}
