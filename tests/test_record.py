"""Holds the recorder to the scripts in tests/scripts, which say what is expected.

`python tests/test_record.py`, from anywhere; names of scripts or of tests choose
some. Each script is run once without the recorder and twice with it, from its folder
and from `record.pyz`, by processes that are forked after PyTorch is imported; once
more with a witness in the recorder's place (witness.py), which has to have seen what
was recorded, and with both, where the witness alters a gradient. A line `# expect:`
says, between semicolons:

    series A B      the series, in order          args ...    the script's arguments
    steps 3         of each, or one for each      status 1    the exit status
    tensors 27      how many are recorded         says TEXT   on stderr, by the recorder
    tensors 29 (35 with 2.4)  where torch.compile of PyTorch 2.4 sees more calls
    has KEY, no KEY                               right lesson: the lesson's own bits
    losses printed  by the script, a line each    whole yes       nothing is lacking
    seed 0          of every series, as the metadata has it
    unseen PHASE ...      what the witness cannot see, though it is recorded
    unrecorded PHASE ...  what it sees, though a record need not hold it

and `# first: KEY` where a wrong script first parts from the right one. All else that a
record holds and the recorder says, but for the values, stands in records.txt, which
`python tests/test_record.py --write` makes again: read what it changed.
"""

import atexit
import contextlib
import difflib
import faulthandler
import gc
import importlib
import json
import os
import pickle
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
import unittest
import weakref
import zipapp
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

