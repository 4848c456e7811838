//! The command line: every exit status, every message, and what a failed run
//! leaves behind.

use std::fs;
use std::path::Path;

use crate::common::{
    activations, is_running, on_a_terminal, outcome, root, stdout, tanh_parity, tanh_parity_in,
    with_signals, within,
};
use tempfile::TempDir;

/// Trouble: exit status 2, nothing on standard output, one line that says
/// `words`.
fn assert_trouble((code, stdout, stderr): (i32, String, String), words: &str) {
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "one line, not\n{stderr}");
    assert!(stderr.starts_with("error: ") && stderr.contains(words), "no {words:?} in {stderr}");
}

fn in_folder(folder: &Path, args: &str) -> (i32, String, String) {
    outcome(tanh_parity_in(folder, args))
}

fn entries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn bad_usage_is_one_line_that_names_the_range_or_the_choice() {
    for (args, words) in [
        ("", "no command: try `tanh-parity train`"),
        ("trian", "unrecognized subcommand 'trian'"),
        ("train.py", "train.py is no command: try `tanh-parity record train.py`"),
        ("check train.py", "name a script with --script, as in --script train.py"),
        ("new folder train.py", "name a script with --script, as in --script train.py"),
        ("train train.py", "unexpected argument 'train.py'"),
        ("why train.py ops", "train.py is a script, not a list: name it with --script"),
        ("why a b --first -1", "'-1' for '--first <N>': must be a whole number from 1 on"),
        ("compare a b --all --limit -1", "must be a whole number from 0 on"),
        ("sweep --shard 3/2", "must be K/N with K from 1 to N"),
        ("train --epoch 3", "unexpected argument '--epoch'"),
        ("train --epochs 0", "a whole number from 1 to 1000000"),
        ("train --samples 0", "a whole number from 1 to 10000000"),
        ("train --features -3", "a whole number from 1 to 1000000"),
        ("train --hidden 2000000", "a whole number from 1 to 1000000"),
        ("train --threads 0", "a whole number from 1 to 1024"),
        ("train --seed 9223372036854775808", "a whole number from -9223372036854775808 to"),
        ("train --epochs 1.5", "a whole number from 1 to 1000000"),
        ("curve --points -5", "a whole number from 2 to 1000000"),
        (
            "check --seed 7 signal",
            "put flags after the experiment's name: `tanh-parity check signal",
        ),
        ("check signl", "tip: a similar subcommand exists: 'signal'"),
        ("train --activations tahn", "tip: a similar value exists: 'tanh'"),
        ("pitfalls fused-adm", "did you mean fused-adam? `tanh-parity pitfalls --list`"),
        ("pitfalls --only zzz", "no mistake has this name: `tanh-parity pitfalls --list`"),
        ("train --color pink", "possible values: auto, always, never"),
        ("train --lr nan", "must be a number from 0 to 1e37"),
        ("train --lr -1", "must be a number from 0 to 1e37"),
        ("train --lr 1e38", "must be a number from 0 to 1e37"),
        ("train --activations sigmoid,swish", "possible values: sigmoid, tanh, relu"),
        ("train --activations tanh,relu,tanh", "names tanh twice: name each once"),
        ("train --samples 10000000 --hidden 64", "at most 134217728 values fit a tensor"),
        ("check --rtol nan", "must be a number from 0 on"),
        ("check --timeout 0", "a whole number from 1 to 1000000"),
        ("compare a.safetensors", "<B>"),
    ] {
        assert_trouble(outcome(tanh_parity(args)), words);
    }
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_training_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    for (output, words) in [
        (
            "--csv no/losses.csv",
            "cannot write no/losses.csv: there is no such folder, make it first",
        ),
        ("--trace d", "cannot write d: it is a folder, name a file"),
        ("--plot /proc/losses.svg", "cannot write /proc/losses.svg"), // a folder nobody may write
        ("--history h.csv --csv h.csv", "two outputs go to h.csv: name different files"),
        ("--csv h.csv --history ./h.csv", "two outputs go to ./h.csv: name different files"),
        ("--history - --csv -", "two outputs go to -"),
        ("--history /dev/stdout --csv -", "two outputs go to /dev/stdout"),
    ] {
        // So many epochs that it would be noticed if they were trained first.
        assert_trouble(
            in_folder(folder.path(), &format!("train --epochs 1000000 {output}")),
            words,
        );
        assert_eq!(entries(folder.path()), ["d"], "after {output}");
    }
}

