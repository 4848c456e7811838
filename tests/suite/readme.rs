//! The README holds what the programs do: every command in an `sh` block runs,
//! and the output on its first screen is the real one.

use std::fs;

use crate::common::{root, stdout, tanh_parity};
use tempfile::TempDir;

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The text between the fence after `start` and the next fence.
fn block<'t>(text: &'t str, start: &str) -> &'t str {
    let (_, after) = text.split_once(start).unwrap_or_else(|| panic!("README.md has no {start:?}"));
    after.split_once("\n```").unwrap().0.trim_start_matches('\n')
}

#[test]
fn every_command_of_the_readme_runs() {
    let folder = TempDir::new().unwrap();
    let text = readme();
    let blocks = text.split("\n```sh\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
    let commands: Vec<_> = blocks.flat_map(str::lines).collect();
    assert!(commands.len() >= 7, "{commands:?}");
    fs::copy(root().join("tests/lesson.py"), folder.path().join("lesson.py")).unwrap();
    for line in commands {
        let args = line.strip_prefix("tanh-parity ").unwrap_or_else(|| panic!("what is {line}?"));
        let mut command = tanh_parity(args);
        command.current_dir(&folder);
        stdout(command);
    }
}

#[test]
fn the_table_of_commands_names_every_command() {
    let help = stdout(tanh_parity("--help"));
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let firsts = commands.lines().filter(|line| !line.starts_with("   "));
    let names: Vec<_> = firsts.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 10, "{names:?}");
    let text = readme();
    let table = text.split_once("| command |").unwrap().1.split_once("\n\n").unwrap().0;
    for name in names.into_iter().filter(|name| *name != "help") {
        assert!(
            table.contains(&format!("`{name}`")) || table.contains(&format!("`{name} ")),
            "{name}"
        );
    }
}

#[test]
fn the_first_screen_shows_what_make_run_prints() {
    let text = readme();
    let shown = block(&text, "<!-- run -->\n```");
    let real = stdout(tanh_parity("train")) + "\n" + &stdout(tanh_parity("check"));
    let environment = shown.lines().find(|line| line.starts_with("Python")).unwrap();
    if real.contains(environment) {
        assert_eq!(shown.trim_end(), real.trim_end());
    } else {
        // Other kernels, other last digits: the same words in the same places.
        let words =
            |text: &str| text.split_whitespace().filter(|w| w.parse::<f64>().is_err()).count();
        assert_eq!(words(shown), words(&real), "{real}");
    }
}

#[test]
fn every_link_of_the_readme_leads_somewhere() {
    let text = readme();
    let targets = text.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0);
    let local: Vec<_> = targets.filter(|target| !target.contains("://")).collect();
    assert!(local.len() > 10);
    for target in local {
        let exists = match target.strip_prefix('#') {
            None => root().join(target).exists(),
            Some(anchor) => {
                text.lines().any(|line| line.starts_with('#') && anchor_of(line) == anchor)
            }
        };
        assert!(exists, "README.md points to {target}");
    }
}

/// A heading as links name it.
fn anchor_of(heading: &str) -> String {
    let words = heading.trim_start_matches(['#', ' ']).to_lowercase().replace(' ', "-");
    words.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}
