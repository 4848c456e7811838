//! `tanh-parity pitfalls`: every mistake is found, where it should be.

use std::collections::BTreeMap;

use crate::alone;
use crate::common::{is_amd, is_avx512, mistaken_python, outcome, root};
use crate::forked::{interpreter, tanh_parity};
use parity::compare::{Options, Verdict, compare};
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::train::{Run, Train};
use tanh_parity::pitfalls::{self, Parts, Pitfall, Port, Shows, examine};
use tempfile::TempDir;
use torch_parity::trace::Trace;

fn lesson(epochs: usize) -> Train {
    let Train { seed, run } = Train::default();
    Train { seed, run: Run { epochs, ..run } }
}

fn right_run(pitfall: &Pitfall, settings: &Train) -> Trace {
    pitfall.parts.right_run(settings).unwrap()
}

/// Runs `pitfalls` with these flags; returns exit code, stdout, stderr.
fn run(flags: &str) -> (i32, String, String) {
    outcome(tanh_parity(&format!("pitfalls {flags}")))
}

/// The rows of `--csv -`: name -> column -> cell.
fn rows(flags: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let (code, csv, err) = run(&format!("--csv - {flags}"));
    assert_eq!(code, 0, "{err}");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader
        .deserialize()
        .map(|row| {
            let row: BTreeMap<String, String> = row.unwrap();
            (row["name"].clone(), row)
        })
        .collect()
}

/// Where each mistake is first found at the lesson's settings, and how many of
/// the 150 steps, of a port's 12, are wrong by themselves: what a reader of its code expects.
/// A count that rounding decides is left out; such a mistake is wrong in some. Which
/// roundings of the fused Adam come to light depends on the CPU: its place ends in `*`.
const EXPECTED: [(&str, &str, Option<usize>); 42] = [
    ("data-float64", "data/0/data/x", Some(0)),
    ("labels-ge", "", Some(0)),
    ("sum-order", "", Some(0)),
    ("data-each-network", "tanh/0/init/fc1.weight", Some(100)),
    ("seed-each-network", "sigmoid/0/init/fc1.weight", Some(0)),
    ("tch-linear", "sigmoid/0/init/fc1.weight", Some(0)),
    ("bias-first", "sigmoid/0/init/fc1.weight", Some(0)),
    ("relu-gain", "sigmoid/0/init/fc1.weight", Some(0)),
    ("weight-transposed", "sigmoid/0/init/fc1.weight", Some(0)),
    ("bias-zero", "sigmoid/0/init/fc1.bias", Some(0)),
    ("tanh-by-sigmoid", "tanh/1/forward/logits", Some(50)),
    ("gelu-tanh", "", Some(0)),
    ("softmax-twice", "sigmoid/1/forward/logits", Some(150)),
    ("log-of-softmax", "sigmoid/1/grad/fc1.weight", Some(150)),
    ("sum-not-mean", "sigmoid/1/loss/loss", Some(150)),
    ("loss-after-step", "sigmoid/1/loss/loss", Some(150)),
    ("grads-not-zeroed", "sigmoid/2/grad/fc1.weight", Some(147)),
    ("tch-adam", "sigmoid/2/param/fc1.weight", None),
    ("fused-adam", "sigmoid/*", None),
    ("bias-not-trained", "sigmoid/1/state/fc1.bias.exp_avg", Some(150)),
    ("amsgrad", "sigmoid/1/state/fc1.weight.max_exp_avg_sq", Some(150)),
    ("adamw-decay", "sigmoid/1/param/fc1.weight", Some(150)),
    ("betas-0.99", "sigmoid/1/state/fc1.weight.exp_avg_sq", Some(150)),
    ("eps-1e-7", "sigmoid/1/param/fc1.weight", Some(150)),
    ("eps-inside-sqrt", "sigmoid/1/param/fc1.weight", Some(150)),
    ("eps-before-correction", "sigmoid/1/param/fc1.weight", Some(150)),
    ("as-in-the-paper", "sigmoid/1/param/fc1.weight", None),
    ("no-bias-correction", "sigmoid/1/param/fc1.weight", Some(150)),
    ("step-from-0", "sigmoid/1/param/fc1.weight", Some(150)),
    ("powi", "", Some(0)),
    ("batch-order", "cnn/1/data/x", Some(12)),
    // Its 3 steps of an epoch end before the last ones of the right run.
    ("drop-last", "cnn/4/data/x", Some(9)),
    ("batch-norm-momentum", "cnn/1/state/bn.running_mean", Some(12)),
    ("dropout-in-evaluation", "cnn/5/data/x", Some(8)),
    ("rmsprop-alpha", "cnn/1/state/conv.weight.square_avg", Some(12)),
    ("rmsprop-eps", "cnn/1/param/conv.weight", Some(12)),
    ("scheduler-each-batch", "cnn/3/param/conv.weight", Some(10)),
    ("tied-copy", "gpt/0/init/head.weight", Some(12)),
    ("layer-norm-eps", "gpt/1/forward/logits", Some(12)),
    ("attention-scale", "gpt/1/forward/logits", Some(12)),
    ("adam-decay", "gpt/1/state/wte.weight.exp_avg", Some(12)),
    ("clip-after-step", "gpt/1/grad/wte.weight", Some(12)),
];