#[test]
fn a_full_disk_is_said_and_what_was_there_stays() {
    let (code, lines, stderr) = outcome(tanh_parity("train --epochs 2 --csv /dev/full"));
    assert_eq!((code, lines.lines().count()), (2, 3));
    assert!(stderr.contains("cannot write /dev/full: No space left"), "{stderr}");

    let folder = TempDir::new().unwrap();
    let trace = folder.path().join("t.safetensors");
    fs::write(&trace, "before").unwrap();
    // Files may grow to one block only: the trace does not fit.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" train --trace t.safetensors";
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", script]).arg(tanh_parity("").get_program()).current_dir(&folder);
    let (code, _, stderr) = outcome(command);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("error: cannot write") && stderr.contains("t.safetensors"), "{stderr}");
    assert_eq!(fs::read_to_string(&trace).unwrap(), "before");
    assert_eq!(entries(folder.path()), ["t.safetensors"]);
}

#[test]
fn standard_output_may_be_full_or_end_early() {
    let run = |script: &str| {
        let mut command = assert_cmd::Command::new("bash");
        command.args(["-o", "pipefail", "-c", script]).arg(tanh_parity("").get_program());
        outcome(command)
    };
    assert_trouble(
        run("\"$0\" train --epochs 1 >/dev/full"),
        "cannot write to standard output: No space",
    );
    // The words are lost, the files are not.
    let folder = TempDir::new().unwrap();
    let csv = folder.path().join("full.csv");
    let to_full = format!("\"$0\" train --epochs 1 --csv {} >/dev/full", csv.display());
    assert_trouble(run(&to_full), "cannot write to standard output: No space");
    assert_eq!(fs::read_to_string(csv).unwrap().lines().count(), 4);
    let (code, stdout, stderr) = run("\"$0\" train --epochs 1 --history - 2>/dev/null | head -1");
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "activation,epoch,loss\n", ""));
    // The reader leaves before the first line; the files are still written.
    let csv = folder.path().join("c.csv");
    let (code, _, stderr) = run(&format!("\"$0\" train --epochs 1 --csv {} | true", csv.display()));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(csv).unwrap().lines().count(), 4);
}

#[test]
fn an_output_may_be_standard_output_and_the_lines_step_aside() {
    let flags = "train --epochs 2 --activations tanh";
    let lines = stdout(tanh_parity(flags));
    let (code, csv, stderr) = outcome(tanh_parity(&format!("{flags} --csv -")));
    assert_eq!((code, &stderr), (0, &lines));
    assert_eq!(csv, format!("activation,final_loss\n{}", lines.replace(": ", ",")));
    let (_, svg, _) = outcome(tanh_parity(&format!("{flags} --plot -")));
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
}

#[test]
fn python_is_found_however_it_is_named_and_whatever_the_environment() {
    let check = "check --epochs 1 --samples 4 --hidden 2";
    let run = |flags: &str, (variable, value): (&str, &str)| {
        let mut command = tanh_parity(&format!("{check} {flags}"));
        command.env(variable, value);
        outcome(command)
    };
    for (flags, set) in [
        ("--python .venv/bin/python", ("LANG", "C")), // where the tests run
        ("", ("TANH_PARITY_PYTHON", "")),
        ("", ("TANH_PARITY_PYTHON", ".venv/bin/python")),
        ("", ("PYTHONSAFEPATH", "1")),
    ] {
        let (code, report, stderr) = run(flags, set);
        assert_eq!((code, stderr.as_str()), (0, ""), "{flags} {set:?}\n{report}");
    }
    assert_trouble(run("--python no/python", ("LANG", "C")), "no/python: run `make setup`");
}

#[test]
fn a_file_named_by_its_descriptor_keeps_what_it_holds() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("all.txt");
    for name in ["-", "/dev/stdout", "/dev/fd/1", "/dev/stderr"] {
        fs::write(&file, "kept\n").unwrap();
        let mut command = assert_cmd::Command::new("sh");
        let script = format!("exec \"$0\" train --epochs 1 --csv {name} >>all.txt 2>>all.txt");
        command.args(["-c", &script]).arg(tanh_parity("").get_program()).current_dir(&folder);
        assert_eq!(outcome(command).0, 0, "{name}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("kept\n") && text.contains("\nsigmoid: "), "{name}: {text}");
        assert!(text.contains("activation,final_loss\n"), "{name}: {text}");
    }
}

