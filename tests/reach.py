"""Which test of tests/test_record.py reaches which line of the recorder: tests/mutants.py
asks. Each statement of a copy marks its line in a file that all processes share."""

import ast
import hashlib
import mmap
import os
import pickle
import resource
import shutil
import signal
import tempfile
import unittest
from pathlib import Path

from tests import test_record as tests

RECORDER = tests.FOLDER
ROOM = "parity_recorder"
KNOWN = tests.ROOT / "target/mutants.pickle"
LEFT_OUT = "Sabotage", "Patience"  # the tests' own tests


def all_tests():
    """By name."""
    found, waiting = {}, [unittest.defaultTestLoader.loadTestsFromModule(tests)]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, unittest.TestCase):
            waiting += each
        elif type(each).__name__ not in LEFT_OUT:
            found[each.id().removeprefix("tests.")] = each
    return found


def use(folder):
    """The tests are to try this recorder."""
    tests.FOLDER, tests.PACKED = folder, folder.parent / "record.pyz"
    tests.zipapp.create_archive(folder, tests.PACKED)
    tests.record = tests.rooms(folder)


class Plain:
    """Runs of the scripts without the recorder, which are the same each time."""

    def __init__(self):
        self.runs = {}
        for script in sorted(path.name for path in tests.SCRIPTS.glob("*.py")):
            if script not in ("beside.py", "spawned.py", *tests.NOT_OLD):
                self.run(script, None)
                if not tests.UNSEEN.match(script):
                    self.run(script, tests.witness.Witness)

    def run(self, script, seen_by):
        run = tests.run_script(script, tests.arguments(script), False, seen_by=seen_by)
        if seen_by:
            run = run._replace(witness=(run.witness[0], 0, None))  # alters no gradient
        self.runs[script, seen_by] = run

    def use(self):
        """The tests take these; and the packed recorder is taken for the other."""
        real, recorded_last = tests.run_script, {}

        def run_script(script, args=(), recorded=True, packed=False, **more):
            seen_by = more.get("seen_by")
            if not recorded and (script, seen_by) in self.runs:
                return self.runs[script, seen_by]
            if not packed or script not in recorded_last:
                recorded_last[script] = real(script, args, recorded, **more)
            return recorded_last[script]

        tests.run_script = run_script

    def why_not(self, test, limit):
        """Why it fails, in a process of its own that may take so many seconds; None
        where it passes."""
        tell, told = os.pipe()[::-1]
        if os.fork() == 0:
            signal.alarm(limit)
            try:
                result = unittest.TestResult()
                test.run(result)
                bad = [text for _, text in result.failures + result.errors]
                os.write(tell, "".join(bad[:1]).strip()[-500:].encode())
            except BaseException as error:  # noqa: BLE001
                os.write(tell, repr(error).encode())  # such as a KeyboardInterrupt
            finally:
                os._exit(0)
        os.close(tell)
        with open(told, "rb") as end:
            said = end.read().decode(errors="replace")
        if status := os.wait()[1]:
            return f"ended by signal {status}"
        return said.splitlines()[-1] if said else None


class Marking(ast.NodeTransformer):
    """Puts before each statement one that marks its line."""

    def __init__(self, start):
        self.start = start

    def generic_visit(self, node):
        super().generic_visit(node)
        for field, body in ast.iter_fields(node):
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                setattr(node, field, list(self.marked(body)))
        return node

    def marked(self, body):
        for one in body:
            if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
                yield from ast.parse(f"marks_[{self.start + one.lineno}] = 1").body
            yield one


def with_marks(text, start, place):
    """A file's source, marking its lines from there on."""
    tree = Marking(start).visit(ast.parse(text))
    opened = f"import mmap as mmap_\nfile_ = open({str(place)!r}, 'r+b')\n"
    tree.body[1:1] = ast.parse(f"{opened}marks_ = mmap_.mmap(file_.fileno(), 0)").body
    return ast.unparse(ast.fix_missing_locations(tree))


def seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def look(plain, in_fork):
    """Returns (file, line) -> tests that reach it, and test -> seconds; from the last
    time, where nothing changed since."""
    files = sorted((RECORDER / ROOM).glob("*.py"))
    texts = [*files, *sorted((tests.ROOT / "tests").rglob("*.py"))]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in texts)).digest()
    if KNOWN.exists():
        kept, *found = pickle.loads(KNOWN.read_bytes())
        if kept == state:
            return found
    reached, took, starts, size = {}, {}, {}, 0
    with tempfile.TemporaryDirectory() as place:
        folder, marks = Path(place, "recorder"), Path(place, "marks")
        shutil.copytree(RECORDER, folder)
        for path in files:
            starts[path.name], text = size, path.read_text()
            size += text.count("\n") + 2
            (folder / ROOM / path.name).write_text(
                with_marks(text, starts[path.name], marks)
            )
        marks.write_bytes(bytes(size))
        with open(marks, "r+b") as file, mmap.mmap(file.fileno(), 0) as seen:

            def one(test):
                plain.use()
                use(folder)
                seen[:] = bytes(size)
                plain.why_not(test, 600)

            for name, test in all_tests().items():
                before = seconds()
                os.waitpid(in_fork(lambda test=test: one(test)), 0)
                took[name] = seconds() - before
                for file_name, start in starts.items():
                    end = min((x for x in starts.values() if x > start), default=size)
                    for line in (i - start for i in range(start, end) if seen[i]):
                        reached.setdefault((file_name, line), []).append(name)
    KNOWN.parent.mkdir(exist_ok=True)
    KNOWN.write_bytes(pickle.dumps((state, reached, took)))
    return reached, took


def in_turn(reached, took):
    """The tests, so that a few of them reach most: next always the one that reaches the
    most new lines for its time."""
    lines = {name: set() for name in took}
    for line, names in reached.items():
        for name in names:
            lines[name].add(line)
    order = []
    while lines:
        best = max(lines, key=lambda name: len(lines[name]) / (took[name] + 0.01))
        new = lines.pop(best)
        if not new:
            return [*order, *sorted([best, *lines], key=took.get)]
        order.append(best)
        lines = {name: of - new for name, of in lines.items()}
    return order