#[test]
fn every_mistake_is_found_where_a_reader_of_its_code_expects_it() {
    let rows = rows("");
    let names: Vec<_> = pitfalls::all().map(|pitfall| pitfall.name).collect();
    assert_eq!(names, EXPECTED.map(|(name, ..)| name), "a name, or its place in the list");
    for (name, place, wrong_steps) in EXPECTED {
        let row = &rows[name];
        let cell = |column: &str| row[column].as_str();
        let found = ["series", "step", "phase", "tensor"].map(cell).join("/");
        match place.strip_suffix('*') {
            Some(start) => assert!(found.starts_with(start), "{name}: {found}"),
            None => assert_eq!(found.trim_matches('/'), place, "{name}"),
        }
        assert_eq!(cell("found"), (!place.is_empty()).to_string(), "{name}");
        let steps: usize = cell("steps_wrong_by_themselves").parse().unwrap();
        match wrong_steps {
            Some(wrong) => assert_eq!(steps, wrong, "{name}"),
            None => assert!(steps > 0, "{name}"),
        }
    }
}

/// In the first steps, on any CPU; on one with AVX-512 no bit of the final losses tells.
#[test]
fn the_fused_adam_ends_on_the_right_losses_and_is_found_all_the_same() {
    let rows = rows("--only fused-adam");
    let row = &rows["fused-adam"];
    assert_eq!(row["noticed_to_4_decimals"], "false");
    assert_eq!(row["noticed_by_assert_close"], "false");
    assert_eq!(row["noticed_by_epoch_bits"], "true");
    assert!((1..=5).contains(&row["step"].parse().unwrap()), "{row:?}");
    assert!(["state", "param"].contains(&&*row["phase"]), "{row:?}");
    if is_avx512() {
        assert_eq!(row["final_loss_difference"], "0.0");
        assert_eq!(row["noticed_by_final_bits"], "false");
    }
}

/// Training never reads the running statistics, so no loss tells.
#[test]
fn a_wrong_momentum_of_batch_norm_passes_every_check_of_the_losses_and_is_found() {
    let rows = rows("--only batch-norm-momentum");
    let row = &rows["batch-norm-momentum"];
    assert_eq!(row["noticed_by_epoch_bits"], "false");
    assert_eq!(row["found"], "true");
}

#[test]
fn what_hardly_ever_shows_does_at_the_settings_that_its_text_names() {
    // Without vectors a kernel adds up in another order, and another seed shows it.
    let without_vectors = std::env::var("ATEN_CPU_CAPABILITY").is_ok_and(|it| it == "default");
    for pitfall in pitfalls::all() {
        if let Shows::Rarely { example } = pitfall.shows {
            if pitfall.name == "sum-order" && without_vectors {
                continue;
            }
            let rows = rows(&format!("--only {} {example}", pitfall.name));
            assert_eq!(rows[pitfall.name]["found"], "true", "{} {example}", pitfall.name);
        }
    }
}