#[test]
fn a_file_in_memory_is_replaced_as_any_other() {
    let Ok(folder) = TempDir::new_in("/dev/shm") else { return };
    for _ in 0..2 {
        let csv = folder.path().join("l.csv");
        let args = format!("train --epochs 1 --csv {}", csv.display());
        assert_eq!(outcome(tanh_parity(&args)).0, 0);
        assert_eq!(fs::read_to_string(&csv).unwrap().lines().count(), 4);
    }
}

#[test]
fn an_output_through_a_link_or_over_an_old_file_goes_where_it_points() {
    let folder = TempDir::new().unwrap();
    let [target, link] = ["target.csv", "link.csv"].map(|name| folder.path().join(name));
    fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let (code, ..) = in_folder(folder.path(), "train --epochs 1 --csv link.csv");
    assert_eq!(code, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&target).unwrap().starts_with("activation,final_loss\n"));
    // A link to what is not there yet.
    fs::remove_file(&target).unwrap();
    let (code, ..) = in_folder(folder.path(), "train --epochs 1 --csv link.csv");
    assert_eq!(code, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&target).unwrap().starts_with("activation,final_loss\n"));
}

#[test]
fn the_csvs_hold_what_the_pages_say() {
    let history =
        in_folder(&std::env::temp_dir(), "train --activations relu,tanh --epochs 2 --history -").1;
    let mut lines = history.lines();
    assert_eq!(lines.next(), Some("activation,epoch,loss"));
    let starts: Vec<_> = lines.map(|line| line.rsplit_once(',').unwrap().0).collect();
    assert_eq!(starts, ["relu,1", "relu,2", "tanh,1", "tanh,2"]);
}

#[test]
fn help_and_version_go_to_standard_output_and_fit_80_columns() {
    let version = concat!("tanh-parity ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(stdout(tanh_parity("-V")), version);
    let long = stdout(tanh_parity("--version"));
    let lines: Vec<_> = long.lines().collect();
    let [first, tch, libtorch] = lines[..] else { panic!("{long}") };
    assert_eq!((first, tch), (version.trim_end(), &*format!("tch {}", torch_parity::TCH_VERSION)));
    let (release, folder) = libtorch.split_once(" in ").unwrap();
    assert_eq!(release, format!("libtorch {}", torch_parity::TORCH_VERSION));
    let library =
        format!("lib/libtorch_cpu.{}", if cfg!(target_os = "macos") { "dylib" } else { "so" });
    assert!(Path::new(folder).join(library).exists(), "{folder}");
    for command in ["", "train", "check", "compare", "pitfalls", "sweep", "bench", "record"] {
        let help = stdout(tanh_parity(&format!("{command} --help")));
        assert!(help.contains("Usage: tanh-parity"), "{help}");
        let wide = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "in {command} --help");
    }
}

#[test]
fn the_columns_of_every_csv_stand_in_its_commands_help() {
    let folder = TempDir::new().unwrap();
    for (command, flags) in [
        ("train", "--epochs 1 --csv -"),
        ("train", "--epochs 1 --history -"),
        ("curve", "--points 2 --csv -"),
        ("signal", "--epochs 1 --depths 1 --csv -"),
        ("recurrent", "--epochs 1 --steps 2 --csv -"),
        ("generator", "--epochs 1 --csv -"),
        ("pitfalls", "--only powi --epochs 1 --csv -"),
        ("sweep", "--seeds 0..1 --epochs 20 --csv sweep.csv"),
    ] {
        let (code, mut csv, errors) = in_folder(folder.path(), &format!("{command} {flags}"));
        assert_eq!(code, 0, "{errors}");
        if csv.starts_with("1 seed") {
            csv = fs::read_to_string(folder.path().join("sweep.csv")).unwrap();
        }
        let missing = columns_that_help_lacks(command, csv.lines().next().unwrap());
        assert!(missing.is_empty(), "{command} --help does not tell {missing:?}");
    }
    assert_eq!(columns_that_help_lacks("curve", "x,value,tangent"), ["tangent"]);
}

