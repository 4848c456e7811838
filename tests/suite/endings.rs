//! How a run ends where something outside of it goes wrong: limits, outputs that
//! are closed, files that are more than a name. Exit status 2 and one line.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::common::{is_running, outcome, program, root, tanh_parity, within};

/// Runs a line of shell in which `$0` is the program, in `folder`.
fn shell(folder: &TempDir, script: &str) -> (i32, String, String) {
    let mut command = assert_cmd::Command::new("bash");
    command.args(["-c", script]).arg(tanh_parity("").get_program()).current_dir(folder);
    outcome(command)
}

/// Runs a line of shell that is to end in trouble; returns what it says.
fn trouble(folder: &TempDir, script: &str) -> String {
    let (code, _, stderr) = shell(folder, script);
    assert_eq!(code, 2, "{script}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{script}: {stderr}");
    assert!(stderr.starts_with("error: "), "{script}: {stderr}");
    stderr
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn threads_that_cannot_be_started_are_said_and_are_no_difference() {
    let folder = TempDir::new().unwrap();
    let refused = |limits: &str, run: &str, words: &str| {
        let line = trouble(&folder, &format!("ulimit {limits}; exec \"$0\" {run}"));
        assert!(line.contains(words) && line.contains("use fewer --threads"), "{line}");
    };
    let train = "train --epochs 2 --samples 8";
    let sweep = "sweep --seeds 0..10 --epochs 2";
    let many = "--threads 512 takes 1025 threads";
    for run in [train, "check --epochs 2", "pitfalls --epochs 2", "curve"] {
        refused("-v 3000000", &format!("{run} --threads 512"), many);
    }
    let words = "--threads 64 takes 577 threads";
    refused("-v 3000000", &format!("{sweep} --threads 64 --jobs 8"), words);
    // Threads that are few and large, and of the size that they have without a limit.
    refused("-s 1000000 -v 3000000", &format!("{train} --threads 2"), "takes 5 threads");
    let one_heap = "-c 0; export MALLOC_ARENA_MAX=1; ulimit";
    let unlimited = format!("{one_heap} -s unlimited -v 2300000");
    refused(&unlimited, &format!("{train} --threads 512"), many);
    let no_room = format!("{one_heap} -s 8192 -v 9200000");
    refused(&no_room, &format!("{train} --threads 512"), many);
    // A sweep's own threads: without the first there is no sweep.
    let large = "-v 3000000; export RUST_MIN_STACK=4000000000";
    let line = trouble(&folder, &format!("ulimit {large}; exec \"$0\" {sweep} --jobs 1"));
    assert!(line.contains("cannot start a thread: end other processes"), "{line}");
    // What is refused is about what fails: libtorch has two threads of each.
    for (run, more) in [(train, "--threads 32"), (sweep, "--threads 16 --jobs 3")] {
        let fits = format!("{one_heap} -s 65536 -v 6500000; exec \"$0\" {run} {more}");
        let (code, _, stderr) = shell(&folder, &format!("ulimit {fits}"));
        assert_eq!(code, 0, "{stderr}");
        refused(&format!("{one_heap} -s 65536 -v 4200000"), &format!("{run} {more}"), "takes 65 ");
    }
    // What the trial cannot know of: stacks of another size.
    let (code, _, stderr) = shell(
        &folder,
        "ulimit -v 3000000; export OMP_STACKSIZE=2G; exec \"$0\" train --epochs 2 --threads 4",
    );
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.ends_with("error: libtorch ended the run: use fewer --threads\n"), "{stderr}");
}

#[test]
fn a_library_that_ends_the_run_leaves_no_python_and_no_folder() {
    let folder = TempDir::new().unwrap();
    program(&folder, "slow", "echo $$ >\"$PID\"; sleep 600; :");
    let run = "ulimit -v 3000000; mkdir tmp; export TMPDIR=$PWD/tmp PID=$PWD/pid OMP_STACKSIZE=2G
               exec \"$0\" check --epochs 2 --threads 4 --python ./slow";
    let (code, _, stderr) = shell(&folder, run);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.ends_with("error: libtorch ended the run: use fewer --threads\n"), "{stderr}");
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap_or_default();
    assert!(within(3, || !is_running(pid.trim())), "Python goes on");
}

