//! `parity why` names each mistake of the catalogue by its operations: the right script in
//! Python against a port that makes it, both watched.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use parity::ops::{Bounds, watched};
use parity::why::{Digests, Outcome, compare, read};
use tanh_parity::lesson::Experiment;
use tanh_parity::lesson::train::Train;
use tanh_parity::pitfalls::{self, Pitfall};

use crate::common::{PATIENCE, root};
use crate::examples::build;
use crate::forked;
use crate::pitfalls_live::mistaken;

/// What a run is: its twin's name, which is that of the right run, and flags.
type Run = (&'static str, &'static str);

/// Few epochs, but where a mistake needs more, or other settings.
fn run_of(pitfall: &Pitfall) -> Run {
    match (pitfall.name, pitfall.parts.name()) {
        ("labels-ge", name) => (name, "--features 1 --seed 28587 --epochs 1"),
        ("sum-order", name) => (name, "--seed 1255 --epochs 1"),
        ("gelu-tanh", name) => (name, "--activations gelu --epochs 1"),
        ("powi", name) => (name, "--lr 0.01909961 --epochs 12 --activations sigmoid"),
        (_, Train::NAME) => (Train::NAME, "--epochs 4"),
        (_, name) => (name, ""),
    }
}

/// Lists of operations, each recorded once.
struct Lists {
    folder: tempfile::TempDir,
    port: PathBuf,
}

impl Lists {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), port: build("mistaken") }
    }

    /// The list of a command, recorded unless it was before.
    fn record(&self, what: impl Hash + Debug, command: impl FnOnce() -> Command) -> PathBuf {
        let mut hash = DefaultHasher::new();
        what.hash(&mut hash);
        let list = self.folder.path().join(format!("{:x}", hash.finish()));
        if !list.exists() {
            let mut command = command();
            command.stdout(Stdio::null()).env("OMP_NUM_THREADS", "1");
            let status = watched(command, &Bounds::ALL, PATIENCE, &list).unwrap();
            assert!(status.success(), "{what:?}");
        }
        list
    }

    /// Of a run of the catalogue, `name` with its flags.
    fn port(&self, name: &str, flags: &str) -> PathBuf {
        self.record(("port", name, flags), || {
            let mut command = Command::new(&self.port);
            command.arg(name).args(flags.split_whitespace());
            command
        })
    }

    /// Of a script in Python, with the twins beside it.
    fn script(&self, text: &str, flags: &str) -> PathBuf {
        self.record(("script", text, flags), || {
            // In a folder of its own: a twin has the name of one of Python's modules.
            let folder = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
            std::fs::write(folder.join("script.py"), text).unwrap();
            let mut command = Command::new(forked::interpreter());
            command.arg(folder.join("script.py")).args(flags.split_whitespace());
            command.current_dir(folder).env("PYTHONPATH", root());
            command.env("PYTHONDONTWRITEBYTECODE", "1");
            command
        })
    }

    /// Of the right script.
    fn right(&self, (name, flags): Run) -> PathBuf {
        self.script(&twin(name), flags)
    }
}

/// The text of a twin.
fn twin(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("python_ref/{name}.py"))).unwrap()
}

/// The same with words replaced, each by others.
fn with(name: &str, replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(twin(name), |text, (words, by)| {
        assert!(text.contains(words), "{name}.py lacks {words:?}");
        text.replace(words, by)
    })
}

fn outcome(script: &Path, port: &Path) -> Outcome {
    let mut digests = Digests::default();
    let [script, port] = [script, port].map(|it| read(it, &mut digests).unwrap());
    compare(&script, &port, &digests)
}

/// What a pair is said to look like; none if nothing differs.
fn names(outcome: &Outcome) -> Option<Vec<&'static str>> {
    let finding = outcome.finding.as_ref()?;
    Some(finding.pitfalls.iter().map(|it| it.name).collect())
}

/// Does this for all of them, two at a time.
fn each<T: Send>(all: Vec<T>, act: impl Fn(T) + Sync) {
    let all = Mutex::new(all);
    let next = || all.lock().unwrap().pop();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(it) = next() {
                    act(it);
                }
            });
        }
    });
}