/// The columns of this header that no word of the command's help is.
pub fn columns_that_help_lacks(command: &str, header: &str) -> Vec<String> {
    let help = stdout(tanh_parity(&format!("{command} --help")));
    let words = help.split(|c: char| c.is_whitespace() || ",;:()".contains(c));
    let words: Vec<_> = words.map(|word| word.trim_end_matches('.')).collect();
    // One stands for its kind.
    let told = |column: &str| column.starts_with("below_") && words.contains(&"below_0.6");
    let lacks = |column: &&str| !words.contains(column) && !told(column);
    header.split(',').filter(lacks).map(str::to_owned).collect()
}

#[test]
fn quiet_says_nothing_and_writes_what_was_asked_for() {
    let folder = TempDir::new().unwrap();
    let run = |args: &str| in_folder(folder.path(), args);
    let silent = (0, String::new(), String::new());
    assert_eq!(run("train --epochs 1 --quiet --csv a.csv"), silent);
    assert_eq!(run("-q train --epochs 2 --csv b.csv"), silent);
    assert_eq!(run("compare -q a.csv a.csv"), silent);
    assert_eq!(run("compare -q a.csv b.csv"), (1, String::new(), String::new()));
    let (code, csv, errors) = run("train --epochs 1 -q --csv -");
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(csv, fs::read_to_string(folder.path().join("a.csv")).unwrap());
    assert_trouble(run("compare -q a.csv none.csv"), "none.csv");
}

#[test]
fn the_verdict_is_coloured_where_that_is_wanted_and_never_in_a_pipe() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.csv"), "x\n1\n").unwrap();
    fs::write(folder.path().join("b.csv"), "x\n2\n").unwrap();
    let run = |args: &str, (name, value): (&str, &str)| {
        let mut command = tanh_parity_in(&folder, args);
        command.env(name, value);
        outcome(command).1
    };
    let (green, red) =
        ("\u{1b}[1m\u{1b}[32mverdict: exact", "\u{1b}[1m\u{1b}[31mverdict: diverged");
    let none = ("LANG", "C");
    assert!(run("compare a.csv a.csv --color always", none).contains(green));
    assert!(run("compare --color always a.csv b.csv", ("NO_COLOR", "1")).contains(red));
    for plain in ["compare a.csv b.csv", "compare a.csv b.csv --color never"] {
        assert!(run(plain, none).contains("\nverdict: diverged"), "{plain}");
        assert!(!run(plain, none).contains('\u{1b}'), "{plain}");
    }
    let on_terminal = |(name, value): (&str, &str)| {
        let mut command = on_a_terminal(&folder, "compare a.csv b.csv");
        command.env(name, value);
        outcome(command).1
    };
    assert!(on_terminal(("TERM", "xterm")).contains(red));
    for set in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = on_terminal(set);
        assert!(shown.contains("\nverdict: diverged") && !shown.contains('\u{1b}'), "{set:?}");
    }
}

#[test]
fn shells_can_complete_and_man_has_a_page_for_each_command() {
    for (shell, words) in
        [("bash", "complete -F"), ("zsh", "#compdef tanh-parity"), ("fish", "complete -c")]
    {
        let script = stdout(tanh_parity(&format!("completions {shell}")));
        assert!(script.contains(words) && script.contains("same-init"), "{shell}: {script}");
    }
    assert_trouble(outcome(tanh_parity("completions bsh")), "tip: a similar value exists: 'bash'");
    let page = stdout(tanh_parity("man"));
    assert!(page.contains(".TH tanh-parity 1") && page.contains("SUBCOMMANDS"), "{page}");
    let folder = TempDir::new().unwrap();
    assert_eq!(in_folder(folder.path(), "man pages"), (0, String::new(), String::new()));
    let pages = entries(&folder.path().join("pages"));
    for name in ["tanh-parity.1", "tanh-parity-train.1", "tanh-parity-man.1"] {
        assert!(pages.iter().any(|page| page == name), "{pages:?}");
    }
    assert_trouble(in_folder(folder.path(), "man /dev/null/man"), "name another folder");
}

