//! What cannot be seen is said in a line, with what to do.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{example, prints, python, real_python, root, why};

/// What is said of a script and a port, with all its lines in one.
fn said(script: &str, port: &str, status: i32, vars: &[(&str, &Path)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("script.py"), script).unwrap();
    fs::write(folder.path().join("port.py"), port).unwrap();
    let port = format!("{} port.py", python().display());
    let mut command = why(&["--script", "script.py", "--port", &port]);
    command.current_dir(&folder).envs(vars.iter().copied());
    in_one_line(&prints(command, status))
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is said of a port that is not watched, in one line.
fn unseen(port: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("x.operations");
    let text = prints(why(&["--port", port, "--save", list.to_str().unwrap()]), 2);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!list.exists());
    text
}

const EAGER: &str = "\
import torch
torch.manual_seed(0)
x = torch.rand(100)
print((x * 2).neg().sum().item())
";

#[test]
fn compiled_code_is_said_to_be_unseen() {
    let cache = tempfile::tempdir().unwrap();
    // What is traced has symbols for sizes, which nothing outside can ask for.
    let traced = "torch.compile(lambda x: (x * 2).neg(), dynamic=True)(x)";
    let compiled = EAGER.replace("(x * 2).neg()", traced);
    let vars = [("TORCHINDUCTOR_CACHE_DIR", cache.path())];
    let text = said(EAGER, &compiled, 0, &vars);
    let note = "note: the port runs code compiled by TorchInductor, whose operations are not \
                seen: run it with TORCH_COMPILE_DISABLE=1";
    assert!(text.starts_with(note) && text.contains("verdict: nothing differs."), "{text}");
    let off = [("TORCH_COMPILE_DISABLE", Path::new("1"))];
    let text = said(EAGER, &compiled, 0, &off);
    assert!(text.starts_with("verdict: nothing differs."), "{text}");
}

#[test]
fn values_that_no_operation_made_are_said_to_be_the_programs_own() {
    // As a data loader draws seeds: no operation of libtorch takes them.
    let seeds = "seeds = [torch.empty((), dtype=torch.int64).random_() for _ in '12']\n";
    let script = EAGER.replace("print", &format!("torch.rand(7)\n{seeds}print"));
    let written = EAGER.replace("print", &format!("{seeds}x.numpy()[3] *= 2\nprint"));
    let text = said(&script, &written, 1, &[]);
    let words = "what differs: self: other values self: values that no operation made: the \
                 program's own, such as data, or of a kernel that writes to memory by itself";
    assert!(text.contains(words), "{text}");
    assert!(text.contains("port port.py:6 |"), "{text}");
    let draws = "before that, they draw different random numbers, here first: script \
                 script.py:4 | torch.rand(7)";
    assert!(text.contains(draws) && text.contains("port port.py:4"), "{text}");
    let script = EAGER.replace("print", "y = torch.rand(100)\nprint");
    let text = said(&script, &script.replace("x * 2", "y * 2"), 1, &[]);
    let words = "what differs: self: other values where self comes from: script script.py:3 |";
    assert!(text.contains(words) && text.contains("port port.py:4 | y = torch.rand"), "{text}");
}

#[test]
fn a_stripped_program_is_named_without_lines_and_told_how_to_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("port");
    let status = Command::new("strip").arg("-o").arg(&port).arg(example("plain-tch")).status();
    assert!(status.unwrap().success());
    let text = prints(why(&["--script", "tests/lesson.py", "--port", port.to_str().unwrap()]), 1);
    let text = in_one_line(&text);
    let note = "note: the port has no line numbers: compile it with debug = \"line-tables-only\" \
                (Rust) or -g1 (C++), and do not strip it";
    assert!(text.starts_with(note), "{text}");
    assert!(text.contains("uniform_(f32[64], from=-0.3162"), "{text}");
}

#[test]
fn a_cast_is_told_by_its_dtype() {
    let cast = |to: &str| EAGER.replace(".neg()", to);
    let text = said(&cast(".half()"), &cast(".bfloat16()"), 1, &[]);
    assert!(text.contains("_to_copy(f32[100], dtype=bf16)"), "{text}");
    assert!(text.contains("what differs: dtype: bf16 in place of f16 "), "{text}");
}

/// Two of its three results are empty.
#[test]
fn a_result_without_values_takes_no_line() {
    let norm = |eps: f64| {
        let norm = format!("torch.native_batch_norm(x, None, None, m, v, False, 0.1, {eps})[0]");
        EAGER.replace("(x * 2)", &norm).replace("(100)", "(50, 2)\nm, v = x[0] * 0, x[0] + 1")
    };
    let text = said(&norm(1e-5), &norm(1e-3), 1, &[]);
    assert!(text.contains("what differs: eps: 0.001 in place of 1e-05"), "{text}");
    assert!(text.contains(" = 0.") && !text.contains(" = port "), "{text}");
}

