//! What differs between the environments of two runs stands first in every report.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use torch_parity::trace::Trace;

use crate::common::{outcome, program, python, root, small_trace, stdout, tanh_parity_in};

/// The environment of a record.
fn environment(path: &Path) -> Vec<(String, String)> {
    let of = Trace::read(path).unwrap().about.environment;
    of.into_iter().filter(|(name, _)| name != "by").collect()
}

#[test]
fn both_recorders_tell_the_same_of_the_machine_whatever_kernels_are_chosen() {
    let folder = TempDir::new().unwrap();
    for kernels in ["default", "avx2", "avx512", "none of them"] {
        let mut ours = tanh_parity_in(&folder, "train --epochs 1 --trace a.safetensors");
        ours.env("ATEN_CPU_CAPABILITY", kernels);
        stdout(ours);
        let mut twin = python();
        twin.args(["-m", "python_ref.train", "--epochs", "1", "--trace"]);
        twin.arg(folder.path().join("b.safetensors")).env("ATEN_CPU_CAPABILITY", kernels);
        stdout(twin);
        let [a, b] = ["a", "b"].map(|name| folder.path().join(format!("{name}.safetensors")));
        assert_eq!(environment(&a), environment(&b), "{kernels}");
        assert!(environment(&a).iter().any(|(name, _)| name == "cpu"));
    }
}

#[test]
fn a_script_is_recorded_on_one_thread_unless_told_and_the_report_says_so_first() {
    let folder = TempDir::new().unwrap();
    let script = root().join("tests/lesson.py");
    let mut threads = Vec::new();
    for (name, flags) in [("one", ""), ("two", "--threads 2")] {
        let line = format!("record --quiet {flags} -o {name}.safetensors {}", script.display());
        let mut command = tanh_parity_in(&folder, &line);
        command.env("OMP_NUM_THREADS", "3");
        stdout(command);
        let of = environment(&folder.path().join(format!("{name}.safetensors")));
        threads.extend(of.into_iter().filter(|(name, _)| name == "threads"));
    }
    assert_eq!(threads.iter().map(|(_, n)| &**n).collect::<Vec<_>>(), ["1", "2"]);
    let flags = "compare one.safetensors two.safetensors";
    let (_, text, _) = outcome(tanh_parity_in(&folder, flags));
    let first = "A and B ran in different environments:\n  threads: 1 for A, 2 for B\n\nphase ";
    assert!(text.starts_with(first), "{text}");
}

#[test]
fn a_check_gives_script_and_port_the_same_threads() {
    let folder = TempDir::new().unwrap();
    let port = program(&folder, "port", "echo $OMP_NUM_THREADS >told\nexit 3");
    let script = root().join("tests/lesson.py");
    let line = format!("check --threads 2 --port {port} --script {}", script.display());
    assert_eq!(outcome(tanh_parity_in(&folder, &line)).0, 2);
    assert_eq!(fs::read_to_string(folder.path().join("told")).unwrap(), "2\n");
    let line = format!("check --threads 2 --script {} --format json", script.display());
    let report = outcome(tanh_parity_in(&folder, &line)).1;
    assert_eq!(report.matches("\"threads\": \"2\"").count(), 2, "{report}");
}

#[test]
fn every_format_begins_with_what_differs() {
    let (folder, a, mut trace) = small_trace();
    let environment = &mut trace.about.environment;
    environment.insert("torch".to_owned(), "2.4.1<cpu>".to_owned());
    environment.insert("threads".to_owned(), "7".to_owned());
    environment.insert("unknown to the other".to_owned(), "x".to_owned());
    trace.tensors.remove("tanh/000002/param/fc1.bias");
    fs::write(folder.path().join("b.safetensors"), trace.to_bytes().unwrap()).unwrap();
    let run = |flags: &str| {
        outcome(tanh_parity_in(&folder, &format!("compare {} b.safetensors {flags}", a.display())))
    };
    let torch = torch_parity::TORCH_VERSION;
    let words = "A and B ran in different environments:";
    let (code, text, _) = run("--html p.html");
    assert_eq!(code, 1);
    let first =
        format!("{words}\n  torch: {torch} for A, 2.4.1<cpu> for B\n  threads: 1 for A, 7 ");
    assert!(text.starts_with(&first), "{text}");
    let markdown = format!(
        ": diverged\n\n{words}\n\n| environment | A | B |\n| --- | ---: | ---: |\n\
         | torch | {torch} | 2.4.1\\<cpu\\> |\n| threads | 1 | 7 |\n\ndiverged: 1 of 82"
    );
    assert!(run("--format markdown").1.contains(&markdown), "{}", run("--format markdown").1);
    let junit = run("--format junit").1;
    let property = "<properties>\n      <property name=\"torch\" value=\"";
    assert!(junit.lines().nth(3).unwrap().contains("<properties>") && junit.contains(property));
    assert!(junit.contains(&format!("differ\">{words}\n  torch: {torch} for A, 2.4.1&lt;cpu")));
    let report: serde_json::Value = serde_json::from_str(&run("--format json").1).unwrap();
    assert_eq!(
        report["comparisons"][0]["other_environment"],
        serde_json::json!([["torch", [torch, "2.4.1<cpu>"]], ["threads", ["1", "7"]]])
    );
    let page = fs::read_to_string(folder.path().join("p.html")).unwrap();
    let [table, next] = ["A and B ran in different environments", "<h3>First divergence"]
        .map(|part| page.find(part).unwrap());
    assert!(table < next, "{page}");

    // Where nothing differs, nothing is said of it.
    let (code, text, _) = outcome(tanh_parity_in(&folder, "compare b.safetensors b.safetensors"));
    assert!(code == 0 && text.starts_with("phase "), "{text}");
}