/// Records the right scripts of these runs, then compares each port with its own; panics
/// with those that look like anything else than they should.
fn assert_named<T: Send + Copy>(
    lists: &Lists,
    all: Vec<T>,
    run: impl Fn(T) -> Run + Sync,
    port: impl Fn(T) -> PathBuf + Sync,
    wanted: impl Fn(T) -> Vec<&'static str> + Sync,
) {
    let runs: BTreeSet<_> = all.iter().map(|it| run(*it)).collect();
    each(runs.into_iter().collect(), |run| _ = lists.right(run));
    let wrong = Mutex::new(Vec::new());
    each(all, |it| {
        let (found, wanted) = (names(&outcome(&lists.right(run(it)), &port(it))), Some(wanted(it)));
        if found != wanted {
            wrong.lock().unwrap().push(format!("{found:?}, not {wanted:?}"));
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The twin with the mistake made in it, where that is a few words.
fn in_python(pitfall: &Pitfall) -> Option<String> {
    match (pitfall.name, pitfall.parts.name()) {
        ("fused-adam", twin) => Some(with(twin, &[("lr=args.lr)", "lr=args.lr, fused=True)")])),
        (_, Train::NAME) => None,
        (_, name) => Some(mistaken(&twin(name), pitfall.right.pytorch, pitfall.wrong.pytorch)),
    }
}

/// Each looks like itself, and like no other of the 42, in Rust and in Python.
#[test]
fn every_mistake_is_recognised_by_its_operations_and_taken_for_no_other() {
    let lists = Lists::new();
    // In Rust it computes on the host, for tch cannot call PyTorch's.
    let in_rust = pitfalls::all().filter(|it| it.name != "fused-adam").map(|it| (it, false));
    let in_python_too = pitfalls::all().filter(|it| in_python(it).is_some()).map(|it| (it, true));
    let port = |(pitfall, is_python): (&Pitfall, bool)| {
        let text = is_python.then(|| in_python(pitfall)).flatten();
        let (_, flags) = run_of(pitfall);
        text.map_or_else(|| lists.port(pitfall.name, flags), |it| lists.script(&it, flags))
    };
    let all: Vec<_> = in_rust.chain(in_python_too).collect();
    assert_eq!(all.len(), 42 - 1 + 13);
    assert_named(&lists, all, |(it, _)| run_of(it), port, |(it, _)| vec![it.name]);
}

/// A port that does something else than the script, by flags of our run, or by words of the
/// twin that are replaced.
type Other = (Run, &'static [(&'static str, &'static str)]);

const OTHERS: [Other; 25] = [
    // What the host computes by itself leaves no operations to know it by.
    (("fused-adam", "--epochs 4"), &[]),
    (("train", "--epochs 4 --seed 1"), &[]),
    (("train", "--epochs 4 --hidden 32"), &[]),
    (("train", "--epochs 4 --features 9"), &[]),
    (("train", "--epochs 4 --samples 100"), &[]),
    (("train", "--epochs 4 --lr 0.002"), &[]),
    (("train", "--epochs 5"), &[]),
    (("train", "--epochs 4 --activations tanh,sigmoid,relu"), &[]),
    (("train", "--epochs 4"), &[("optim.Adam(", "optim.SGD(")]),
    (("train", "--epochs 4"), &[("lr=args.lr)", "lr=args.lr, weight_decay=0.1)")]),
    (("train", "--epochs 4"), &[("lr=args.lr)", "lr=args.lr, betas=(0.8, 0.999))")]),
    (("train", "--epochs 4"), &[("lr=args.lr)", "lr=args.lr, eps=1e-6)")]),
    (
        ("train", "--epochs 4"),
        &[("Adam(", "AdamW("), ("lr=args.lr)", "lr=args.lr, weight_decay=0.1)")],
    ),
    (("train", "--epochs 4"), &[("criterion(logits, y)", "criterion(logits, y) * 2")]),
    (("train", "--epochs 4"), &[("self.activation(self.fc1(x))", "self.fc1(x)")]),
    (("cnn", ""), &[("step_size=2", "step_size=1")]),
    (("cnn", ""), &[("lr=1e-2", "lr=5e-3")]),
    (("cnn", ""), &[("Dropout(0.25)", "Dropout(0.5)")]),
    (("cnn", ""), &[("batch_size=32", "batch_size=16")]),
    (("cnn", ""), &[("shuffle=True", "shuffle=False")]),
    (("cnn", ""), &[("BatchNorm2d(4)", "BatchNorm2d(4, momentum=0.2)")]),
    (("gpt", ""), &[("LayerNorm(C)", "LayerNorm(C, eps=1e-12)")]),
    (("gpt", ""), &[("parameters(), 0.1)", "parameters(), 0.2)")]),
    (("gpt", ""), &[("        nn.utils.clip_grad_norm_(model.parameters(), 0.1)\n", "")]),
    (("gpt", ""), &[("weight_decay=0.1", "weight_decay=0.01")]),
];

#[test]
fn what_is_no_mistake_of_the_catalogue_is_taken_for_none() {
    let lists = Lists::new();
    let run = |((name, _), _): Other| match name {
        "cnn" | "gpt" => (name, ""),
        _ => (Train::NAME, "--epochs 4"),
    };
    let port = |((name, flags), replaced): Other| match replaced {
        [] => lists.port(name, flags),
        _ => lists.script(&with(name, replaced), flags),
    };
    assert_named(&lists, OTHERS.to_vec(), run, port, |_| vec![]);
}

#[test]
fn what_is_said_of_them_is_what_the_catalogue_says() {
    let theirs = parity::why::pitfalls::all().map(|it| (it.name, it.mistake));
    let mut theirs: Vec<_> = theirs.collect();
    let mut ours: Vec<_> = pitfalls::all().map(|it| (it.name, it.mistake)).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    assert_eq!(theirs, ours);
}