os.environ["OMP_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

import numpy
import torch
import torch._dynamo  # else each child does, at its first optimizer

FOLDER = ROOT / "crates/parity/src/recorder"
PACKED = Path(tempfile.mkdtemp(), "record.pyz")
zipapp.create_archive(FOLDER, PACKED)
THIS = os.getpid()
MADE = PACKED.parent  # mutants.py has the tests take another PACKED
atexit.register(lambda: os.getpid() == THIS and shutil.rmtree(MADE))
ROOMS = ["batch", "cli", "file", "inference", "models", "options", "passes"]
ROOMS += ["record", "recording", "script", "settings", "spool", "steps", "tensors"]
ROOMS += ["watch"]


def rooms(place):
    """The recorder's modules, imported from its folder or its archive."""
    for name in [n for n in sys.modules if n.split(".")[0] == "parity_recorder"]:
        del sys.modules[name]
    sys.path.insert(0, str(place))
    try:
        found = {x: importlib.import_module(f"parity_recorder.{x}") for x in ROOMS}
        return SimpleNamespace(**found)
    finally:
        del sys.path[0]


record = rooms(FOLDER)
witness, outline = map(importlib.import_module, ("tests.witness", "tests.outline"))
Rules = importlib.import_module("tests.rules").Rules

# Runs under 2.4, too: `make test-torch24`.
IS_OLD = torch.__version__.startswith("2.4.")

SCRIPTS = ROOT / "tests/scripts"
RIGHT = "lesson_plain.py"
# Variants of that one's training; what is compiled calls no hooks, and a hook
# does not read shards.
UNSEEN = re.compile("lesson_(?!plain)|wrong_|compiled|sharded")
NOT_OLD = {"sharded.py"}  # FSDP trains on no CPU there
RECORDS = ROOT / "tests/records.txt"
# Variants of that one's training; and scripts of which 2.4 sees more, or less.
UNLISTED = re.compile("lesson_(?!plain)|wrong_" + "|compiled|every_opt" * IS_OLD)
PATIENCE = 300  # seconds, for a script that takes one

# What flags make of a record is listed, too.
FLAGGED = (
    "asides.py --explain",
    "gan.py --forward",
    "gan.py --explain",
    "gan.py --phases loss,init",
    "gan.py --steps 2..3",
    "inference.py --explain --forward",
    "evaluation.py --steps 2..3",
    "evaluation.py --phases eval,end",
    "by_hand.py --explain --every 2",
    "lbfgs.py --explain",
    "forward_itself.py --every 2",
    "norms.py --every 2",
    "norms.py --phases state",
    "penalty.py --explain",
    "two_models.py --every 3",
    "two_optimizers.py --every 2",
    "zeroed.py --explain",
    "wrappers.py --explain",
)

STEPS = "000000", "000001"

Run = namedtuple("Run", "status out err state trace witness")


# ---------------------------------------------------------------- traces


def read_trace(data):
    """What the trace tells about itself, and key -> dtype, shape and bytes."""
    size = int.from_bytes(data[:8], "little")
    assert size % 8 == 0, "the values are not where a reader can map them"
    header = json.loads(data[8 : 8 + size])
    about = json.loads(header.pop("__metadata__")["trace"])
    found = {}
    for key, entry in header.items():
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        found[key] = entry["dtype"], entry["shape"], data[start:end]
    whole = sum(len(values) for _, _, values in found.values())
    assert 8 + size + whole == len(data), "there are bytes of no tensor"
    return about, found


def in_order(trace):
    """The keys in the order of events; what is as one, by phase, series and name."""
    about, found = trace
    series, names = (
        {name: i for i, name in enumerate(about[kind])} for kind in ("series", "names")
    )
    moments = {}
    for of, first, steps, *same in about["events"]:
        for step in range(first, first + steps):
            moments[of, step] = len(moments) if not same else len(moments) - 1
    phases = record.options.PHASES

    def place(key):
        of, step, phase, name = key.split("/", 3)
        at = moments.get((of, int(step)), 0)
        return phase == "end", at, phases.index(phase), series[of], names[name]

    return sorted(found, key=place)


def first_difference(right, wrong):
    """The first key, in the right one's order, where two traces part."""
    for key in in_order(right):
        if wrong[1].get(key) != right[1][key]:
            return key
    return next((key for key in in_order(wrong) if key not in right[1]), None)


# ---------------------------------------------------------------- running scripts


def state_after():
    """The bytes of all that the script left behind, and where its random
    numbers were."""
    values = vars(sys.modules["__main__"])
    parts = {}
    for name, value in values.items():
        if isinstance(value, torch.nn.Module):
            tensors = [*value.parameters(), *value.buffers()]
            parts[name] = [record.tensors.piece(t) for t in tensors]
        elif isinstance(value, torch.Tensor):
            parts[name] = record.tensors.piece(value)
    numbers = record.tensors.piece(torch.get_rng_state()), random.getstate()
    return pickle.dumps([parts, numbers, torch.is_grad_enabled()])


def show(error):
    """Prints a traceback without this file, which Python would not be in."""
    record.script.hide_frames(error, __file__)
    sys.excepthook(type(error), error, error.__traceback__)


def in_child(run, folder):
    """Runs `run` in a process of its own, within `folder`, as an interpreter
    would; returns its status and what it printed."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)  # with the processes that it starts
        atexit._clear()  # what is to be done as these tests end
        os.chdir(folder)
        random.seed(0)  # a fork draws a seed of its own
        for number in (1, 2):
            os.dup2(os.open(str(number), os.O_CREAT | os.O_WRONLY, 0o666), number)
        faulthandler.enable()
        status = 1
        try:
            run()
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else bool(error.code)
            if not isinstance(error.code, int | None):
                print(error.code, file=sys.stderr)
        except KeyboardInterrupt as error:
            show(error)
            status = None
        except BaseException as error:  # noqa: BLE001
            show(error)
        record.script.wait_for_threads()
        sys.stdout.flush()
        atexit._run_exitfuncs()
        Path("state").write_bytes(state_after())
        if status is None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        os._exit(int(status))
    status = ended(pid, folder)
    out, err = (Path(folder, name).read_bytes() for name in "12")
    return status, out, err


def ended(pid, folder):
    """How a process ended; one that hangs, and all that it started, say where."""
    deadline = time.monotonic() + PATIENCE
    while (found := os.waitpid(pid, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGABRT)
            time.sleep(1)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            hung = Path(folder, "2").read_text()
            raise AssertionError(f"not ended after {PATIENCE} s, in\n{hung}")
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(found[1])


def run_script(
    script,
    args=(),
    recorded=True,
    sabotage=lambda: None,
    flags=(),
    packed=False,
    seen_by=None,
):
    """Runs a script with the recorder or without, and with a witness or without."""

    def run():
        seeing = seen_by() if seen_by else None
        try:
            (with_recorder if recorded else plainly)()
        finally:
            if seeing:
                seeing.write("witness")

    def plainly():
        path = str(SCRIPTS / script)
        try:
            record.script.run(path, record.script.read_script(path), args)
        except BaseException as error:
            record.script.hide_frames(error)
            raise

    def with_recorder():
        global record
        if packed:
            record = rooms(PACKED)
        sabotage()
        fixed = ["--trace", "t.safetensors", *flags]
        record.cli.main([*fixed, str(SCRIPTS / script), *args])

    with tempfile.TemporaryDirectory() as folder:
        # Standard input and torch's own warnings are the same on both sides.
        status, out, err = in_child(run, folder)
        left = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    known = {"1", "2", "state", "t.safetensors", "witness"}
    assert set(left) <= known, f"left behind: {sorted(left)}"
    assert "state" in left, err.decode()
    seen = pickle.loads(left["witness"]) if "witness" in left else None
    trace = left.get("t.safetensors")
    return Run(status, out.decode(), err.decode(), left["state"], trace, seen)


MORE = re.compile(  # the second line of a long one
    r"  (\S+( and \S+ more| parameters?)?|the record) lacks? "
    r"|    (no|what|its|they|start) |         [a-z]"
)


def own_lines(err):
    """The recorder's lines on stderr, and the others."""
    # Python says where a killed process left semaphores, in its own time.
    lines = [line for line in err.splitlines() if "resource_tracker" not in line]
    starts = "recorded ", "not recorded", "error: ", "recording: ", "explain: "
    own = [x for x in lines if x.startswith(starts) or MORE.match(x)]
    return own, [x for x in lines if x not in own]


# ---------------------------------------------------------------- what is expected


def expectations(script):
    """What the script's header says: (word, text) pairs."""
    for line in (SCRIPTS / script).read_text().splitlines():
        for mark in ("# expect: ", "# first: "):
            if line.startswith(mark):
                text = line.removeprefix(mark)
                parts = text.split("; ") if mark == "# expect: " else [f"first {text}"]
                yield from (part.split(" ", 1) for part in parts)


def arguments(script):
    return [
        x for word, text in expectations(script) if word == "args" for x in text.split()
    ]


def number_of(text):
    """Of `29 (35 with 2.4)`, what holds here."""
    number, _, with_old = text.partition(" (")
    return int(with_old.split()[0] if IS_OLD and with_old else number)


def unmet(script, run):
    """What is not as the header says."""
    about, found = read_trace(run.trace) if run.trace else ({"models": []}, {})
    models = about["models"]
    known = {
        "series": lambda text: [m["series"] for m in models] == text.split(),
        "steps": lambda text: (
            [m["steps"] for m in models]
            == [int(n) for n in text.split()] * (1 if " " in text else len(models))
        ),
        "tensors": lambda text: len(found) == number_of(text),
        "status": lambda text: run.status == int(text),
        "says": lambda text: any(text in line for line in own_lines(run.err)[0]),
        "has": lambda text: text in found,
        "no": lambda text: text not in found,
        "whole": lambda _: "lacks" not in about,
        "seed": lambda text: all(model["seed"] == int(text) for model in models),
        "args": lambda _: True,
        "right": lambda _: is_the_lesson(read_trace(run.trace)),
        "losses": lambda _: losses_of((about, found)) == run.out.splitlines(),
        "first": lambda text: first_difference(right_trace(), (about, found)) == text,
        "unseen": lambda _: True,
        "unrecorded": lambda _: True,
    }
    for word, text in expectations(script):
        if not known[word](text):
            yield f"{word} {text}"


def unlike_the_witness(script, seen, trace):
    """Where what was seen and what was recorded are not the same, but for what the
    header says."""
    expected = {word: text.split() for word, text in expectations(script)}
    written = {phase: set() for phase in seen}
    for key, (_, _, data) in read_trace(trace)[1].items():
        _, step, phase, _ = key.split("/", 3)
        if int(step) > 0 and phase in seen:
            written[phase].add(data)
    unseen = [phase for phase in seen if written[phase] - set(seen[phase])]
    # Of calls within calls the record holds the outermost.
    unrecorded = [
        phase
        for phase in seen
        if phase != "forward" and set(seen[phase]) - written[phase]
    ]
    for word, phases in (("unseen", unseen), ("unrecorded", unrecorded)):
        if phases != expected.get(word, []):
            yield f"{word}: {' '.join(phases)}"


def is_found(altered, plain, one):
    """Whether the record of an altered run parts from the right one at the gradient
    that was altered; or, if a closure made that gradient anew, not at all."""
    _, _, (before, after) = altered.witness
    right, wrong = (read_trace(run.trace) for run in (one, altered))
    first = first_difference(right, wrong)
    if first is None:
        return altered.state == plain.state
    is_grad = first.split("/")[2] == "grad"
    return is_grad and (right[1][first][2], wrong[1][first][2]) == (before, after)


def outlines():
    """What tests/records.txt says of each script."""
    parts = RECORDS.read_text().split("\n== ")[1:]
    return {name: text.splitlines() for name, text in (p.split("\n", 1) for p in parts)}


def outline_of(run):
    """What the recorder said of a run, and what it left, but for the values."""
    said = own_lines(run.err)[0] + [f"status {run.status}"] * (run.status != 0)
    if not run.trace:
        return said
    trace = read_trace(run.trace)
    return [*said, *outline.outline(*trace, in_order(trace))]


def unlike_its_outline(name, run):
    """Lines of tests/records.txt that are not so, and those that are."""
    before, now = outlines().get(name, []), outline_of(run)
    diff = [line for line in difflib.ndiff(before, now) if line[0] in "-+"]
    if before != now:
        yield "\n".join([f"tests/records.txt: {name}", *diff])


def write_outlines():
    """Makes tests/records.txt again."""
    assert not IS_OLD, "the list is of the newer PyTorch"
    scripts = [x for x in sorted(os.listdir(SCRIPTS)) if x.endswith(".py")]
    listed = [x for x in scripts if x != "beside.py" and not UNLISTED.match(x)]
    with open(RECORDS, "w") as file:
        print("What tests/scripts leave in a record: see tests/outline.py.", file=file)
        for name in (*listed, *FLAGGED):
            script, *flags = name.split()
            run = run_script(script, arguments(script), flags=flags)
            print(f"\n== {name}", *outline_of(run), sep="\n", file=file, flush=True)


def losses_of(trace):
    """All losses, as Python prints them."""
    losses = (trace[1][key][2] for key in in_order(trace) if "/loss/" in key)
    return [str(struct.unpack("<f", loss)[0]) for loss in losses]


def values_in_order(trace):
    """The bytes of all tensors of the training but data, in the order of events,
    nameless."""
    aside = "data", "eval"
    return [trace[1][key] for key in in_order(trace) if key.split("/")[2] not in aside]


def is_the_lesson(trace):
    """Whether a trace holds the twin's own tensors, whatever their names."""
    return values_in_order(trace) == values_in_order(twin_trace())


def once(function):
    """Calls it once only."""
    kept = []

    def get():
        if not kept:
            kept.append(function())
        return kept[0]

    return get


@once
def right_trace():
    return read_trace(run_script(RIGHT).trace)


@once
def twin_trace():
    with tempfile.TemporaryDirectory() as folder:

        def run():
            from python_ref import train

            train.main(["--trace", "t.safetensors"])

        status, _, err = in_child(run, folder)
        assert status == 0, err
        return read_trace(Path(folder, "t.safetensors").read_bytes())


def problems(script, sabotage=lambda: None, first_time=lambda: None):
    """What is wrong with how a script is recorded: words of a fixed list. The
    sabotages are this test's own test."""
    args = arguments(script)
    plain = run_script(script, args, recorded=False)
    one = run_script(script, args, sabotage=lambda: (sabotage(), first_time()))
    two = run_script(script, args, sabotage=sabotage, packed=True)
    found = [f"expected: {text}" for text in unmet(script, one)]
    if not UNLISTED.match(script):
        found.extend(unlike_its_outline(script, one))
    failed_itself = plain.status != 0
    if (failed_itself or one.trace) and plain.status != one.status:
        found.append("status")
    if plain.out != one.out:
        found.append("stdout")
    own, others = own_lines(one.err)
    said = [line for line in own if not line.startswith(("  ", "recording: "))]
    if others != own_lines(plain.err)[1] or len(said) != 1:
        found.append(f"stderr: {one.err}")
    elif others and one.err.rindex(said[0]) < one.err.rindex(others[-1]):
        found.append(f"not at last: {one.err}")
    if plain.state != one.state:
        found.append("state")
    if one.trace != two.trace:
        found.append("two recordings")
    if one.trace and not UNSEEN.match(script):
        seeing = run_script(script, args, recorded=False, seen_by=witness.Witness)
        seen, grads, _ = seeing.witness
        found.extend(unlike_the_witness(script, seen, one.trace))
        if grads:
            altering = lambda: witness.Witness(alter=grads // 2)
            altered = run_script(script, args, sabotage=sabotage, seen_by=altering)
            if not is_found(altered, plain, one):
                found.append("altered")
    return found


# ---------------------------------------------------------------- tests


class Scripts(unittest.TestCase):
    """A test for each script: made below."""


def add_test(script):
    def test(self):
        self.assertEqual(problems(script), [])

    setattr(Scripts, f"test_{Path(script).stem}", test)


for path in sorted(SCRIPTS.glob("*.py")):
    if path.name != "beside.py" and not (IS_OLD and path.name in NOT_OLD):
        add_test(path.name)


class Sabotage(unittest.TestCase):
    """Every kind of check fails where it should."""

    def assert_found(self, word, script, **sabotage):
        found = problems(script, **sabotage)
        self.assertTrue(any(word in text for text in found), found)

    def test_a_recorder_that_draws_is_found(self):
        self.assert_found("state", "norms.py", sabotage=draws)

    def test_a_recorder_that_prints_is_found(self):
        self.assert_found("stdout", "norms.py", sabotage=prints(sys.stdout))
        self.assert_found("stderr", "norms.py", sabotage=prints(sys.stderr))

    def test_a_recorder_whose_line_is_not_the_last_is_found(self):
        self.assert_found("not at last", "exits.py", sabotage=says_at_once)
        self.assert_found("not at last", "raises.py", sabotage=says_at_once)

    def test_a_recorder_that_hides_the_status_is_found(self):
        self.assert_found("status", "exits.py", sabotage=hides_status)

    def test_a_record_that_is_not_always_the_same_is_found(self):
        self.assert_found("two recordings", "norms.py", first_time=one_bit_off)

    def test_a_tensor_too_few_is_found(self):
        self.assert_found("expected: tensors", "by_hand.py", sabotage=forgets(4))
        self.assert_found("expected: has", "by_hand.py", sabotage=forgets(4))
        self.assert_found("tests/records.txt", "gan.py", sabotage=forgets(2))

    def test_bits_that_are_not_the_lessons_are_found(self):
        self.assert_found("expected: right", "lesson_silent.py", sabotage=one_bit_off)

    def test_what_was_seen_otherwise_is_found(self):
        self.assert_found("unseen: loss", "norms.py", sabotage=one_bit_off)
        self.assert_found("unrecorded: grad", "norms.py", sabotage=forgets(2))

    def test_a_change_at_another_place_is_found(self):
        self.assert_found("altered", "norms.py", sabotage=forgets(2))

    def test_a_wrong_place_is_found(self):
        self.assert_found("expected: first", "wrong_lr.py", sabotage=forgets_init)


def wrap(owner, name, make):
    setattr(owner, name, make(getattr(owner, name)))


def wrap_step(make):
    """Steps.end_step, which runs in every step."""
    wrap(record.steps.Steps, "end_step", make)


def draws():
    wrap_step(lambda real: lambda *args: (torch.rand(1), real(*args))[1])


def prints(file):
    def sabotage():
        wrap_step(
            lambda real: lambda *args: (print("!", file=file), real(*args))[1],
        )

    return sabotage


def says_at_once():
    def make(real):
        def run_recorded(options, source, last):
            found = real(options, source, last)
            record.cli.say(last)
            last.clear()
            return found

        return run_recorded

    wrap(record.cli, "run_recorded", make)


def hides_status():
    run = record.cli.run

    def hiding(*args):
        with contextlib.suppress(SystemExit):
            run(*args)

    record.cli.run = hiding


def changed(change):
    """A recorder that writes something else than it should."""

    def make(real):
        def write_all(self, series, step, phase, named):
            named = [(name, change(step, phase, name, piece)) for name, piece in named]
            return real(self, series, step, phase, named)

        return write_all

    wrap(record.record.Record, "write_all", make)


def one_bit_off():
    def change(step, phase, name, piece):
        if (step, phase) == (2, "loss"):
            return piece._replace(data=bytes([piece.data[0] ^ 1]) + piece.data[1:])
        return piece

    changed(change)


def forgets(of):
    """The gradients of that step."""

    def sabotage():
        changed(lambda step, phase, _, p: None if (step, phase) == (of, "grad") else p)

    return sabotage


def forgets_init():
    changed(lambda step, *_: None if step == 0 else _[-1])


class Said(unittest.TestCase):
    """What the recorder says, and what a record says of the run."""

    def test_each_model_names_its_optimizers(self):
        (adam, *_) = read_trace(run_script(RIGHT).trace)[0]["models"]
        self.assertEqual(adam["optimizer"]["class"], "Adam")
        self.assertEqual(adam["optimizer"]["lr"], 1e-3)
        self.assertEqual(adam["optimizer"]["betas"], [0.9, 0.999])
        self.assertNotIn("optimizers", adam)
        self.assertNotIn("groups", adam["optimizer"])
        (both,) = read_trace(run_script("two_optimizers.py").trace)[0]["models"]
        self.assertEqual([o["class"] for o in both["optimizers"]], ["SGD", "Adam"])
        self.assertEqual(both["optimizer"], both["optimizers"][0])
        (net,) = read_trace(run_script("groups.py").trace)[0]["models"]
        self.assertGreater(len(net["optimizer"]["groups"]), 1)

    def test_settings_are_told_as_the_plain_values_that_they_are(self):
        net = torch.nn.Linear(2, 2)
        group = {
            "params": net.parameters() if IS_OLD else net.named_parameters(),
            "lr": torch.tensor(0.5),
            "each": (torch.tensor([1.0, 2.0]), [1, 0.25]),
            "flag": True,
            "none": None,
            "text": "x",
            "count": numpy.int64(3),
            "ratio": numpy.float32(0.5),
            "large": float("-inf"),
            "thing": object(),
            "things": [object()],
        }
        ours = list(group)
        told = record.settings.settings_of(torch.optim.SGD([group], lr=0.1))
        text = json.dumps({name: told.pop(name) for name in ours if name in told})
        expected = '{"lr": 0.5, "each": [[1.0, 2.0], [1, 0.25]], "flag": true, '
        expected += (
            '"none": null, "text": "x", "count": 3, "ratio": 0.5, "large": "-inf"}'
        )
        self.assertEqual(text, expected)
        default = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
        self.assertEqual(
            told.keys(), record.settings.settings_of(default).keys() - {"lr"}
        )

    def test_nothing_to_record_has_its_reason(self):
        net = "import torch\nnet = torch.nn.Linear(2, 2)\n"
        reasons = (
            ("print(1)", "it never imported torch"),
            (net, "no model was called and nothing called backward in this process"),
            (
                net + "(net.weight @ torch.ones(2)).sum().backward()",
                "it called backward, but no",
            ),
            (
                net
                + "optimizer = torch.optim.SGD(net.parameters(), lr=0.1)\n"
                + "net(torch.ones(2)).sum().backward()\n"
                + "net.weight.data -= net.weight.grad\n",
                "its parameters changed by hand, but an optimizer that took no step holds",
            ),
            (
                net + "torch.nn.ReLU()(net.weight.data)",
                "what it called has no parameters, as quantised models have none",
            ),
            (
                net
                + "run = lambda x: net(x).sum()\n"
                + "torch.compile(run, backend='eager')(torch.ones(2))",
                "what torch.compile compiles whole, step included, is not seen inside",
            ),
        )
        # 2.4 leaves the model's call out of what it compiles, where it is seen.
        for text, said in reasons[:5] if IS_OLD else reasons:
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, "s.py").write_text(text)
                if "torch" in text:
                    status, _, err = in_child(lambda: record.cli.main(["s.py"]), folder)
                else:
                    command = [sys.executable, FOLDER, "s.py"]
                    found = subprocess.run(
                        command, capture_output=True, check=False, cwd=folder
                    )
                    status, err = found.returncode, found.stderr
            self.assertEqual(status, 2)
            self.assertIn(f"error: nothing to record: {said}", err.decode())


class Options(unittest.TestCase):
    """The flags, and files of every kind."""

    def keys(self, script, *flags):
        run = run_script(script, flags=flags)
        self.assertEqual(run.status, 0, run.err)
        return list(read_trace(run.trace)[1])

    def test_digests_are_of_memory_that_is_there(self):
        self.keys("no_memory.py", "--digest")
        self.keys("norms.py", "--digest")

    def test_steps_and_every(self):
        whole = self.keys("norms.py")
        steps = {key.split("/")[1] for key in self.keys("norms.py", "--steps", "2..3")}
        self.assertEqual(steps, {"000002"})
        steps = {key.split("/")[1] for key in self.keys("norms.py", "--every", "2")}
        self.assertEqual(steps, {"000000", "000002"})
        self.assertEqual(set(self.keys("norms.py", "--steps", "..9")), set(whole))
        self.assertEqual(self.keys("norms.py", "--every", "1"), whole)
        steps = {key.split("/")[1] for key in self.keys("norms.py", "--steps", "0..1")}
        self.assertEqual(steps, {"000000"})

    def test_a_record_is_no_larger_than_asked_for(self):
        def run(*flags):
            run = run_script("norms.py", flags=flags)
            self.assertEqual((run.status, run.out), (0, whole.out), run.err)
            return len(run.trace), *read_trace(run.trace), run.err

        whole = run_script("norms.py")
        _, about, found, err = run("--max-size", "8 KiB")
        of_whole = read_trace(whole.trace)[1]
        self.assertEqual(found, {key: of_whole[key] for key in found})
        self.assertEqual(
            about["partial"], "until it was as large as --max-size lets it be"
        )
        self.assertIn("in t.safetensors, until it was as large as --max-size", err)
        sizes = [run("--max-size", size)[0] for size in ("5kb", "10000", "0.01MiB")]
        for size, most in zip(sizes, (5000, 10000, 10 << 10), strict=True):
            self.assertTrue(most / 2 < size <= most, sizes)
        self.assertEqual(run("--max-size", "1 GB")[0], len(whole.trace))
        run = run_script("norms.py", flags=("--max-size", "10"))
        self.assertEqual(run.status, 2)
        self.assertIn(
            "nothing to record: one tensor is larger than --max-size", run.err
        )

    def test_what_a_large_step_takes_is_said_once(self):
        def small():
            record.record.LARGE_STEP = 1000

        said = "recording: a step of Net-1 takes 3.98 KB; --digest or --max-size limits that"
        lines = run_script("norms.py", sabotage=small).err.splitlines()
        self.assertEqual([x for x in lines if x.startswith("recording")], [said])
        quiet = run_script("norms.py", sabotage=small, flags=("--quiet",))
        self.assertEqual(quiet.err, "")

    def test_signals_are_watched_in_this_process_alone(self):
        """And only while something is recorded."""
        numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP

        def run():
            # However these tests were started: in the background INT is ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
            before = [signal.getsignal(number) for number in numbers]
            options = record.options.Options(partial=True)
            with record.recording.recording("t.safetensors", "test", {}, options):
                train_one(1)
                inside = [signal.getsignal(number) for number in numbers]
                assert signal.SIG_IGN == inside[2]
                assert inside[0] != before[0] and inside[1] != before[1]
                pid = os.fork()
                if pid == 0:
                    here = [signal.getsignal(number) for number in numbers]
                    os._exit(here != before)
                assert os.waitpid(pid, 0)[1] == 0
            assert [signal.getsignal(number) for number in numbers] == before

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())

    def test_flags_leave_what_is_listed(self):
        for name in FLAGGED:
            script, *flags = name.split()
            run = run_script(script, flags=flags)
            self.assertEqual(list(unlike_its_outline(name, run)), [])

    def test_standard_output_takes_a_record(self):
        with tempfile.TemporaryDirectory() as folder:
            command = ["--trace", "-", "--quiet", str(SCRIPTS / "norms.py")]
            _, out, err = in_child(lambda: record.cli.main(command), folder)
        plain = run_script("norms.py")
        self.assertEqual((out, err), (plain.out.encode() + plain.trace, b""))

    def test_a_script_names_series_data_and_measures(self):
        class Two(torch.nn.Linear):
            def forward(self, x):
                return super().forward(x), x

        def run():
            ours, Options = record.recording, record.options.Options
            ours.data(x=torch.ones(1))  # nothing is recorded yet
            ours.series(net := Two(2, 1), "none")
            ours.measure("none", 1, {"x": torch.ones(1)})
            with ours.recording("t.safetensors", "test", {}, Options(every=2)):
                ours.data(x=torch.ones(1), y=torch.zeros(2))
                for model, *of in (
                    (net, "two", "score"),
                    (torch.nn.Linear(2, 1), "one"),
                ):
                    ours.series(model, *of)
                    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                    for step in range(1, 3):
                        found = model(torch.ones(3, 2))
                        (found[0] if model is net else found).sum().backward()
                        optimizer.step()
                        ours.measure(of[0], step, {"norm": model.weight.norm()})
                    ours.data(x=torch.ones(1))
                ours.data(x=torch.zeros(1))
                ours.data(x=torch.full((1,), 2.0))

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())
            trace = read_trace(Path(folder, "t.safetensors").read_bytes())
        lines = list(outline.outline(*trace, in_order(trace)))
        self.assertEqual(
            lines,
            [
                "two: Two, SGD lr 0.1, seed drawn, graph 3 SumBackward0",
                "one: Linear, SGD lr 0.1, seed drawn, graph 3 SumBackward0",
                "series data, two, one",
                "events two 0 1, one 0 1, two 2 1, one 2 1, data 2 1",
                "generator two 2",
                "groups two 2: lr 0.1",
                "groups one 2: lr 0.1",
                "data 0: data x[1] y[2]",
                "two 0: init weight[1,2] bias[1]",
                "one 0: init weight[1,2] bias[1]",
                (
                    "two 2: data x[3,2]; forward score.0[3,1] score.1[3,2]; loss loss[];"
                    " grad all; param all; measure norm[]"
                ),
                (
                    "one 2: forward output[3,1]; loss loss[]; grad all; param all;"
                    " measure norm[]"
                ),
                "data 2: data x[1]",
            ],
        )

    def test_calls_wait_for_a_training_no_longer_than_they_may(self):
        """What is written is the same."""

        def recorded(text, **limits):
            def run():
                Path("s.py").write_text(text)
                for name, limit in limits.items():
                    setattr(record.inference, name, limit)
                record.cli.main(["s.py"])

            with tempfile.TemporaryDirectory() as folder:
                status, _, err = in_child(run, folder)
                self.assertEqual(status, 0, err.decode())
                return Path(folder, "s.safetensors").read_bytes()

        text = "import torch\nnet = torch.nn.Linear(2, 2)\nother = torch.nn.ReLU()\n"
        text += "for i in range(5):\n    y = net(torch.full((2,), float(i)))\n"
        backward = "    y.sum().backward()\n"
        seed = "import torch\ntorch.manual_seed(0)\n"
        for more, *names in (
            ("", "MOST_WAITING", "MOST_BEFORE", "MOST_BYTES"),
            (backward, "MOST_BEFORE"),
            (backward + "    other(y)\n", "MOST_BEFORE"),
        ):
            whole = recorded(seed + text + more)
            for name, limit in ((name, limit) for name in names for limit in (1, 2)):
                found = recorded(seed + text + more, **{name: limit})
                self.assertEqual(read_trace(found), read_trace(whole), (more, name))

    def test_pytorch_is_afterwards_as_it_was(self):
        def now():
            functional, register = torch.nn.functional, record.watch.modules
            return [
                *(getattr(functional, name) for name in dir(functional)),
                torch.nn.Module.__call__,
                torch.nn.Module.__setstate__,
                torch.optim.Optimizer.__init__,
                torch.multiprocessing.ProcessContext.__init__,
                torch.autograd.backward,
                torch.autograd.grad,
                Direct.forward,
                {**torch.jit._builtins._get_builtin_table()},
                {**record.watch.optim._global_optimizer_pre_hooks},
                {**record.watch.optim._global_optimizer_post_hooks},
                {**register._global_module_registration_hooks},
                {**register._global_parameter_registration_hooks},
            ]

        class Direct(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.w = torch.nn.Parameter(torch.ones(2))

            def forward(self, x):
                return x * self.w

        def run():
            before = now()
            for end in (lambda: None, lambda: 1 / 0):
                with (
                    contextlib.suppress(ZeroDivisionError),
                    record.recording.recording("t.safetensors", "test", {}),
                ):
                    for _ in range(2):
                        net = Direct()
                        net.forward(torch.ones(2)).sum().backward()
                        torch.optim.SGD(net.parameters(), lr=0.1).step()
                    inside = now()
                    again = record.recording.recording("u.safetensors", "test", {})
                    with self.assertRaisesRegex(Exception, "a recording is on already"):
                        again.__enter__()
                    end()
                changed = [x is not y and x != y for x, y in zip(before, inside)]
                known = dir(torch.nn.functional)
                criteria = [x for x in record.watch.CRITERIA if x in known]
                assert sum(changed) == len(criteria) + 12, sum(changed)
                assert not any(x is not y and x != y for x, y in zip(before, now()))
            assert sorted(os.listdir()) == ["1", "2", "t.safetensors"]

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())

    def test_a_run_that_ends_early_leaves_what_there_is(self):
        """Where that is asked for; a signal waits until nothing is being noted."""

        def recorded(end):
            def run():
                kept = record.options.Options(partial=True)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as not under nohup
                with record.recording.recording("t.safetensors", "test", {}, kept):
                    train_one(2)
                    end()
                    raise AssertionError("it goes on")

            return run

        def as_script(number):
            text = "import os, signal, time, torch\ntorch.manual_seed(0)\n"
            text += "net = torch.nn.Linear(2, 2)\n"
            text += "optimizer = torch.optim.SGD(net.parameters(), lr=0.1)\n"
            text += "for step in range(9):\n    net(torch.ones(2)).sum().backward()\n"
            text += "    optimizer.step()\n    print(step, flush=True)\n"

            def signalled(real):
                def end_step(self, series, *args):
                    if series.steps == 2:
                        signal.raise_signal(number)
                    real(self, series, *args)
                    assert len(args) > 1

                return end_step

            def run():
                signal.signal(signal.SIGINT, signal.default_int_handler)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                Path("s.py").write_text(text)
                wrap_step(signalled)
                command = ["--keep-partial", "--trace", "t.safetensors", "s.py"]
                record.cli.main(command)

            return run

        def ends(error):
            def end():
                raise error

            return end

        term, hup, interrupt = signal.SIGTERM, signal.SIGHUP, signal.SIGINT
        for run, expected, how, steps in (
            (recorded(lambda: signal.raise_signal(term)), -term, "until SIGTERM", 2),
            (recorded(lambda: signal.raise_signal(hup)), -hup, "until SIGHUP", 2),
            (recorded(ends(ValueError())), 1, "until the script raised ValueError", 2),
            (
                recorded(ends(SystemExit(3))),
                3,
                "until the script exited with status 3",
                2,
            ),
            (
                recorded(ends(SystemExit("x"))),
                1,
                "until the script exited with status 1",
                2,
            ),
            (as_script(term), -term, "until SIGTERM", 3),
            (as_script(interrupt), -interrupt, "until SIGINT", 3),
        ):
            with self.subTest(how=how), tempfile.TemporaryDirectory() as folder:
                status, out, err = in_child(run, folder)
                self.assertEqual(status, expected, err.decode())
                trace = Path(folder, "t.safetensors").read_bytes()
                about, _ = read_trace(trace)
                self.assertEqual(about["partial"], how)
                self.assertEqual(about["models"][0]["steps"], steps)
                if run.__qualname__.split(".")[-3] == "as_script":
                    self.assertEqual(out, b"0\n1\n")
                    self.assertIn(f", {how}", own_lines(err.decode())[0][0])

    def test_what_a_port_begins_with(self):
        """`parity new` asks for it; the script is ended after two steps."""
        text = (ROOT / "tests/sketched.py").read_text()

        def sketched(text):
            def run():
                Path("s.py").write_text(text)
                record.cli.main(["--sketch", "sketch.json", "s.py"])

            with tempfile.TemporaryDirectory() as folder:
                status, out, err = in_child(run, folder)
                self.assertEqual(status, 0, err.decode())
                about, _ = read_trace(Path(folder, "s.safetensors").read_bytes())
                found = json.loads(Path(folder, "sketch.json").read_text())
            self.assertEqual([x["name"] for x in found], about["series"])
            steps = {model["steps"] for model in about["models"]}
            self.assertEqual([steps], [{len(out.splitlines())}])
            return steps, found

        steps, once = sketched(text.replace("range(5)", "range(1)"))
        self.assertEqual(steps, {1})  # the script ended
        steps, found = sketched(text)
        self.assertEqual((steps, found), ({2}, once))
        net, bare = found
        expected = ["0 Conv1d", "1 Flatten", "2 Linear", "3.norm BatchNorm1d"]
        expected += ["3.fc Linear", "3.attention MultiheadAttention"]
        expected += ["3.act ReLU", "3.act_again ReLU"]
        layers = net["layers"]
        self.assertEqual([f"{x['path']} {x['class']}" for x in layers], expected)
        conv, flat, _, _, linear, attention, *_ = layers
        self.assertEqual(conv["settings"]["padding"], [1])
        told = [layer["settings"]["bias"] for layer in (conv, flat, linear)]
        self.assertEqual(told, [True, False, False])
        self.assertFalse(any(name[0] == "_" for name in conv["settings"]))
        self.assertNotIn("forward", attention["settings"])
        self.assertEqual(flat["says"], "start_dim=1, end_dim=-1")
        self.assertEqual((conv["params"], flat["params"]), (["weight", "bias"], []))
        names = ["0.weight", "0.bias", "2.weight", "2.bias", "3.scale", "3.norm.weight"]
        self.assertEqual([name for name, _ in net["parameters"]][:6], names)
        self.assertEqual(net["parameters"][0][1], [4, 2, 3])
        groups = [(x["params"][:4], x["settings"]["lr"]) for x in net["groups"]]
        self.assertEqual(groups, [(names[:4], 0.1), (["3.scale"], 0.5)])
        self.assertEqual(net["optimizer"], "SGD")
        self.assertEqual((net["graph"][0], len(net["graph"])), ("SumBackward0", 45))
        self.assertEqual((net["has_buffers"], bare["has_buffers"]), (True, False))
        expected = [["param0", [1]]], [], []
        self.assertEqual((bare["parameters"], bare["layers"], bare["graph"]), expected)
        self.assertEqual([x["params"] for x in bare["groups"]], [["param0"]])

    def test_phases(self):
        phases = {k.split("/")[2] for k in self.keys("gan.py", "--phases", "loss,init")}
        self.assertEqual(phases, {"loss", "init"})

    def test_what_is_not_recorded_changes_nothing_of_the_rest(self):
        phases = "loss", "grad", "state", "param"
        scripts = "gan", "two_optimizers", "sharded", "by_hand", "gradients"
        for script in (f"{name}.py" for name in scripts):
            if IS_OLD and script in NOT_OLD:
                continue
            whole, alone = (
                read_trace(run_script(script, flags=flags).trace)[1]
                for flags in ((), ("--phases", ",".join(phases)))
            )
            whole = {k: v for k, v in whole.items() if k.split("/")[2] in phases}
            self.assertTrue(alone)
            self.assertEqual(alone, whole, script)

    def test_what_is_trained_later_is_seen_from_its_first_call_on(self):
        whole, part = (
            read_trace(run_script("later_head.py", flags=flags).trace)
            for flags in ((), ("--steps", "0..2"))
        )
        first = {k: v for k, v in whole[1].items() if k.split("/")[1] in STEPS}
        self.assertEqual(part[1], first)
        self.assertNotIn("lacks", part[0])

    def test_forward_adds_the_modules_inside(self):
        more, plain = self.keys("gan.py", "--forward"), self.keys("gan.py")
        new = [key for key in more if key not in plain]
        self.assertEqual([key for key in more if key in plain], plain)
        self.assertIn("Generator-1/000001/forward/net.1", new)
        self.assertIn("Discriminator-1/000003/forward/net.2#2", new)
        self.assertTrue(all("/forward/" in key for key in new))

    def test_the_batch_is_explained(self):
        def said(script):
            run = run_script(script, flags=["--explain"])
            self.assertEqual(run.trace, run_script(script).trace)
            self.assertTrue(all(len(line) <= 80 for line in run.err.splitlines()))
            return run.err.replace("\n         ", " | ").splitlines()

        gan = said("gan.py")
        for what, why in (
            ("taken: data z of Generator", "it went into the model"),
            ("not taken: data x of Discriminator", "it went into another model that"),
            ("not taken: data input of BCEWithLogitsLoss", "autograd made it, of what"),
            ("taken: data target of BCEWithLogitsLoss", "it went into a module that"),
        ):
            start = f"explain: Generator-1, step 1: {what} | {why}"
            self.assertTrue(any(line.startswith(start) for line in gan), (start, gan))
        why = "its gradients were zeroed before an update"
        expected = f"explain: no step: not taken: a backward pass | {why}"
        self.assertIn(expected, said("zeroed.py"))

    def test_quiet_says_nothing(self):
        self.assertEqual(run_script("norms.py", flags=["--quiet"]).err, "")

    def test_trouble_is_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(f"{folder}/fifo.py")
            Path(folder, "book.ipynb").write_text("{}")
            Path(folder, "s.py").write_text("print(1)")
            Path(folder, "no.py").write_text("raise SystemExit(2)")
            for args, said in (
                (["none.py"], "cannot read none.py: No such file"),
                ([folder], "is a folder"),
                ([f"{folder}/fifo.py"], "is no regular file"),
                ([f"{folder}/book.ipynb"], "is a notebook"),
                (["--steps", "5..2", "s.py"], "no range of steps"),
                (["--steps", "5..5", "s.py"], "no range of steps"),
                (["--steps", "5", "s.py"], "no range of steps"),
                (["--steps", "..five", "s.py"], "no range of steps"),
                (["--steps=-1..2", "s.py"], "no range of steps"),
                (["--phases", "grads", "s.py"], "'grads' is none of data, init"),
                (["--max-size", "5 miles", "s.py"], "'5 miles' is no size such as"),
                (["--max-size", "0", "s.py"], "is no size such as 500MB"),
                (["--every", "0", "s.py"], "must be a whole number"),
                (["--every", "1.5", "s.py"], "must be a whole number"),
                (["--every=-1", "s.py"], "must be a whole number"),
                (["--trace", f"{folder}/no/t", f"{folder}/s.py"], "cannot write"),
                (["--trace", folder, f"{folder}/s.py"], "it is a folder"),
                (["--trace", f"{folder}/s.py", f"{folder}/s.py"], "is the script"),
                ([f"{folder}/s.py"], "error: nothing to record"),
                (["-o", "t", "--quiet", f"{folder}/s.py"], "error: nothing to record"),
                ([f"{folder}/no.py", "-o", "x"], "status 2: if -o is for the recorder"),
            ):
                with tempfile.TemporaryDirectory() as here:
                    code, _, err = in_child(lambda a=args: record.cli.main(a), here)
                lines = err.decode().splitlines()
                self.assertEqual((code, len(lines)), (2, 1), err)
                self.assertIn(said, lines[0])

    def test_a_module_runs_as_python_runs_it(self):
        """With -m; so does a package's __main__."""
        says = "import sys\nprint(sys.argv, sys.path[0], __file__)\n"
        says += "print(__name__, __package__, __spec__.name, __spec__.parent)\n"
        train = (
            "if '--train' in sys.argv:\n    from .nets import net\n"
            "    import torch\n    net(torch.ones(2)).sum().backward()\n"
            "    torch.optim.SGD(net.parameters(), lr=0.1).step()\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/package")
            for name, text in (
                ("nets", "import torch\nnet = torch.nn.Linear(2, 1)\n"),
                ("train", says + train),
                ("__main__", says + train),
            ):
                Path(folder, "package", f"{name}.py").write_text(text)
            for name in ("package.train", "package"):
                command = [sys.executable, "-m", name, "-m", "7"]
                plain = subprocess.run(
                    command, capture_output=True, check=True, cwd=folder
                )
                args = ["-m", "--", name, "-m", "7", "--train"]
                status, out, err = in_child(lambda a=args: record.cli.main(a), folder)
                self.assertEqual(status, 0, err)
                expected = plain.stdout.decode().replace("'7'", "'7', '--train'")
                self.assertEqual(out.decode(), expected)
                about, trace = read_trace(
                    Path(folder, f"{name}.safetensors").read_bytes()
                )
                self.assertEqual(about["experiment"], name)
                self.assertIn("Linear-1/000001/param/weight", trace)
            status, _, err = in_child(lambda: record.cli.main(["-m", "none"]), folder)
            self.assertEqual(status, 1)
            self.assertIn(b"nothing was recorded until the script exited", err)

    def test_many_tensors_make_several_files(self):
        def run():
            record.file.TraceFile.MOST_TENSORS = 10
            record.cli.main(["--trace", "t.safetensors", str(SCRIPTS / "by_hand.py")])

        whole = read_trace(run_script("by_hand.py").trace)[1]
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "t.safetensors").write_text("an older one")
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err)
            self.assertIn(b"in t.safetensors.index.json", err)
            self.assertFalse(Path(folder, "t.safetensors").exists())
            index = json.loads(Path(folder, "t.safetensors.index.json").read_text())
            shards = set(index["weight_map"].values())
            self.assertEqual(
                shards, {f"t-0000{i}-of-00003.safetensors" for i in (1, 2, 3)}
            )
            found = {}
            for shard in shards:
                _, part = read_trace(Path(folder, shard).read_bytes())
                self.assertEqual({index["weight_map"][key] for key in part}, {shard})
                found |= part
        self.assertEqual(found, whole)

    def test_a_partial_record_is_not_put_over_a_whole_one(self):
        def record_all():
            for script, *flags in (
                ("interrupted.py", "--keep-partial"),  # nothing is there yet
                ("raises.py",),  # what is there is partial
                ("norms.py",),
                ("raises.py",),  # over a whole one
                ("interrupted.py",),
                ("interrupted.py", "--keep-partial"),
            ):
                if os.fork() == 0:
                    flags += ["--trace", "t.safetensors"]
                    with contextlib.suppress(BaseException):
                        record.cli.main([*flags, str(SCRIPTS / script)])
                    atexit._run_exitfuncs()
                    os._exit(0)
                os.wait()
                for path in sorted(Path().glob("t.*")):
                    about, found = read_trace(path.read_bytes())
                    print(script, path, about.get("partial"), len(found))

        with tempfile.TemporaryDirectory() as folder:
            _, out, err = in_child(record_all, folder)
        raised, interrupted = (
            f"until the script raised {kind}"
            for kind in ("ValueError", "KeyboardInterrupt")
        )
        expected = [
            f"interrupted.py t.safetensors {interrupted} 17",
            f"raises.py t.safetensors {raised} 15",
            "norms.py t.safetensors None 82",
            f"raises.py t.partial.safetensors {raised} 15",
            "raises.py t.safetensors None 82",
            f"interrupted.py t.partial.safetensors {raised} 15",
            "interrupted.py t.safetensors None 82",
            f"interrupted.py t.partial.safetensors {interrupted} 17",
            "interrupted.py t.safetensors None 82",
        ]
        out = [line for line in out.decode().splitlines() if " t." in line]
        self.assertEqual(out, expected, err.decode())
        self.assertIn(b" in t.partial.safetensors, until", err)

    def test_a_key_that_comes_up_twice_is_an_error_of_ours(self):
        def twice():
            wrap_step(
                lambda real: (
                    lambda s, *a: (real(s, *a), s.record.write("x", 1, "loss", "x", P))
                ),
            )

        P = record.tensors.Piece("F32", (1,), b"abcd")
        run = run_script("norms.py", sabotage=twice)
        self.assertEqual(run.status, 2)
        self.assertIn("x/000001/loss/x came up twice", own_lines(run.err)[0][0])
        self.assertEqual(run.out, run_script("norms.py", recorded=False).out)

    def test_what_a_handler_of_the_script_raises_reaches_it(self):
        def interrupted():
            number = signal.SIGUSR1
            wrap_step(
                lambda real: lambda s, *a: (signal.raise_signal(number), real(s, *a)),
            )

        run = run_script("handles.py", sabotage=interrupted)
        self.assertEqual((run.status, run.out), (2, "stopped: time is up\n"))
        self.assertIn("then failed: TimeoutError: time is up", own_lines(run.err)[0][0])