#[test]
fn one_of_a_thing_is_not_many() {
    let one = "--seeds 0..1 --epochs 1 --samples 1 --features 1 --hidden 1";
    let text = stdout(tanh_parity(&format!("sweep {one}")));
    let first = "1 seed: 1 epoch, lr 0.001, 1 sample, 1 feature, 1 hidden unit\n";
    assert!(text.starts_with(first), "{text}");
    let many = regex::Regex::new(r"(?:^|\D)1 [a-z]+s\b").unwrap();
    assert!(many.is_match("1 seeds") && !many.is_match("31 seeds, 1 thread"));
    for args in [
        format!("sweep {one}"),
        "check --epochs 1 --activations tanh --samples 1 --features 1 --hidden 1".to_owned(),
        "pitfalls --epochs 1 --activations tanh --only powi,step-from-0".to_owned(),
    ] {
        let text = stdout(tanh_parity(&args));
        let wrong = text.lines().find(|line| many.is_match(line));
        assert_eq!(wrong, None, "{args}");
    }
}

/// What is written in a picture.
fn written(flags: &str) -> Vec<String> {
    let svg = stdout(tanh_parity(&format!("{flags} --samples 4 --plot -")));
    let texts = svg.split("<text ").skip(1).map(|text| text.split('>').nth(1).unwrap());
    texts.map(|text| text.trim_end_matches("</text").trim().to_owned()).collect()
}

#[test]
fn counts_are_marked_as_counts_in_every_picture() {
    for (flags, axes) in [
        ("generator --epochs 2 --size 16", 1),
        ("recurrent --steps 1,2 --epochs 1", 4),
        ("signal --depths 1,2 --epochs 1", 4),
    ] {
        let texts = written(flags).join("|") + "|";
        assert_eq!(texts.matches("|1|2|").count(), axes, "{flags}: {texts}");
    }
}

#[test]
fn a_plot_marks_whole_epochs_and_shows_every_activation_in_its_own_way() {
    let marks = |epochs: u32| {
        let texts = written(&format!("train --epochs {epochs}")).into_iter().skip(4);
        texts.filter(|text| text.parse::<u32>().is_ok()).collect::<Vec<_>>()
    };
    assert_eq!(marks(1), ["1"]);
    assert_eq!(marks(3), ["1", "2", "3"]);
    assert_eq!(marks(50), ["10", "20", "30", "40", "50"]);
    let all = activations().join(",");
    let svg =
        stdout(tanh_parity(&format!("train --epochs 1 --samples 4 --activations {all} --plot -")));
    let colours: std::collections::BTreeSet<_> =
        svg.split("stroke=\"#").skip(1).map(|rest| &rest[..6]).collect();
    assert!(colours.len() >= activations().len(), "{colours:?}");
}

#[test]
fn o_names_the_one_output() {
    let folder = TempDir::new().unwrap();
    let (code, ..) = in_folder(folder.path(), "pitfalls --only powi --epochs 1 -o p.csv");
    assert_eq!((code, entries(folder.path())), (0, vec!["p.csv".to_owned()]));
    fs::write(
        folder.path().join("s.py"),
        "import torch\nl = torch.nn.Linear(1, 1)\n\
        o = torch.optim.SGD(l.parameters(), lr=1)\nl(torch.ones(1, 1)).sum().backward()\no.step()\n",
    )
    .unwrap();
    let (code, _, errors) = in_folder(folder.path(), "record -q -o s.safetensors s.py");
    assert!(code == 0 && folder.path().join("s.safetensors").exists(), "{errors}");
}

#[test]
fn check_finds_the_twin_equal_from_any_folder_and_as_a_copy() {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copied");
    fs::copy(tanh_parity("").get_program(), &copy).unwrap();
    let mut command = assert_cmd::Command::new(&copy);
    command.args(["check", "--epochs", "3", "--same-init"]).current_dir(&folder);
    let report = stdout(command);
    assert!(report.contains("verdict: exact: 176 tensors, 47,383 values"), "{report}");
    assert!(report.contains("Python  PyTorch 2.13.0"), "{report}");
    assert!(report.contains("\nTwins   built in\n"), "{report}");
    assert!(report.contains("tanh") && report.contains("3/3"), "{report}");
    assert!(report.lines().all(|line| line.chars().count() <= 80), "too wide:\n{report}");
    assert_eq!(entries(folder.path()), ["copied"], "nothing is left in the folder");
}

