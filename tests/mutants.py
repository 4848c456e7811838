"""Puts one small mistake after another into the recorder: the tests have to find each.

`make recorder-mutants`, or `python tests/mutants.py batch.py` for one file. For each
mistake a copy of the recorder is made, and in a process that is forked after PyTorch is
imported tests/test_record.py tries it: of its tests those that reach the statement, until
one fails. What passes them all is printed, and the exit status is 1. Mistakes that make no
difference that a test could see stand in tests/mutants.txt below their reason, and are
not tried; a line there that is no mistake any more is an error, too.
"""

import ast
import contextlib
import copy
import gc
import math
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tests import reach

EXCUSED = Path(__file__).with_suffix(".txt")
LOG = reach.KNOWN.with_suffix(".log")
AT_ONCE = 2
PATIENCE = 600  # seconds, for a mistake
MOST = 10  # a larger number is a limit, of which one more or less is as good

FLIPPED = {ast.Eq: ast.NotEq, ast.Lt: ast.GtE, ast.Gt: ast.LtE, ast.Is: ast.IsNot}
FLIPPED |= {ast.In: ast.NotIn, ast.And: ast.Or, ast.Add: ast.Sub}
FLIPPED |= {new: old for old, new in FLIPPED.items()}


def wrong(node):
    """A field of this node and what is put there by mistake; None where nothing is."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in FLIPPED:
            return "ops", [FLIPPED[type(op)]()]
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in FLIPPED:
            return "op", FLIPPED[type(op)]()
        case ast.UnaryOp(op=ast.Not()):
            return "operand", ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant(value=bool(value)):
            return "value", not value
        case ast.Constant(value=int(value)) if value <= MOST:
            return "value", value + 1
        case ast.Expr(value=ast.Call()):
            return "value", ast.Constant(None)
        case (
            ast.Return(value=ast.expr() as value)
            | ast.Assign(targets=[ast.Attribute(), *_], value=value)
        ) if ast.unparse(value) not in ("None", "False", "True"):
            return "value", ast.Constant(None)
    return None


def nodes(tree, scope="", statement=None, called=False):
    """Each with the function and the statement that it is in; and whether a call runs
    that, not the import of the file."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.keyword) and node.arg in ("strict", "flush"):
            continue  # lists are as long as each other, lines are flushed in the end
        at = node if isinstance(node, ast.stmt) else statement
        is_body = isinstance(tree, ast.FunctionDef) and at is node
        yield node, at, scope, called or is_body
        inside = scope
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inside = f"{scope}.{node.name}".removeprefix(".")
        yield from nodes(node, inside, at, called or is_body)


def header(statement):
    """Its first line, without decorators and the lines within."""
    lines = ast.unparse(statement).splitlines()
    return next(line for line in lines if not line.startswith("@"))


def told(before, after):
    """What changed in a line: `if n [> => <=] 1:`."""
    old, new = (re.findall(r"\w+|\W", text) for text in (before, after))
    start = len(os.path.commonprefix([old, new]))
    behind = os.path.commonprefix([old[start:][::-1], new[start:][::-1]])
    lost, put = ("".join(x[start : len(x) - len(behind)]) for x in (old, new))
    kept = "".join(reversed(behind))
    return f"{''.join(old[:start])}[{lost} => {put}]{kept}"


def mistakes(path):
    """Those in a file: what each is, its file and line, and the source with it."""
    tree = ast.parse(path.read_text())
    for node, statement, scope, called in list(nodes(tree)):
        if (found := wrong(node)) is None:
            continue
        before, kept = header(statement), copy.copy(node.__dict__)
        setattr(node, *found)
        ast.fix_missing_locations(tree)
        name = f"{path.name} {scope}: {told(before, header(statement))}"
        place = path.name, statement.lineno if called else None
        yield name, place, ast.unparse(tree)
        node.__dict__.clear()
        node.__dict__.update(kept)


def excused():
    """What tests/mutants.txt has, without the reasons."""
    lines = EXCUSED.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def in_fork(work):
    """Starts `work` in a process of its own, which leads those that it starts."""
    pid = os.fork()
    if pid:
        return pid
    os.setpgid(0, 0)
    try:
        os._exit(work() or 0)
    except BaseException as error:  # noqa: BLE001
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(3)


def note(found, name):
    with open(LOG, "a") as log:
        print(found, name, sep="\t", file=log)


class Trial:
    """Which tests try what."""

    def __init__(self):
        self.plain = reach.Plain()
        self.reached, self.took = reach.look(self.plain, in_fork)
        self.order = reach.in_turn(self.reached, self.took)

    def attempt(self, name, place, source):
        """Tries one mistake, and writes what found it; returns 1 where nothing did."""
        for limit, most in (("CPU", 60), ("DATA", 6 << 30), ("FSIZE", 1 << 30)):
            resource.setrlimit(getattr(resource, f"RLIMIT_{limit}"), (most, most))
        reach.tests.PATIENCE = 30  # less than the test may take: it ends its scripts
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # a wrong recorder may write there
        os.dup2(1, 2)
        reaching = self.order if place[1] is None else self.reached.get(place, ())
        with tempfile.TemporaryDirectory() as folder:
            recorder = Path(folder, "recorder")
            shutil.copytree(reach.RECORDER, recorder)
            (recorder / reach.ROOM / place[0]).write_text(source)
            os.environ["TMPDIR"] = tempfile.tempdir = folder
            why, tests = None, reach.all_tests()
            if place[0] not in (
                "file.py",
                "script.py",
                "tensors.py",
            ):  # of the tests, too
                self.plain.use()
            try:
                reach.use(recorder)
            except Exception as error:  # noqa: BLE001
                why = f"import: {error!r}"
            for test in sorted(reaching, key=self.order.index) if why is None else ():
                limit = 40 + round(5 * self.took[test])
                if (said := self.plain.why_not(tests[test], limit)) is not None:
                    why = f"{test}: {said[:100]}"
                    break
        note(why or "SURVIVED", name)
        return why is None


def try_all(trial, todo):
    """Some at once; yields the names of those that no test found."""
    running = {}
    while todo or running:
        while todo and len(running) < AT_ONCE:
            mistake = todo.pop(0)
            pid = in_fork(lambda mistake=mistake: trial.attempt(*mistake))
            running[pid] = mistake[0], time.monotonic()
        time.sleep(0.01)
        for pid, (name, begun) in list(running.items()):
            if time.monotonic() - begun > PATIENCE:
                os.killpg(pid, signal.SIGKILL)
                running[pid] = name, math.inf
                note(f"not over after {PATIENCE} s", name)
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                del running[pid]
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)  # what it left
                if status == 1 << 8:
                    print(name, flush=True)
                    yield name


def main(names):
    paths = sorted((reach.RECORDER / reach.ROOM).glob("*.py"))
    found = [x for path in paths for x in mistakes(path)]
    known = excused()
    for name in sorted(known - {name for name, *_ in found}):
        print("no mistake any more, of tests/mutants.txt:", name)
    names = names or [path.name for path in paths]
    todo = [x for x in found if x[1][0] in names and x[0] not in known]
    LOG.unlink(missing_ok=True)
    trial = Trial()
    gc.freeze()  # what is there stays, and no fork copies it
    print(f"{len(todo):,} mistakes to try", flush=True)
    survived = list(try_all(trial, todo))
    print(f"{len(survived):,} of them were found by no test; all: {LOG}")
    sys.exit(bool(survived) or not known <= {name for name, *_ in found})


if __name__ == "__main__":
    main(sys.argv[1:])