class Alone(unittest.TestCase):
    """The recorder, packed or not, run by an interpreter of its own."""

    def run_in(self, folder, *args):
        return subprocess.run(
            [sys.executable, *args],
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )

    def test_packed_it_needs_no_other_file_and_python_would_do_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(PACKED, folder)
            for name in ("raises.py", "raises_again.py", "spawned.py", "late.py"):
                if name == "late.py":
                    text = "import os\nos.environ['OMP_NUM_THREADS'] = '2'\n"
                    text += "import torch\nprint(torch.get_num_threads())\n"
                    text += (SCRIPTS / "norms.py").read_text()
                    Path(folder, name).write_text(text)
                else:
                    shutil.copy(SCRIPTS / name, folder)
                plain = self.run_in(folder, name)
                run = self.run_in(folder, "record.pyz", name)
                own, others = own_lines(run.stderr.decode())
                self.assertEqual(run.returncode, plain.returncode, run.stderr)
                self.assertEqual(run.stdout, plain.stdout)
                self.assertEqual(others, plain.stderr.decode().splitlines())
                self.assertEqual(len([x for x in own if x[0] != " "]), 1)
                if name.startswith("raises"):  # semaphores are told of at any time
                    self.assertEqual(run.stderr.decode().splitlines()[-1], own[-1])
                trace = Path(folder, name).with_suffix(".safetensors").read_bytes()
                self.assertTrue(read_trace(trace)[1])

    def test_a_script_may_close_standard_error(self):
        with tempfile.TemporaryDirectory() as folder:
            text = (SCRIPTS / "norms.py").read_text()
            Path(folder, "s.py").write_text(text + "import sys\nsys.stderr.close()\n")
            run = self.run_in(folder, PACKED, "s.py")
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertTrue(Path(folder, "s.safetensors").exists())

    def test_a_script_that_names_its_series_reaches_the_recorder(self):
        with tempfile.TemporaryDirectory() as folder:
            text = f"import sys\nsys.path.append({str(ROOT)!r})\n"
            text += "from python_ref import train\ntrain.main(['--epochs', '1'])\n"
            Path(folder, "s.py").write_text(text)
            run = self.run_in(folder, FOLDER, "s.py")
            self.assertEqual(run.returncode, 0, run.stderr)
            about, found = read_trace(Path(folder, "s.safetensors").read_bytes())
            self.assertEqual(about["series"], ["data", "sigmoid", "tanh", "relu"])
            self.assertIn("tanh/000001/forward/logits", found)