#[test]
fn memory_that_ends_is_said_in_one_line() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("long.csv"), "1\n".repeat(20_000_000)).unwrap();
    let line = trouble(&folder, "ulimit -v 800000; exec \"$0\" compare long.csv long.csv");
    assert!(line.contains("out of memory: use smaller settings or files"), "{line}");
}

#[test]
fn a_sweep_that_never_ends_is_none() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("sweep.csv.json"), "{}").unwrap();
    let line = trouble(&folder, "\"$0\" sweep --summary /dev/zero");
    assert!(line.contains("/dev/zero is no sweep's CSV"), "{line}");
    // With a plan beside it, it is read: as far as one line.
    let run = "\"$0\" sweep --seeds 0..1 --epochs 2 --csv sweep.csv >/dev/null; rm sweep.csv; \
               ln -s /dev/zero sweep.csv; exec \"$0\" sweep --summary sweep.csv";
    fs::remove_file(folder.path().join("sweep.csv.json")).unwrap();
    let line = trouble(&folder, run);
    assert!(line.contains("sweep.csv is not what its sweep wrote"), "{line}");
}

#[test]
fn links_that_lead_in_a_circle_and_folders_are_refused_as_outputs() {
    let folder = TempDir::new().unwrap();
    symlink("a.csv", folder.path().join("a.csv")).unwrap();
    symlink("c.csv", folder.path().join("b.csv")).unwrap();
    symlink("b.csv", folder.path().join("c.csv")).unwrap();
    let long = format!("train --epochs 1000000 --csv {}", "x".repeat(256));
    for (run, words) in [
        (&*long, "xx: File name too long"),
        ("sweep --seeds 0..1 --epochs 2 --csv a.csv --plot p.svg", "a.csv: Too many levels"),
        ("train --epochs 1000000 --csv b.csv", "b.csv: Too many levels"),
        ("train --epochs 1000000 --csv new/", "cannot write new/: name a file"),
        ("train --epochs 1000000 --trace new/.", "cannot write new/.: name a file"),
    ] {
        let line = trouble(&folder, &format!("exec \"$0\" {run}"));
        assert!(line.contains(words), "{line}");
    }
    assert_eq!(names(&folder), ["a.csv", "b.csv", "c.csv"]);
}

#[test]
fn an_output_that_nobody_gets_is_said() {
    let folder = TempDir::new().unwrap();
    for (redirected, why) in [
        (">&-", "it is not open for writing"),
        ("1</dev/null", "it is not open for writing"),
        (">/dev/full", "No space left on device (os error 28)"),
    ] {
        for run in ["train --epochs 1", "train --epochs 1 --csv -", "--help", "pitfalls --list"] {
            let (code, _, stderr) = shell(&folder, &format!("exec \"$0\" {run} {redirected}"));
            assert_eq!(code, 2, "{run} {redirected}");
            let last = stderr.lines().last().unwrap_or_default();
            assert_eq!(last, format!("error: cannot write to standard output: {why}"));
        }
    }
    // The words are lost, the files are not.
    let line = trouble(&folder, "exec \"$0\" train --epochs 1 --csv l.csv >&-");
    assert!(line.contains("it is not open for writing"), "{line}");
    assert_eq!(fs::read_to_string(folder.path().join("l.csv")).unwrap().lines().count(), 4);
    // What goes to a file is not asked for words.
    assert_eq!(shell(&folder, "exec \"$0\" train --epochs 1 >/dev/null").0, 0);
}

#[test]
fn a_limit_on_the_size_of_files_is_said_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    for run in ["train --trace t.safetensors", "train --epochs 1000 --history h.csv"] {
        let line = trouble(&folder, &format!("ulimit -f 1; exec \"$0\" {run}"));
        assert!(line.contains("File too large"), "{line}");
        assert!(names(&folder).is_empty(), "{:?}", names(&folder));
    }
}

