//! What died out, another way to the same bits, and the forms of a report.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{assert_in_order, prints, why};

const SCRIPT: &str = "\
import torch
torch.manual_seed(0)
x = torch.rand(50)
y = (x * 8).add(1e-6).round()
w = torch.empty(50).normal_().clone()
w.copy_(x)
print(y.sum().item(), w.view(10, 5).mul(3).argmax(1).sum().item())
";

/// A folder with the lists of the script, as `script`, and of ports of it.
fn lists(ports: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("script", SCRIPT)].iter().chain(ports) {
        fs::write(folder.path().join("it.py"), text).unwrap();
        let mut command = why(&["--script", "it.py", "--save", name]);
        command.current_dir(&folder);
        prints(command, 0);
    }
    folder
}

fn compared(folder: &Path, port: &str, flags: &[&str]) -> Command {
    let mut command = why(&[&["script", port], flags].concat());
    command.current_dir(folder);
    command
}

/// Rounded, it is the script's again: the operation is named, and nothing is wrong in
/// the end.
#[test]
fn what_died_out_is_named_with_how_much_differs() {
    let other = SCRIPT.replace("1e-6", "2e-6");
    // Initial weights that are written over lead nowhere.
    let another_way = SCRIPT.replace("x * 8", "(x + x) * 4").replace("normal_", "uniform_");
    let counted = SCRIPT.replace(".mul(3)", ".mul(3).add(w.view(10, 5))");
    // Other values of the same operation: the places alone are the script's.
    let decided = SCRIPT.replace(".mul(3)", ".mul(4)");
    let parted = other.replace("y.sum()", "y.mul(2).sum()");
    let all = [&other, &another_way, &parted, &counted, &decided].map(String::as_str);
    let names = ["other", "another", "parted", "counted", "decided"];
    let folder = lists(&names.into_iter().zip(all).collect::<Vec<_>>());
    let text = prints(compared(folder.path(), "other", &[]), 0);
    assert_in_order(
        &text,
        &[
            "verdict: nothing differs in the end. Another result at the port's operation ",
            "died out.\n",
            "script  it.py:4\n",
            "add(f32[50], other=1e-06, alpha=1)\n",
            "port    it.py:4\n",
            "add(f32[50], other=2e-06, alpha=1)\n",
            "what differs: other: 2e-06 in place of 1e-06\n",
            "This result alone differs; what is computed from it is the script's again.\n",
            "; 1 differ and died out.\n",
        ],
    );
    let text = prints(compared(folder.path(), "another", &[]), 0);
    assert_in_order(&text, &["verdict: nothing differs. Of the port's", "another way"]);
    assert!(!text.contains("died out"), "{text}");
    let text = prints(compared(folder.path(), "counted", &[]), 0);
    let words =
        ["nothing differs in the end", "it.py:7", "add(f32[10, 5], other=f32[10, 5]", "died out"];
    assert_in_order(&text, &words);
    let text = prints(compared(folder.path(), "decided", &[]), 1);
    let words = ["the port leaves the script", "it.py:7", "mul(f32[10, 5], other=4)"];
    assert_in_order(&text, &words);
    let told =
        ["other: 4 in place of 3", "but as whole numbers or\n                truths alone\n"];
    assert_in_order(&text, &told);
    let text = prints(compared(folder.path(), "parted", &[]), 1);
    let words = ["mul(f32[50], other=2)", "\nbefore, another result died out, of the port's"];
    assert_in_order(&text, &["the port leaves the script", words[0], words[1], "it.py:4"]);
    forms(folder.path());
}

fn forms(folder: &Path) {
    let forms = ["--markdown", "m.md", "--html", "h.html", "--junit", "j.xml", "--json", "j.json"];
    for (port, status) in [("other", 0), ("parted", 1)] {
        prints(compared(folder, port, &forms), status);
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let [markdown, html, junit] = ["m.md", "h.html", "j.xml"].map(read);
        let json: serde_json::Value = serde_json::from_str(&read("j.json")).unwrap();
        assert_eq!(json["finding"].is_null(), status == 0, "{json}");
        assert_eq!(json["died_out"]["results"], 1, "{json}");
        let title = ["Nothing differs in the end", "The port leaves the script"][status as usize];
        let operation = ["add(f32\\[50\\], other\\=2e-06", "mul(f32\\[50\\], other\\=2)"];
        let operation = operation[status as usize];
        assert_in_order(
            &markdown,
            &[
                &format!("### {title}\n\n"),
                "|  | script | port |\n| --- | --- | --- |\n| line | it.py:",
                "| operation | <code>",
                operation,
                "#### What differs\n\n- ",
                "died out",
            ],
        );
        let plain = operation.replace('\\', "");
        let page = ["<!DOCTYPE html>", title, "<th scope=\"row\">operation</th><td>", &plain];
        assert_in_order(&html, &page);
        assert!(html.ends_with("</html>\n"), "{html}");
        let failures = format!("tests=\"1\" failures=\"{status}\"");
        assert_in_order(&junit, &[&failures, &failures, "<testcase ", "verdict: ", &plain]);
        let failure = "message=\"the port leaves the script at its operation ";
        assert_eq!(junit.contains(failure), status == 1, "{junit}");
    }
}