class Memory(unittest.TestCase):
    def test_it_does_not_grow_with_the_run(self):
        """Nothing of a model that is gone is kept, but for what is said of it."""
        with tempfile.TemporaryDirectory() as folder:

            def run():
                counts = []
                record.passes.MOST_PENDING = 100
                with record.recording.recording("t.safetensors", "test", {}):
                    for i in range(40):
                        train_one(20)
                        if i in (20, 39):
                            gc.collect()
                            counts.append(
                                sum(
                                    isinstance(x, torch.Tensor)
                                    for x in gc.get_objects()
                                )
                            )
                    assert counts[1] == counts[0], counts
                    steps = record.recording._recorder.steps
                    assert len(steps.batch.events) < 3
                    assert len(steps.passes.pending) < 300, len(steps.passes.pending)
                    assert len(steps.models.owner) < 20, len(steps.models.owner)

            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())

    def test_it_does_not_grow_with_the_number_of_tensors(self):
        """Neither keys nor values stay in memory, nor come back for the header."""

        def peak(steps, digest):
            options = record.options.Options(digest=digest)
            tracemalloc.reset_peak()
            net = torch.nn.Linear(3, 2)
            optimizer = torch.optim.Adam(net.parameters())
            with record.recording.recording("t.safetensors", "test", {}, options):
                for _ in range(steps):  # draws nothing: metadata tell each draw
                    optimizer.zero_grad()
                    net(torch.ones(4, 3)).square().mean().backward()
                    optimizer.step()
            return tracemalloc.get_traced_memory()[1]

        def run():
            record.spool.BLOCK = 1 << 14
            tracemalloc.start()
            for digest in (False, True):
                peak(100, digest)
                few, many = peak(100, digest), peak(1000, digest)
                assert many - few < 500_000, (digest, few, many)

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())

    def test_a_model_that_is_not_updated_lives_until_the_next_pass(self):
        def run():
            made = []
            with record.recording.recording("t.safetensors", "test", {}):
                for _ in range(5):
                    net = torch.nn.Linear(3, 2)
                    net(torch.ones(3)).sum().backward()
                    made.append(weakref.ref(net))
                    del net
                    gc.collect()
                    alive = sum(ref() is not None for ref in made)
                    assert alive < 2, alive

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())

    def test_settings_are_those_of_the_step_and_stored_where_they_change(self):
        def run():
            weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
            groups = [{"params": weights[:1]}, {"params": weights[1:], "lr": 1}]
            optimizer = torch.optim.SGD(groups, lr=0.5)
            with record.recording.recording("t.safetensors", "test", {}):
                for step in range(1, 5):
                    optimizer.zero_grad()
                    sum(w.sum() for w in weights).backward()
                    optimizer.step()
                    if step == 2:
                        optimizer.param_groups[0]["lr"] = 0.25
            found = read_trace(Path("t.safetensors").read_bytes())[0]["groups"]
            assert [step for _, step, _ in found] == [1, 3], found
            assert [group["lr"] for group in found[0][2]] == [0.5, 1], found
            assert found[0][2][1]["nesterov"] is False, found
            assert found[1][2] == [{"lr": 0.25}, {}], found

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())

    def test_a_wrapper_lives_no_longer_than_without_the_recorder(self):
        """What is freed after its process group may wait for it for ever."""

        def run():
            net = torch.nn.Linear(3, 2)
            with record.recording.recording("t.safetensors", "test", {}):
                wrapper = torch.nn.DataParallel(net)
                train_one(2, wrapper)
                wrapper = weakref.ref(wrapper)
                gc.collect()
                assert wrapper() is None

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())

    def test_tensors_live_no_longer_than_without_the_recorder(self):
        """Though a model's last values are read when it is gone."""

        def run():
            gc.disable()
            kept = record.options.Options(inference=True)
            with record.recording.recording("t.safetensors", "test", {}, kept):
                net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 2))
                train_one(2, net)
                first, second = (weakref.ref(part.weight) for part in net)
                net[0] = torch.nn.Identity()
                assert first() is None, "a part that was replaced lives on"
                net[1].weight.data.zero_()
                del net
                assert second() is None, "a model that is gone lives on"
                ends = record.recording._recorder.steps.models.ends
                assert not ends.watched and len(ends.gone) == 1

        with tempfile.TemporaryDirectory() as folder:
            status, _, err = in_child(run, folder)
            self.assertEqual(status, 0, err.decode())
            trace = read_trace(Path(folder, "t.safetensors").read_bytes())[1]
            self.assertIn("Sequential-1/000002/end/1.weight", trace)
            self.assertEqual([k for k in trace if "/end/" in k and "bias" in k], [])