/// A Python whose libtorch uses other kernels than ours.
fn other_kernels(folder: &TempDir) -> String {
    let path = folder.path().join("python");
    let real = root().join(".venv/bin/python");
    let script = format!("#!/bin/sh\nATEN_CPU_CAPABILITY=default exec {} \"$@\"\n", real.display());
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn check_finds_a_python_that_computes_otherwise() {
    let folder = TempDir::new().unwrap();
    let python = other_kernels(&folder);
    let (code, report, stderr) =
        outcome(tanh_parity(&format!("check --epochs 3 --python {python}")));
    assert_eq!(code, 1, "{report}{stderr}");
    assert!(report.contains("CPU capability DEFAULT"), "{report}");
    assert!(report.contains("verdict: diverged"), "{report}");
    assert!(report.contains("first divergence: data, x at ["), "{report}");
    let tolerant =
        outcome(tanh_parity(&format!("check --epochs 3 --python {python} --rtol 1.3e-6")));
    assert_eq!(tolerant.0, 0, "{}", tolerant.1);
    assert!(tolerant.1.contains("verdict: within tolerance"), "{}", tolerant.1);
}

#[test]
fn a_python_that_is_missing_or_has_no_torch_is_trouble() {
    assert_trouble(
        outcome(tanh_parity("check --python /no/python")),
        "no Python at /no/python: run `make setup`, or name one with --python",
    );
    assert_trouble(
        outcome(tanh_parity("check --epochs 1 --python /bin/true")),
        "the Python twin left no trace: is --python a Python?",
    );
    let folder = TempDir::new().unwrap();
    let bare = folder.path().join("bare");
    // -S -E: the same interpreter without its packages.
    let real = root().join(".venv/bin/python");
    fs::write(&bare, format!("#!/bin/sh\nexec {} -S -E \"$@\"\n", real.display())).unwrap();
    fs::set_permissions(&bare, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_trouble(
        outcome(tanh_parity(&format!("check --python {}", bare.display()))),
        "has no module named 'torch': run `make setup`, or name one with --python",
    );
    let record = format!("record --python {} tests/lesson.py", bare.display());
    let (status, _, stderr) = outcome(tanh_parity(&record));
    let remedy = "has no torch: activate the environment that has it, or name its Python with";
    assert!(status == 1 && stderr.contains(remedy), "{status}: {stderr}");
}

#[test]
fn a_size_that_memory_does_not_hold_is_one_line_of_libtorch() {
    let script =
        "ulimit -v 1500000; exec \"$0\" train --samples 10000000 --features 13 --hidden 13";
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", script]).arg(tanh_parity("").get_program());
    assert_trouble(outcome(command), "try smaller settings");
}

#[test]
fn a_file_of_another_kind_than_its_ending_promises_is_refused() {
    let folder = TempDir::new().unwrap();
    for (args, words) in [
        (
            "train --plot x.png",
            "cannot write x.png: its contents would be svg, not png: let its name end in .svg",
        ),
        ("train --trace x.npz", "let its name end in .safetensors"),
        ("generator --image x.jpg", "let its name end in .png"),
        ("sweep --seeds 0..1 --plot x.pdf", "let its name end in .svg"),
    ] {
        assert_trouble(in_folder(folder.path(), args), words);
    }
    assert!(entries(folder.path()).is_empty());
}

/// A signal ends Python and what it started, and leaves no folder.
#[test]
fn a_signal_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let temporary = TempDir::new().unwrap();
    let script = folder.path().join("slow.py");
    let text = "import os, subprocess, time\n\
                child = subprocess.Popen(['sleep', '600'])\n\
                open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n\
                os.rename('pids', 'ready')\ntime.sleep(600)\n";
    fs::write(&script, text).unwrap();
    for signal in ["INT", "TERM", "HUP"] {
        let mut child = with_signals(tanh_parity("").get_program())
            .args(["check", "--script", "slow.py"])
            .current_dir(&folder)
            .env("TMPDIR", temporary.path())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let ready = folder.path().join("ready");
        assert!(within(30, || ready.exists()), "the script does not start");
        let pids = fs::read_to_string(&ready).unwrap();
        fs::remove_file(&ready).unwrap();
        assert!(pids.split(' ').all(is_running), "{pids}");
        let id = child.id().to_string();
        std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap();
        assert!(!child.wait().unwrap().success(), "{signal}");
        assert!(within(3, || !pids.split(' ').any(is_running)), "{signal} leaves {pids}");
        assert!(entries(temporary.path()).is_empty(), "{signal}: {:?}", entries(temporary.path()));
    }
}