/// A program of C that ends at once.
fn program(folder: &Path, flags: &[&str]) -> String {
    let (source, program) = (folder.join("main.c"), folder.join("program"));
    fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let status = Command::new("cc").args(flags).arg("-o").arg(&program).arg(&source).status();
    assert!(status.unwrap().success());
    program.display().to_string()
}

#[test]
fn a_static_program_and_one_for_another_machine_are_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let linked = unseen(&program(folder.path(), &["-static-pie"]));
    assert!(linked.contains("is linked statically, so that nothing can be loaded"), "{linked}");
    assert!(linked.contains("link it to libtorch's shared libraries"), "{linked}");
    let other = program(folder.path(), &[]);
    assert!(unseen(&other).contains("loaded no libtorch_cpu.so: the program must"));
    let mut bytes = fs::read(&other).unwrap();
    bytes[18..20]
        .copy_from_slice(&(if cfg!(target_arch = "x86_64") { 183_u16 } else { 62 }).to_le_bytes());
    fs::write(&other, bytes).unwrap();
    let other = unseen(&other);
    assert!(other.contains("is a program for ") && other.contains("--save"), "{other}");
}

#[test]
fn a_libtorch_without_headers_is_named_with_what_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let lib = folder.path().join("lib");
    fs::create_dir(&lib).unwrap();
    for name in ["libtorch_cpu.so", "libc10.so"] {
        let of = root().join(".venv/libtorch/lib").join(name);
        std::os::unix::fs::symlink(of, lib.join(name)).unwrap();
    }
    let load = format!("import ctypes; ctypes.CDLL('{}/libtorch_cpu.so')", lib.display());
    let text = unseen(&format!("{} -c \"{load}\"", real_python().display()));
    let words = format!("the libtorch in {} has no headers beside it", lib.display());
    assert!(text.contains(&words) && text.contains("set LIBTORCH_INCLUDE"), "{text}");
}

/// What a program would have done had it gone on, nobody knows: that is no answer.
#[test]
fn that_nothing_differs_is_said_only_of_programs_that_come_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let ports = [
        ("whole.py", EAGER.to_owned(), python()),
        ("longer.py", format!("{EAGER}x.cos().sum().item()\n"), python()),
        ("fails.py", format!("{EAGER}raise SystemExit(3)\n"), python()),
        ("killed.py", format!("{EAGER}import os\nos.kill(os.getpid(), 9)\n"), &real_python()),
    ];
    let here = |args: &[&str]| {
        let mut command = why(args);
        command.current_dir(&folder);
        command
    };
    for (name, text, python) in &ports {
        fs::write(folder.path().join(name), text).unwrap();
        let port = format!("{} {name}", python.display());
        prints(here(&["--port", &port, "--save", &name.replace(".py", "")]), 0);
    }
    let nothing = |script: &str, port: &str, who: &str| {
        let said = format!("nothing differs so far, but {who} to its end");
        let error = prints(here(&[script, port, "--junit", "j.xml", "--html", "h.html"]), 2);
        assert_eq!(error, format!("error: {said}: mend what ended it, and compare again\n"));
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let junit = read("j.xml");
        assert!(junit.contains("failures=\"0\" errors=\"1\""), "{junit}");
        assert!(junit.contains(&format!("<error type=\"unfinished\" message=\"{said}\"")));
        assert!(read("h.html").contains("≈</span> Nothing differs so far"));
        in_one_line(&junit)
    };
    let junit = nothing("whole", "fails", "the port did not come");
    assert!(junit.contains("note: the port ended with exit status: 3 verdict"), "{junit}");
    nothing("fails", "whole", "the script did not come");
    nothing("longer", "killed", "the port did not come");
    let text = in_one_line(&prints(here(&["longer", "whole"]), 1));
    assert!(text.contains("but it leaves something out"), "{text}");
    let junit = nothing("fails", "killed", "neither came");
    let notes = "note: the script ended with exit status: 3 note: the port&#39;s list ends before \
                 the program did: what came later was not compared note: the port ended with \
                 signal: 9 (SIGKILL)";
    assert!(junit.contains(notes), "{junit}");
    // Where they part before, that is the answer.
    let other = EAGER.replace("x * 2", "x * 3") + "raise SystemExit(3)\n";
    fs::write(folder.path().join("other.py"), other).unwrap();
    let text = prints(here(&["--script", "other.py", "whole"]), 1);
    assert!(
        text.starts_with("note: the script ended with exit status: 3\nverdict: the port leaves")
    );
}

#[test]
fn a_full_disk_is_named_with_what_to_do() {
    // No file of more than a megabyte; Python ignores the signal.
    let port = format!("sh -c 'ulimit -f 1000; exec {} tests/lesson.py'", real_python().display());
    let text = unseen(&port);
    let remedy = "free some space, or set TMPDIR to another folder, or bound the list by --first";
    assert!(
        text.starts_with("error: the port: cannot write to ") && text.contains(remedy),
        "{text}"
    );
}