def train_one(steps, net=None):
    net = net or torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    criterion = torch.nn.MSELoss()
    for _ in range(steps):
        optimizer.zero_grad()
        criterion(net(torch.randn(4, 3)), torch.randn(4, 2)).backward()
        optimizer.step()
        criterion(net(torch.randn(4, 3)), torch.randn(4, 2))  # with gradients


class Kept(unittest.TestCase):
    """What is kept of a step for the next, so that it is not worked out again."""

    def test_nothing_that_is_kept_changes_the_record(self):
        kept, right = recorded_of(lambda: None), recorded_of(keeps_nothing)
        self.assertEqual(in_order(read_trace(kept)), in_order(read_trace(right)))
        self.assertEqual(kept, right)

    def test_what_is_not_forgotten_in_time_is_found(self):
        right = recorded_of(keeps_nothing)
        for sabotage in (texts_stay, series_stay, events_are_over):
            with self.subTest(sabotage.__name__):
                self.assertNotEqual(recorded_of(sabotage), right)


def recorded_of(sabotage):
    """The record of a training in which everything changes that something is kept of."""

    def run():
        sabotage()
        options = record.options.Options(inference=True)
        with record.recording.recording("t.safetensors", "test", {}, options):
            part = changes()
            gc.collect()
            with torch.no_grad():
                part(torch.ones(5, 3))  # as before, but its model is gone

    with tempfile.TemporaryDirectory() as folder:
        status, _, err = in_child(run, folder)
        assert status == 0, err.decode()
        return Path(folder, "t.safetensors").read_bytes()