#[test]
fn a_temporary_folder_that_is_full_is_named() {
    let folder = TempDir::new().unwrap();
    let run = format!("ulimit -f 0; cd '{}'; exec \"$0\" check --epochs 1", root().display());
    let line = trouble(&folder, &run);
    assert!(line.contains("free some space, or set TMPDIR to another folder"), "{line}");
}

#[test]
fn standard_input_is_read_as_a_file_is_and_not_without_end() {
    let folder = TempDir::new().unwrap();
    let run = |script: &str| shell(&folder, script);
    assert_eq!(run("\"$0\" train --epochs 2 --csv a.csv --trace a.safetensors").0, 0);
    assert_eq!(run("sed s/0\\./1./ a.csv >b.csv").0, 0);
    for (script, ends) in [
        ("cat a.csv | \"$0\" compare - a.csv", 0),
        ("cat a.csv | \"$0\" compare b.csv -", 1),
        ("cat a.safetensors | \"$0\" compare - a.safetensors", 0),
        ("\"$0\" compare a.safetensors - <a.safetensors", 0),
        ("\"$0\" compare <(cat a.csv) <(cat a.csv)", 0),
    ] {
        let (code, stdout, stderr) = run(script);
        assert_eq!((code, stderr.as_str()), (ends, ""), "{script}");
        assert!(stdout.contains(["verdict: exact: ", "verdict: diverged: "][ends as usize]));
    }
    let line = trouble(&folder, "head -c 1073741825 /dev/zero | \"$0\" compare - a.csv");
    assert_eq!(line, "error: standard input goes on beyond 1 GiB: write it to a file first\n");
}

#[test]
fn who_may_read_a_file_and_its_other_names_outlive_what_is_written_to_it() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
    let is_new = |name: &str| !fs::read_to_string(path(name)).unwrap().starts_with("old");
    let write = |name: &str, bits: u32| {
        fs::write(path(name), "old").unwrap();
        fs::set_permissions(path(name), fs::Permissions::from_mode(bits)).unwrap();
    };
    write("private.csv", 0o600);
    write("shared.csv", 0o664);
    fs::copy(path("private.csv"), path("private.safetensors")).unwrap();
    let both = "--csv private.csv --history shared.csv --trace private.safetensors";
    assert_eq!(shell(&folder, &format!("exec \"$0\" train --epochs 1 {both}")).0, 0);
    assert!(is_new("private.csv") && is_new("shared.csv"));
    assert_eq!((mode("private.csv"), mode("shared.csv")), (0o600, 0o664));
    assert_eq!(mode("private.safetensors"), 0o600);
    for (umask, expected) in [("077", 0o600), ("027", 0o640)] {
        let run = format!("umask {umask}; exec \"$0\" train --epochs 1 --csv n.csv --trace n.st");
        assert_eq!(shell(&folder, &run).0, 0);
        assert_eq!((mode("n.csv"), mode("n.st")), (expected, expected), "umask {umask}");
        fs::remove_file(path("n.csv")).unwrap();
        fs::remove_file(path("n.st")).unwrap();
    }

    write("one.csv", 0o600);
    fs::hard_link(path("one.csv"), path("other.csv")).unwrap();
    assert_eq!(shell(&folder, "exec \"$0\" train --epochs 1 --csv one.csv").0, 0);
    let [one, other] = ["one.csv", "other.csv"].map(|name| fs::metadata(path(name)).unwrap());
    assert_eq!((one.ino(), one.nlink()), (other.ino(), 2));
    let text = fs::read_to_string(path("other.csv")).unwrap();
    assert!(text.starts_with("activation,") && text.lines().count() == 4, "{text}");

    // Of another owner: only root can make one.
    write("theirs.csv", 0o666);
    if std::os::unix::fs::chown(path("theirs.csv"), Some(12345), None).is_ok() {
        assert_eq!(shell(&folder, "exec \"$0\" train --epochs 1 --csv theirs.csv").0, 0);
        assert!(is_new("theirs.csv"));
        assert_eq!(fs::metadata(path("theirs.csv")).unwrap().uid(), 12345);
    }
    // That may only be appended to: likewise.
    write("log.csv", 0o600);
    let chattr = |flag: &str| Command::new("chattr").arg(flag).arg(path("log.csv")).output();
    if chattr("+a").is_ok_and(|output| output.status.success()) {
        let line = trouble(&folder, "exec \"$0\" train --epochs 1000000 --csv log.csv");
        chattr("-a").unwrap();
        assert!(line.contains("cannot write log.csv: Operation not permitted"), "{line}");
        assert!(!is_new("log.csv"));
    }
}