#[test]
fn what_cannot_show_at_the_settings_is_reported_as_just_that() {
    for flags in [
        "--only seed-each-network --same-init",
        "--only tanh-by-sigmoid --activations relu",
        "--only data-each-network --activations relu",
        "--only grads-not-zeroed --epochs 1",
        "--only loss-after-step --lr 0",
        "--only sum-not-mean --samples 1",
        "--only grads-not-zeroed --lr 1e20 --activations gelu",
    ] {
        let (code, out, err) = run(flags);
        assert_eq!(code, 0, "{flags}: {err}");
        assert!(out.lines().all(|line| line.chars().count() <= 80), "{flags}\n{out}");
        assert!(out.contains("no difference at these settings"), "{flags}\n{out}");
    }
}

#[test]
fn every_mistake_that_must_show_does_at_other_settings() {
    for seed in 1..=4 {
        let (samples, hidden) = (16 + 37 * seed, 16 + 11 * seed);
        let (features, lr) = (3 + seed, [0.001, 0.003, 0.02, 0.1][seed - 1]);
        let flags = format!(
            "--seed {seed} --samples {samples} --features {features} --hidden {hidden} \
             --epochs 20 --lr {lr}"
        );
        let (code, out, err) = run(&flags);
        assert_eq!(code, 0, "{flags}\n{out}{err}");
    }
}

/// Where Python makes the same mistake, there is nothing to find.
#[test]
fn a_mistake_that_is_not_found_is_named_and_makes_the_exit_code_1() {
    let folder = TempDir::new().unwrap();
    let python = mistaken_python(interpreter(), &folder, "s/return self.fc2(h)/&.softmax(-1)/");
    let (code, out, err) = run(&format!(
        "--only bias-not-trained,softmax-twice --epochs 3 --against-python --python {python}"
    ));
    assert_eq!(code, 1, "{err}");
    assert!(out.ends_with("1 when everything is compared: softmax-twice\n"), "{out}");
}

/// An entry that says it must show, and is the right run.
static NO_MISTAKE: Pitfall = Pitfall {
    name: "no-mistake",
    mistake: "none",
    origin: "this test",
    wrong: pitfalls::Code { rust: "", pytorch: "" },
    right: pitfalls::Code { rust: "", pytorch: "" },
    found: "",
    shows: Shows::Always,
    parts: &Parts::RIGHT,
};

#[test]
fn a_mistake_that_is_none_counts_as_missed() {
    let _alone = alone();
    let settings = lesson(3);
    let finding =
        examine(&NO_MISTAKE, &settings, &right_run(&NO_MISTAKE, &settings), &mut ()).unwrap();
    assert!(finding.is_missed());
    assert!(pitfalls::overview(&[finding]).contains("found  not found"));
}

#[test]
fn the_right_parts_make_the_right_run() {
    let _alone = alone();
    for same_init in [false, true] {
        let Train { seed, run } = lesson(50);
        let settings = Train { seed, run: Run { same_init, ..run } };
        let right = right_run(&NO_MISTAKE, &settings);
        for (name, parts) in pitfalls::controls() {
            let mut trace = settings.trace();
            parts.train(&settings, &mut trace).unwrap();
            let report = compare(["parts", "lesson"], &trace, &right, &Options::default()).unwrap();
            assert_eq!(report.verdict(), Verdict::Exact, "{name}\n{report}");
        }
    }
}

#[test]
fn a_resynced_error_is_local_in_the_phase_where_it_arises_and_inherited_after_it() {
    let (code, out, err) = run("grads-not-zeroed");
    assert_eq!(code, 0, "{err}");
    let (_, origins) = out.split_once("resynced, steps with an error of their own: ").unwrap();
    let rows: Vec<Vec<_>> = origins.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["147", "of", "150"]);
    // 49 steps of 3 networks, with 4 parameters and 2 moments of each.
    for row in [["forward", "0", "0"], ["grad", "588", "0"], ["state", "0", "1,176"]] {
        assert!(rows.contains(&row.to_vec()), "{out}");
    }
    let (_, table) = origins.split_once("\n\n").unwrap();
    assert!(page().contains(table), "docs/pitfalls.md shows another table than\n{table}");
}