def changes():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    x, criterion = torch.randn(5, 3), torch.nn.MSELoss()

    def passes(dtype=torch.float32):
        return criterion(net(x.to(dtype)), torch.zeros(5, 2, dtype=dtype)).backward()

    def step(*args):
        optimizer.zero_grad()
        passes(*args)
        optimizer.step()

    def evaluate(model):
        with torch.no_grad():
            model(x)

    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    evaluate(net)  # before it is anybody's: its first update makes it a series'
    for _ in range(3):
        step()
        evaluate(net)
    net[0].weight.data = net[0].weight.data.clone()  # lies elsewhere
    step()
    net[1].bias.requires_grad_(False)  # there are fewer gradients
    net[1].bias.grad = None
    step()
    net[1].bias.requires_grad_(True)
    optimizer.param_groups[0]["lr"] = 0.2
    step()
    passes()  # and adds to the gradients of the step
    passes()
    optimizer.step()
    optimizer.param_groups[0]["params"].pop()
    step()
    net[1] = torch.nn.Linear(4, 2)  # a part is replaced
    optimizer.add_param_group({"params": net[1].parameters(), "lr": 0.3})
    step()
    step()
    net.double()  # the same tensors, of another dtype and then of another shape
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    step(torch.float64)
    net.float()
    step()
    net[0].weight.data = torch.ones(6, 3)
    net[0].bias.data = torch.ones(6)
    net[1].weight.data = torch.ones(2, 6)
    net.zero_grad()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    step()
    evaluate(net[0])
    for name, old in list(net[0]._parameters.items()):
        net[0]._parameters[name] = torch.nn.Parameter(old.detach())
    del optimizer, old
    gc.collect()
    evaluate(net[0])  # what it had of the model ended, and nobody was told
    net[0], net[1] = torch.nn.Linear(3, 7), torch.nn.Linear(7, 2)
    evaluate(net)  # nothing in it is trained any more
    other = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    others = torch.optim.SGD(other.parameters(), lr=0.1)
    for taker in (optimizer, others) * 2:  # the other waits for more gradients
        criterion(net(x), other(x)).backward()
        taker.step()
    net = torch.nn.Sequential(torch.nn.Linear(3, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    step()
    del other, others, taker  # whose end would be one of parameters
    net[0].more = torch.nn.Parameter(torch.ones(1))  # is nobody's
    evaluate(net[0])
    return net[0]


def keeps_nothing():
    settings, sheet = record.settings.Groups, record.file.Sheet
    sheet.fits = lambda *_: False
    record.models.Models.series_of = record.models.Models.look_for
    record.batch.Event.is_spent = property(lambda _: False, lambda *_: None)
    wrap(settings, "of", lambda real: lambda _, optimizer: real(settings(), optimizer))


def texts_stay():
    record.file.Sheet.fits = lambda sheet, named: len(named) == len(sheet.names)


def series_stay():
    record.models.ByIdentity.clear = lambda _: None


def events_are_over():
    record.batch.Event.is_spent = property(lambda _: True, lambda *_: None)


class Patience(unittest.TestCase):
    def test_a_script_that_hangs_is_ended_and_says_where(self):
        global PATIENCE
        kept, PATIENCE = PATIENCE, 0.1

        def hang_on():
            os.fork()
            time.sleep(1000)

        try:
            with (
                tempfile.TemporaryDirectory() as folder,
                self.assertRaisesRegex(AssertionError, "(?s)hang_on.*hang_on"),
            ):
                in_child(hang_on, folder)
        finally:
            PATIENCE = kept


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(write_outlines())
    if names := [name for name in sys.argv[1:] if not name.startswith("-")]:
        sys.argv[1:] = [
            name if Path(name).suffix != ".py" else f"Scripts.test_{Path(name).stem}"
            for name in names
        ]
    unittest.main()