#[test]
fn a_record_has_the_same_bytes_wherever_it_goes() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("kept"), "old").unwrap();
    fs::hard_link(path("kept"), path("linked")).unwrap();
    let mut sizes = Vec::new();
    for digest in ["", "--digest"] {
        let train = |rest: &str| {
            let run = format!("exec \"$0\" train --epochs 2 {digest} {rest}");
            let (code, _, stderr) = shell(&folder, &run);
            assert_eq!(code, 0, "{run}: {stderr}");
        };
        train("--trace file");
        train("--trace kept");
        train("--trace - >stdout");
        train("--trace /dev/fd/3 3>special");
        let record = fs::read(path("file")).unwrap();
        for name in ["linked", "stdout", "special"] {
            assert!(fs::read(path(name)).unwrap() == record, "{name} {digest}");
        }
        sizes.push(record.len());
    }
    assert!(sizes[1] < sizes[0], "of digests and of values: {sizes:?}");
    assert_eq!(fs::metadata(path("linked")).unwrap().nlink(), 2);
}

/// For root nothing is forbidden: what root runs here is another user's, if that one
/// may look into the checkout.
#[test]
fn a_file_in_a_folder_of_others_is_written_in_place() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("open.csv");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(tanh_parity("").get_program());
        if rustix::process::geteuid().is_root() {
            std::os::unix::process::CommandExt::uid(&mut command, 12345);
            std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
        }
        command.args(args).output()
    };
    if !run(&["--version"]).is_ok_and(|output| output.status.success()) {
        return;
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let output = run(&["train", "--epochs", "1", "--csv", path.to_str().unwrap()]).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 4);
    assert_eq!(names(&folder), ["open.csv"]);
}

#[test]
fn an_error_shows_a_path_without_its_escapes() {
    let folder = TempDir::new().unwrap();
    let line = trouble(&folder, "exec \"$0\" train --csv $'no\\e[2J\\u202e/l.csv'");
    assert!(line.contains("cannot write no\\u{1b}[2J\\u{202e}/l.csv: there is no"), "{line}");
}

#[test]
fn a_python_whose_first_line_names_nothing_is_told_from_none() {
    let folder = TempDir::new().unwrap();
    let python = program(&folder, "python", "");
    fs::write(&python, "#!/no/such/python\n").unwrap();
    let line = trouble(&folder, &format!("exec \"$0\" check --epochs 1 --python {python}"));
    assert!(line.contains("what its first line (#!) names is not there"), "{line}");
}

/// TERM may come to `record` alone, as from a job scheduler; KILL it cannot pass on.
#[test]
fn a_script_that_is_recorded_ends_with_its_recorder() {
    let folder = TempDir::new().unwrap();
    let text = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\n\
                os.rename('pid', 'ready')\ntime.sleep(600)\n";
    fs::write(folder.path().join("slow.py"), text).unwrap();
    let ready = folder.path().join("ready");
    for signal in ["TERM", "KILL"] {
        let mut child = Command::new(tanh_parity("").get_program())
            .args(["record", "slow.py"])
            .current_dir(&folder)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        assert!(within(30, || ready.exists()), "the script does not start");
        let script = fs::read_to_string(&ready).unwrap();
        fs::remove_file(&ready).unwrap();
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(!child.wait().unwrap().success());
        let ended = within(30, || !is_running(&script));
        let _ = Command::new("kill").args(["-s", "KILL", &script]).stderr(Stdio::null()).status();
        assert!(ended, "the script goes on after {signal}");
    }
}