#[test]
fn an_explanation_shows_both_codes_and_the_first_divergence() {
    for (name, place) in [
        ("tch-linear", "sigmoid, at the start, init, fc1.weight at [0, 0]"),
        ("grads-not-zeroed", "sigmoid, epoch 2, grad, fc1.weight at [0, 0]"),
        ("layer-norm-eps", "gpt, step 1, forward, logits at [0, 0, 0]"),
    ] {
        let (code, out, err) = run(name);
        assert_eq!(code, 0, "{err}");
        for part in ["wrong, Rust", "wrong, PyTorch", "right, Rust", "right, PyTorch"] {
            assert!(out.contains(part), "{out}");
        }
        assert!(out.contains(&format!("first divergence: {place}\n")), "{out}");
    }
}

#[test]
fn no_output_is_wider_than_80_columns() {
    let _alone = alone();
    let settings = lesson(3);
    let all: Vec<_> = pitfalls::all().collect();
    let examined = all.iter().map(|pitfall| {
        examine(pitfall, &settings, &right_run(pitfall, &settings), &mut ()).unwrap()
    });
    let findings: Vec<_> = examined.collect();
    let mut outputs = vec![pitfalls::list(&all), pitfalls::overview(&findings)];
    outputs.extend(findings.iter().map(pitfalls::explanation));
    for line in outputs.iter().flat_map(|out| out.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_list_says_of_every_mistake_what_it_is_and_where_it_comes_from() {
    let (code, list, _) = run("--list");
    let mut lines = list.lines();
    for Pitfall { name, mistake, origin, .. } in pitfalls::all() {
        assert_eq!(lines.next(), Some(&*format!("{name}: {mistake}")));
        assert_eq!(lines.next(), Some(&*format!("  from   {origin}")));
    }
    assert_eq!((code, lines.next()), (0, None));
}

#[test]
fn an_unknown_name_is_refused_in_one_line_that_says_where_the_names_are() {
    let (code, out, err) = run("--only no-such-mistake");
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains("pitfalls --list"), "{err}");
}

/// The page holds what `tanh-parity pitfalls --markdown` prints on an AMD CPU with
/// AVX-512. On another, kernels round otherwise: all is compared but what that decides.
#[test]
fn the_page_holds_the_table_that_the_command_prints() {
    let (code, printed, err) = run("--markdown");
    assert_eq!(code, 0, "{err}");
    let told = table_in_the_page();
    if is_amd() {
        assert_eq!(told.trim(), printed.trim(), "run `make pitfalls-table`");
    } else {
        assert_eq!(of_any_cpu(&told), of_any_cpu(&printed));
    }
}

const BEGIN: &str = "<!-- pitfalls: from `tanh-parity pitfalls --markdown` -->";
const END: &str = "<!-- end of pitfalls -->";

fn table_in_the_page() -> String {
    let text = page();
    let (_, after) = text.split_once(BEGIN).unwrap();
    after.split_once(END).expect("docs/pitfalls.md lost the marker").0.to_owned()
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/pitfalls.md")).unwrap()
}

/// Of each row what does not depend on how the CPU rounds: not by how many ULPs the
/// first tensor is off, nor by how much the final loss, nor whether its bits tell; of
/// the fused Adam neither where it first shows nor in how many steps.
fn of_any_cpu(table: &str) -> Vec<String> {
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells: Vec<_> = row.trim_matches(['|', ' ']).split(" | ").collect();
        let [name, _, _, place, loss, _, _, bits, _, wrong_in] = &mut cells[..] else {
            panic!("{row}");
        };
        *place = place.rsplit_once(", ").map_or(place, |(place, _)| place);
        (*loss, *bits) = ("", "");
        if name.starts_with("`fused-adam`") {
            (*place, *wrong_in) = ("", "");
        }
        cells.join(" | ")
    })
    .collect()
}

#[test]
fn a_row_that_says_something_else_is_found_on_any_cpu() {
    let row = table_in_the_page()
        .lines()
        .find(|line| line.starts_with("| `tch-adam`"))
        .map(str::to_owned);
    let row = row.unwrap();
    let is_same = |from: &str, to: &str| {
        assert!(row.contains(from), "{row}");
        of_any_cpu(&row) == of_any_cpu(&row.replacen(from, to, 1))
    };
    assert!(is_same("1 ULP", "2 ULPs") && is_same("6.0e-8", "3.0e-8"));
    assert!(!is_same("fc1.weight", "fc1.bias") && !is_same("epoch 2", "epoch 3"));
    assert!(!is_same("at most 147", "at most 146") && !is_same("| no | no |", "| no | yes |"));
}
