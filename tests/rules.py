"""What the recorder's rooms do, each alone, where no script would show it."""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import math
import os
import re
import sys
import tempfile
import unittest
import warnings
from collections import OrderedDict, deque, namedtuple
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import torch

from tests import outline
from tests.decisions import Decisions, room
from tests.starts import Starts
from tests.watching import Watching

# Of Options.
PHASES = "data", "init", "forward", "loss", "grad", "state", "param", "eval", "measure"
PHASES += ("end",)
DEFAULTS = (0, sys.maxsize, 1, PHASES, *[False] * 4, math.inf, False, None, False)


def cpu():
    """Its name, as Linux tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (
        line.split(": ", 1)[1].strip() for line in lines if line[:10] == "model name"
    )
    return next(names, os.uname().machine)


class Rules(Decisions, Starts, Watching, unittest.TestCase):
    """They are those of the recorder that was imported last."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.options = room("options").Options(say_size=True, explain=True)
        self.record = room("record").Record(f"{self.folder}/t", self.options)
        self.addCleanup(self.record.file.close)

    def test_data_are_written_where_they_are_new(self):
        new, same, before = "", room("record").SAME, room("record").BEFORE
        written = []
        self.record.write = lambda *args: written.append(args)
        for series, step, n, content, said, keys in (
            ("A", 1, 1, "a", new, ["x a"]),
            ("A", 1, 2, "a", before, []),
            ("A", 1, 3, "a", before, []),
            ("A", 1, 4, "b", new, ["x#4 b"]),
            ("A", 2, 1, "a", same, []),
            ("A", 2, 2, "b", new, ["x#2 b"]),
            ("A", 3, 1, "a", same, []),
            ("A", 3, 2, "b", same, []),
            ("A", 4, 1, "b", new, ["x b"]),  # they changed places
            ("A", 4, 2, "a", new, ["x#2 a"]),
            ("B", 1, 1, "a", same, []),  # another has it
            ("B", 1, 2, "a", before, []),
            ("B", 1, 3, "d", new, ["x a", "x#3 d"]),  # no x#3 without an x
            ("B", 2, 1, "a", same, []),
            ("B", 2, 2, "e", new, ["x a", "x#2 e"]),
            ("C", 1, 1, "e", same, []),
            ("C", 2, 1, "f", new, ["x f"]),
            ("C", 2, 2, "g", new, ["x#2 g"]),
            ("A", 5, 1, "b", same, []),
            ("A", 5, 2, "f", same, []),
            ("D", 1, 1, "g", same, []),
            ("D", 1, 2, "g", before, []),
            ("D", 2, 2, "h", new, ["x g", "x#2 h"]),
        ):
            written.clear()
            piece = room("sheet").Piece("U8", (1,), content.encode())
            with self.subTest(series=series, step=step, n=n):
                found = self.record.write_data(series, step, "x", n, piece)
                self.assertEqual(found, said)
                for at in written:
                    self.assertEqual(at[:3], (series, step, "data"))
                self.assertEqual(
                    [f"{x[3]} {x[4].data.decode()}" for x in written], keys
                )
        unread = room("sheet").Piece(None, (), b"")
        self.assertEqual(self.record.write_data("A", 1, "x", 1, unread), "")
        why = self.record.write_data("A", 1, "x", 1, None)
        self.assertEqual(why, "\nnot written, for it has no values")

    def test_steps_are_in_the_order_of_events(self):
        events = self.record.events
        events.start("A", 0)
        events.start("C", 2)  # before its first step there are others
        events.start("B", 1)
        for series, step, updates, same in (
            ("A", 1, 0, False),
            ("A", 2, 1, False),
            ("A", 3, 2, False),
            ("A", 4, 3, False),
            ("B", 1, 4, False),
            ("C", 1, 5, True),
            ("B", 2, 6, False),
            ("B", 4, 7, False),
            ("B", 5, 8, True),
        ):
            events.step(series, step, updates, same)
        events.start("D", 20)
        expected = "A 0 1, A 1 1, B 0 1, A 2 1, C 0 1, A 3 2, B 1 1, C 1 1 1, B 2 1"
        expected += ", B 4 1, B 5 1 1, D 0 1"
        self.assertEqual(outline.runs(events.in_order()), expected)

    def test_what_changed_is_noted(self):
        for step, state in ((1, b"a"), (2, b"a"), (3, b"b")):
            self.record.note_generator("A", step, state)
        places = [(series, step) for series, step, _ in self.record.generator]
        self.assertEqual(places, [("A", 1), ("A", 3)])
        self.assertEqual({len(of[2]) for of in self.record.generator}, {16})
        of, more = [{"lr": 1, "eps": None}], [{"lr": 1, "eps": None}, {"lr": 2}]
        changed = [{"lr": 3, "eps": None}, {"lr": 2}]
        for step, groups in enumerate((of, of, [], list(of), more, more, changed)):
            self.record.note_groups("A", step, groups)
        expected = [["A", 0, of], ["A", 4, more], ["A", 6, [{"lr": 3}, {}]]]
        self.assertEqual(self.record.groups, expected)

    def test_what_is_said_is_said_once(self):
        said = []
        self.record.say = said.append
        for _ in range(2):
            self.record.explain("A", 1, "data x", False, "why\nmore")
            self.record.explain("A", None, "data x", True, "why")
            self.record.say_size("A", room("record").LARGE_STEP - 1)
        for _ in range(2):
            self.record.say_size("A", room("record").LARGE_STEP)
        self.assertEqual(
            said,
            [
                "explain: A, step 1: not taken: data x\n         why\n         more",
                "explain: A: taken: data x\n         why",
                "recording: a step of A takes 20 MB; --digest or --max-size limits that",
            ],
        )

    def test_the_steps_asked_for(self):
        self.options.first, self.options.end, self.options.every = 2, 7, 2
        wanted = [step for step in range(10) if self.record.wants(step)]
        self.assertEqual(wanted, [2, 4, 6])

    def test_ranges_of_steps(self):
        options, most = room("options"), sys.maxsize
        for text, found in (
            ("3..10", (3, 10)),
            ("3..", (3, most)),
            ("..10", (0, 10)),
            ("..", (0, most)),
            ("0..1", (0, 1)),
        ):
            self.assertEqual(options.step_range(text), found)
        for text in ("3", "", "5..5", "5..2", "-1..2", "x..", "..x", "..0", "1.5.."):
            with self.assertRaisesRegex(
                argparse.ArgumentTypeError, "no range of steps"
            ):
                options.step_range(text)

    def test_what_is_recorded_where_nothing_is_said(self):
        options = room("options")
        self.assertEqual(dataclasses.astuple(options.Options()), DEFAULTS)
        with mock.patch.dict(os.environ, {"TORCH_PARITY_STEPS": ""}):
            self.assertEqual(options.asked_for(), options.Options())
            found = options.asked_for(True, True)
            self.assertEqual(found, options.Options(digest=True, partial=True))
        with mock.patch.dict(os.environ, {"TORCH_PARITY_STEPS": "2..5"}):
            self.assertEqual(options.asked_for(), options.Options(2, 5))

    def test_what_a_run_holds_for(self):
        found = room("recording").environment()
        self.assertEqual((found["by"], found["torch"]), ("PyTorch", torch.__version__))
        self.assertEqual(found["threads"], str(torch.get_num_threads()))
        kind = torch.backends.cpu.get_cpu_capability()
        self.assertEqual((found["cpu_capability"], found["cpu"]), (kind, cpu()))
        with mock.patch("builtins.open", side_effect=FileNotFoundError):
            self.assertEqual(room("recording").cpu(), os.uname().machine)

    def test_a_file_is_whole_or_not_there(self):
        path = f"{self.folder}/r"
        for error in (ValueError, KeyboardInterrupt):
            with self.assertRaises(error), room("saving").whole_file(path) as file:
                file.write(b"half")
                raise error
            self.assertEqual(os.listdir(self.folder), [])
        with room("saving").whole_file(path) as file:
            file.write(b"whole")
        self.assertEqual(Path(path).read_bytes(), b"whole")

    def test_sizes_in_words(self):
        words = room("options").in_words
        sizes = 1e9, 2.5e8, 1e6, 999e3, 1e3, 999
        expected = "1 GB, 250 MB, 1 MB, 999 KB, 1 KB, 999 bytes"
        self.assertEqual(", ".join(map(words, sizes)), expected)
        names = "5", "5B", "1.5kb", "2 MB", "1KiB", "1 MiB", "1gib", "1TiB"
        expected = [5, 5, 1500, 2e6, 1024, 1 << 20, 1 << 30, 1 << 40]
        self.assertEqual([room("options").size(name) for name in names], expected)

    # ---------------------------------------------------------------- names

    def test_tensors_in_a_value_by_name(self):
        @dataclasses.dataclass
        class Output:
            loss: torch.Tensor
            more: object = None

        class Slots:
            __slots__ = "mean", "unset"

        class Part(namedtuple("Part", "first second")):
            """Such as a PackedSequence."""

        class Pair(tuple):
            __match_args__ = ("one",)  # not of its places

        largest = torch.max(torch.ones(1, 2), 1)
        t = [*(torch.ones(1) for _ in range(16)), *largest]
        slots, less, deep = Slots(), SimpleNamespace(a=t[4]), SimpleNamespace(a=t[13])
        slots.mean = t[3]
        for _ in range(2):
            less, deep = SimpleNamespace(a=less), SimpleNamespace(a=deep)
        deep, fields = SimpleNamespace(a=deep), Output(t[14])
        for _ in range(4):
            fields = Output(None, fields)
        looped = [t[5]]
        looped.append(looped)
        shared = SimpleNamespace(logits=t[6], probs=t[6])
        nested = t[7]
        for _ in range(room("names").MOST_NESTED):
            nested = [nested]
        value = OrderedDict(
            a=t[0],
            b=[1, "x", None, t[1], (t[2],)],
            slots=slots,
            deep=deep,
            less=less,
            fields=fields,
            looped=looped,
            shared=shared,
            again=shared,
            nested=nested,
            less_nested=nested[0][0],
            output=Output(t[8], deque([t[9]])),
            named=Part(t[1], Pair((t[2], 1))),
            largest=largest,
            kind=Output,
            module=torch,
            function=lambda: t,
            optimizer=torch.optim.SGD([torch.nn.Parameter(t[10])], lr=0.1),
        )
        value[1, None], value[object()] = t[11], t[12]
        found = [
            (n, next(i for i, x in enumerate(t) if x is part))
            for n, part in room("names").tensors(value, "v")
        ]
        depth = room("names").MOST_NESTED - 2
        expected = [("v.a", 0), ("v.b.3", 1), ("v.b.4.0", 2), ("v.slots.mean", 3)]
        expected += [("v.less.a.a.a", 4), ("v.fields.more.more.more.more.loss", 14)]
        expected += [("v.looped.0", 5), ("v.shared.logits", 6)]
        expected += [("v.less_nested" + ".0" * depth, 7), ("v.output.loss", 8)]
        expected += [("v.output.more.0", 9), ("v.named.first", 1)]
        expected += [("v.named.second.0", 2), ("v.largest.values", 16)]
        expected += [("v.largest.indices", 17), ("v.(1, None)", 11), ("v.19", 12)]
        self.assertEqual(found, expected)

    def test_arguments_by_name(self):
        class Net(torch.nn.Module):
            def forward(self, x, /, y, *more, z=None):
                pass

        class Any(torch.nn.Module):
            def forward(self, *args):
                pass

        def names(function, *args, **kwargs):
            arguments = room("names").arguments(function, args, kwargs)
            return " ".join(name for name, _ in arguments)

        t = torch.ones(1)
        self.assertEqual(names(Net(), t, t, t, 1, t, z=[t]), "x y more.0 more.2 z.0")
        self.assertEqual(names(Any(), t, t), "args.0 args.1")
        self.assertEqual(names(lambda a, *, b: a, t, b=t), "a b")
        self.assertEqual(names(dict.get, t, 2, t), "self default")
        self.assertEqual(names(dict, t, t), "input.0 input.1")

    def test_states_by_name(self):
        one = torch.ones(1)
        state = {"step": torch.tensor(1.0), "n": 3, "old": [one, one], 0: one}
        names = [name for name, _ in room("names").state_of(state)]
        self.assertEqual(names, ["old.0", "old.1", "0"])
        names = [
            name for name, _ in room("names").state_of({"step": one, "steps": one})
        ]
        self.assertEqual(names, ["step", "steps"])
        self.assertEqual(list(room("names").state_of({"step": 3})), [])
        self.assertEqual(list(room("names").state_of(None)), [])

    def test_parameters_of_a_module_that_holds_itself(self):
        net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Linear(1, 1))
        expected = [id(p) for p in net.parameters()]
        net[1].whole, net.none = net, None
        self.assertEqual([id(p) for p in room("names").parameters(net)], expected)

    # ---------------------------------------------------------------- tensors

    def test_tensors_are_read_as_they_are(self):
        read, piece = room("tensors").read, room("sheet").Piece
        whole = torch.arange(6, dtype=torch.float32).reshape(2, 3)
        values = whole.numpy().tobytes()
        self.assertEqual(read(whole), piece("F32", (2, 3), values))
        self.assertEqual(read(whole[1]), piece("F32", (3,), values[12:]))
        across = whole.T.contiguous().numpy().tobytes()
        self.assertEqual(read(whole.T), piece("F32", (3, 2), across))
        self.assertEqual(read(whole.to_sparse()), piece("F32", (2, 3), values))
        self.assertEqual(read(whole[:0]), piece("F32", (0, 3), b""))
        pair = torch.tensor([1 + 2j], dtype=torch.complex128)
        for tensor, numbers in ((pair, [1, 2]), (pair.conj(), [1, -2])):
            data = torch.tensor(numbers, dtype=torch.float64).numpy().tobytes()
            self.assertEqual(read(tensor), piece("F64", (1, 2), data))
        data = torch.tensor([-2.0], dtype=torch.float64).numpy().tobytes()
        self.assertEqual(read(pair.conj().imag), piece("F64", (1,), data))

    def test_reading_runs_no_operation(self):
        seen = []

        class Mode(torch.utils._python_dispatch.TorchDispatchMode):
            def __torch_dispatch__(self, function, kinds, args=(), kwargs=None):
                seen.append(function)
                return function(*args, **(kwargs or {}))

        real, pair = torch.ones(2), torch.ones(2, dtype=torch.complex64)
        across = torch.ones(2, 2)[:, 1]
        with Mode():
            for tensor in (real, pair, torch.nn.Parameter(real)):
                seen.clear()
                self.assertIsNotNone(room("tensors").read(tensor))
                self.assertEqual(seen, [])
            room("tensors").read(across)
        self.assertNotEqual(seen, [])
        self.assertEqual(room("tensors").whole(real), real.numpy().tobytes())

    def test_tensors_in_wrappers_of_one(self):
        class Wrapper(torch.Tensor):
            @staticmethod
            def __new__(cls, *parts):
                return torch.Tensor._make_wrapper_subclass(cls, (9,))

            def __init__(self, *parts):
                self.held = [f"part{i}" for i in range(len(parts))]
                for name, part in zip(self.held, parts, strict=True):
                    setattr(self, name, part)

            def __tensor_flatten__(self):
                return self.held, "other"

            @classmethod
            def __torch_dispatch__(cls, *_):
                raise AssertionError

        class Named(torch.Tensor):
            pass

        one, read = torch.rand(2), room("tensors").read
        for tensor in (
            Wrapper(one),
            Wrapper("x", Wrapper(one)),
            one.as_subclass(Named),
        ):
            self.assertEqual(read(tensor), read(one))
        self.assertIsNone(read(Wrapper(one, one)))
        apart, inner = room("tensors").apart, Wrapper(one[:1])
        found = apart("s", Wrapper(one, "x", inner))
        self.assertEqual([name for name, _ in found], ["s.part0", "s.part2"])
        self.assertIs(found[0][1], one)
        self.assertIs(found[1][1], inner)
        for whole in (one, Wrapper(one), one.as_subclass(Named)):
            ((name, found),) = apart("s", whole)
            self.assertEqual(name, "s")
            self.assertIs(found, whole)

    def test_what_has_no_values_is_none(self):
        read, short = room("tensors").read, torch.ones(4)
        short.untyped_storage().resize_(15)
        part = torch.ones(8)[4:]
        part.untyped_storage().resize_(31)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nested = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
            quantised = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
        for tensor in (short, part, nested, quantised, torch.ones(2, device="meta")):
            self.assertIsNone(read(tensor))
        for tensor in (nested, quantised):
            self.assertIsNone(room("tensors").scalar(tensor))
        self.assertEqual(room("tensors").scalar(torch.ones(2)), room("tensors").UNREAD)
        for one in (torch.ones(1, 1), torch.ones(0)):
            self.assertEqual(room("tensors").scalar(one), read(one))

    def test_digests_are_sha256_of_dtype_shape_and_bytes(self):
        for n in (4, 5, room("tensors").LARGE // 4 - 1, room("tensors").LARGE // 4):
            tensor = torch.rand(n)
            data = tensor.numpy().tobytes()
            digest = hashlib.sha256(f"F32[{n}]".encode() + data).digest()[:16]
            found = room("tensors").read(tensor, True)
            self.assertEqual(found, ("F32", (n,), data if n == 4 else digest))
        with torch.inference_mode():
            self.assertIsNone(room("tensors").version(torch.ones(1)))
        self.assertEqual(room("tensors").version(torch.ones(1).add_(1)), 1)

    # ---------------------------------------------------------------- passes

    def passes(self, count, **limits):
        """So many calls of one module, with these limits."""
        module = room("passes")
        for name, limit in limits.items():
            self.addCleanup(setattr, module, name, getattr(module, name))
            setattr(module, name, limit)
        found, net, results = module.Passes(self.options), torch.nn.Linear(2, 3), []
        for i in range(count):
            x = torch.full((4, 2), float(i))
            made = found.begin(net, (x,), {})
            found.inside(made, net, [x, torch.ones(1, device="meta")])
            results.append(net(x))
            found.end(made, results[-1], False)
            found.updates += 1
        return found, net, results

    def first_inputs(self, found):
        """The first number that went into each pending pass."""
        reads = (made.inputs[0][1].data[:4] for made in found.pending)
        return [int(torch.frombuffer(bytearray(x), dtype=torch.float32)) for x in reads]

    def test_passes_are_let_go_of_where_they_are_too_many(self):
        found, _, results = self.passes(70)
        self.assertEqual(self.first_inputs(found), list(range(70)))
        self.assertEqual(found.bytes, 70 * 4 * (8 + 8 + 12))
        self.assertEqual({len(made.inner) for made in found.pending}, {1})
        first = next(iter(found.pending))
        self.assertEqual((first.class_name, first.after), ("Linear", 0))
        self.assertEqual((first.size, type(first).size), (112, 0))
        ((behind,), _) = found.behind([results[3].grad_fn], True)
        self.assertTrue(behind.reached and behind in found.pending)
        ((behind,), judged) = found.behind([results[3].grad_fn], False)
        self.assertIs(judged, None)
        self.assertEqual(found.behind([results[3].grad_fn], False), ([], None))
        self.assertNotIn(behind, found.pending)
        self.assertFalse(next(iter(found.pending)).reached)
        self.assertEqual((len(found.by_node), found.bytes), (69, 69 * 112))
        found, _, _ = self.passes(70, MOST_BYTES=0)
        self.assertEqual(self.first_inputs(found), list(range(6, 70)))
        self.assertEqual(found.bytes, 64 * 112)
        found, _, _ = self.passes(70, MOST_BYTES=69 * 112)
        self.assertEqual(self.first_inputs(found), list(range(1, 70)))

    def test_passes_are_let_go_of_after_updates(self):
        other = SimpleNamespace(path=lambda _: None)
        found, _, _ = self.passes(5, MOST_UPDATES=2, MOST_PENDING=3)
        found.forget_old(other)
        self.assertEqual(self.first_inputs(found), [2, 3, 4])
        found, _, _ = self.passes(5, MOST_UPDATES=2, MOST_PENDING=1)
        found.forget_old(other)
        self.assertEqual(self.first_inputs(found), [3, 4])
        found, _, _ = self.passes(5, MOST_UPDATES=2, MOST_PENDING=5)
        found.forget_old(other)
        self.assertEqual(len(found.pending), 5)
        found, net, _ = self.passes(2)
        found.forget_old(SimpleNamespace(path=lambda of: "" if of is net else None))
        self.assertEqual((found.pending, found.by_node, found.bytes), ({}, {}, 0))

    def test_what_is_not_asked_for_is_not_read(self):
        reads = "reads_inputs", "reads_outputs", "reads_losses"
        for phases, explain, expected in (
            (["grad"], False, "000"),
            (["loss"], False, "001"),
            (["forward"], False, "011"),
            (["data"], False, "111"),
            (["eval"], False, "111"),
            (["grad"], True, "111"),
        ):
            options = room("options").Options(phases=phases, explain=explain)
            found = room("passes").Passes(options)
            text = "".join(str(int(getattr(found, name))) for name in reads)
            self.assertEqual(text, expected, phases)

    # ---------------------------------------------------------------- files

    def test_where_a_record_lies(self):
        place_of, here = room("file").place_of, os.path.realpath(self.folder)
        Path(here, "file").write_text("")
        os.symlink(f"{here}/file", f"{here}/link")
        for path, place in (
            ("-", ("-", False)),
            ("/dev/null", ("/dev/null", False)),
            (f"{here}/none", (f"{here}/none", True)),
            (f"{here}/file", (f"{here}/file", True)),
            (f"{here}/link", (f"{here}/file", True)),
        ):
            self.assertEqual(place_of(path), place)
        with self.assertRaisesRegex(room("options").Trouble, "it is a folder"):
            place_of(here)
        for length, fits in ((215, True), (235, False)):  # and what is put beside it
            with contextlib.ExitStack() as stack:
                if not fits:
                    error, words = room("options").Trouble, "File name too long"
                    stack.enter_context(self.assertRaisesRegex(error, words))
                path = f"{self.folder}/{'x' * length}"
                room("record").Record(path, self.options).file.close()

    def test_what_is_a_whole_record(self):
        def is_whole(**files):
            for old in Path(self.folder).glob("r.*"):
                old.unlink()
            for suffix, data in files.items():
                Path(self.folder, f"r.{suffix.replace('_', '.')}").write_bytes(data)
            return room("saving").whole_record(f"{self.folder}/r.safetensors")

        def lone(about):
            header = json.dumps({"__metadata__": {"trace": json.dumps(about)}}).encode()
            return len(header).to_bytes(8, "little") + header + b"more"

        def index(about):
            metadata = {"trace": json.dumps(about)}
            return json.dumps({"metadata": metadata, "weight_map": {}}).encode()

        part = {"partial": "until it was ended"}
        self.assertFalse(is_whole())
        self.assertTrue(is_whole(safetensors=lone({})))
        self.assertFalse(is_whole(safetensors=lone(part)))
        self.assertTrue(is_whole(safetensors_index_json=index({})))
        self.assertFalse(is_whole(safetensors_index_json=index(part)))
        both = {"safetensors": lone(part), "safetensors_index_json": index({})}
        self.assertTrue(is_whole(**both))
        for another in (b"", b"x", b"\xff" * 20, lone({})[:20], lone([]), lone(3)):
            self.assertTrue(is_whole(safetensors=another), another)

    def test_spools_give_back_what_lies_between(self):
        module = room("spool")
        self.addCleanup(setattr, module, "BLOCK", module.BLOCK)
        module.BLOCK = 4
        with contextlib.closing(module.Spool(self.folder)) as spool:
            for text in (b"a\nbc\n", b"", b"defghijk\n", b"l"):
                spool.add(text)
            self.assertEqual(spool.size, 15)
            self.assertEqual(list(spool.lines(0, 14)), [b"a", b"bc", b"defghijk"])
            self.assertEqual(list(spool.lines(2, 5)), [b"bc"])
            self.assertEqual(b"".join(spool.blocks(3, 9)), b"c\ndefg")
            self.assertTrue(spool.has(b"bc\ndefg", 2) and spool.has(b"l", 14))
            self.assertTrue(spool.has(b"", 15))
            for data, start in ((b"bc\ndefG", 2), (b"bx", 2), (b"l\n", 14), (b"l", 15)):
                self.assertFalse(spool.has(data, start), data)

    def test_files_are_aligned_and_have_no_gaps(self):
        gathered = room("file").TraceFile(f"{self.folder}/t.safetensors")
        self.addCleanup(gathered.close)
        piece, order = (
            room("sheet").Piece,
            (("U8", 1), ("I64", 8), ("BF16", 2), ("F32", 4)),
        )
        for i, (dtype, width) in enumerate(order):
            for n in (1, 2, 4):
                one = piece(dtype, (n,), bytes([i]) * width * n)
                added = gathered.add("A", i, "data", [(f"x{n}", one)])[f"x{n}"]
                self.assertTrue(gathered.holds(added, one))
                changed = one.data[:-1] + b"\xff"
                for other in (("U16", (n,), one.data), (dtype, (1, n), one.data)):
                    self.assertFalse(gathered.holds(added, piece(*other)))
                self.assertFalse(gathered.holds(added, piece(dtype, (n,), changed)))
        room("saving").save(gathered, {})
        data = Path(self.folder, "t.safetensors").read_bytes()
        size = int.from_bytes(data[:8], "little")
        header, at = json.loads(data[8 : 8 + size]), 0
        del header["__metadata__"]
        self.assertEqual((size % 8, len(header)), (0, 12))
        for key, entry in sorted(header.items(), key=lambda of: of[1]["data_offsets"]):
            _, step, _, name = key.split("/")
            start, end = entry["data_offsets"]
            dtype, width = order[int(step)]
            self.assertEqual((start, start % width, entry["dtype"]), (at, 0, dtype))
            content = bytes([int(step)]) * width * int(name[1:])
            self.assertEqual(data[8 + size + start : 8 + size + end], content)
            at = end
        self.assertEqual(len(data), 8 + size + at)

    def test_a_file_of_digests_is_four_tensors(self):
        gathered = room("file").DigestFile(f"{self.folder}/t.safetensors")
        self.addCleanup(gathered.close)
        for n, dtype, name in ((1, "F32", "x"), (4, "I64", 'y"'), (5, "F32", "z")):
            one = room("sheet").Piece(dtype, (n,), bytes([n]) * min(16, 4 * n))
            added = gathered.add("A", 1, "data", [(name, one)])[name]
            self.assertTrue(gathered.holds(added, one))
            self.assertFalse(gathered.holds(added, one._replace(shape=(9,))))
        room("saving").save(gathered, about := {})
        self.assertEqual(about["digest"], "sha256-128")
        found = tensors_of(Path(self.folder, "t.safetensors").read_bytes())
        digests = b"\1" * 4 + bytes(12) + b"\4" * 16 + b"\5" * 16
        keys = json.dumps([f"A/000001/data/{x}" for x in ("x", 'y"', "z")])
        kinds = [["F32", [1]], ["I64", [4]], ["F32", [5]]]
        self.assertEqual(list(found), ["digests", "kind", "keys", "kinds"])
        data = Path(self.folder, "t.safetensors").read_bytes()
        size = 8 + int.from_bytes(data[:8], "little")
        (end,) = re.findall(r"(\d+)\]\}\} *$", data[8:size].decode())
        self.assertEqual(size + int(end), len(data))
        self.assertEqual(found["digests"], ("U64", [3, 2], digests))
        self.assertEqual(found["kind"][:2], ("U32", [3]))
        self.assertEqual(
            found["kind"][2], b"".join(bytes([i, 0, 0, 0]) for i in range(3))
        )
        self.assertEqual(json.loads(found["keys"][2]), json.loads(keys))
        self.assertEqual(json.loads(found["kinds"][2]), kinds)
        for name in ("keys", "kinds"):
            dtype, shape, data = found[name]
            self.assertEqual((dtype, shape), ("U8", [len(data)]))
        empty = room("file").DigestFile(f"{self.folder}/e.safetensors")
        self.addCleanup(empty.close)
        room("saving").save(empty, {})
        found = tensors_of(Path(self.folder, "e.safetensors").read_bytes())
        self.assertEqual([x[2] for x in found.values()], [b"", b"", b"[]", b"[]"])

    def test_a_pipe_is_written_to(self):
        one = room("sheet").Piece("U8", (2,), b"ab")
        path = f"{self.folder}/pipe"
        os.mkfifo(path)
        for most in (room("file").TraceFile.MOST_TENSORS, 1):
            gathered = room("file").TraceFile(path)
            self.addCleanup(gathered.close)
            gathered.MOST_TENSORS = most
            gathered.add("A", 1, "data", [("x", one), ("none", None), ("y", one)])
            self.assertEqual(len(gathered), 2)
            if most == 1:
                with self.assertRaisesRegex(
                    room("options").Trouble, "too many tensors"
                ):
                    room("saving").save(gathered, {})
                continue
            with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as pipe:
                room("saving").save(gathered, {})
                found = tensors_of(pipe.read())
            keys = "A/000001/data/x", "A/000001/data/y"
            self.assertEqual(found, dict.fromkeys(keys, ("U8", [2], b"ab")))

    def test_what_is_written_to_stays_open(self):
        for path, target, closes in (("-", 1, False), ("/dev/null", "/dev/null", True)):
            gathered = room("file").TraceFile(path)
            self.addCleanup(gathered.close)
            with mock.patch("builtins.open") as opened:
                room("saving").save(gathered, {})
            opened.assert_called_once_with(target, "wb", closefd=closes)

    # ---------------------------------------------------------------- models

    def models(self, made=(), called=()):
        """Of these modules, with none of their values recorded."""
        self.options.first = 1
        record = room("record").Record(f"{self.folder}/t", self.options)
        self.addCleanup(record.file.close)
        found = room("models").Models(record, room("passes").Passes(self.options))
        found.ends.attempt = found.ends.note_gone
        for module in made:
            found.note_made(module)
        for module in called:
            found.note_call(module)
        return found

    def test_whose_parameters_are(self):
        class Outer(torch.nn.Module):
            def __init__(self, *parts, more=0):
                super().__init__()
                self.parts = torch.nn.ModuleList(parts)
                if more:
                    self.more = torch.nn.Linear(more, 1)

        class Copy(Outer):
            pass

        a, b, c = (torch.nn.Linear(2, i + 1) for i in range(3))
        net = torch.nn.Sequential(a, b)
        outer, copy, larger = Outer(net), Copy(net), Outer(net, more=3)
        bare = torch.ones(2, requires_grad=True)
        of = list(net.parameters())
        event = SimpleNamespace(ids=set(map(id, of)))
        event.passes = [
            SimpleNamespace(module=lambda module=m: module) for m in (a, net)
        ]
        other = SimpleNamespace(ids={0}, passes=[SimpleNamespace(module=lambda: outer)])
        gone = SimpleNamespace(
            ids=event.ids, passes=[SimpleNamespace(module=lambda: None)]
        )
        of_c = SimpleNamespace(passes=[SimpleNamespace(module=lambda: c)])
        of_c.ids = set(map(id, c.parameters()))
        for params, made, called, events, expected in (
            (of, [larger, net, a, b], [], [], [net]),  # the smallest
            (of, [net, outer, larger], [], [], [outer]),  # but not a part alone
            (of, [net, larger], [net, larger], [], [larger]),  # what uses the other
            (
                of,
                [net, larger],
                [net, larger],
                [gone, event],
                [net],
            ),  # what was trained
            (of, [net, outer], [outer], [other], [outer]),
            (of, [net, outer], [net], [other], [net]),
            (of, [b, a], [], [], [b, a]),  # more of them
            (of, [b, a], [a], [], [a, b]),  # what is called
            ([*of, bare, *c.parameters()], [c, net], [], [], [net, c, None]),
            ([bare], [net], [net], [event], [None]),
            ([*b.parameters(), *c.parameters()], [], [b, c], [of_c], [c, b]),
            (of, [], [copy, outer], [], [copy]),
        ):
            models = self.models(made, called)
            models.adopt(params, {}, events)
            found = [series.model() for series in models.series.values()]
            self.assertEqual(list(map(id, found)), list(map(id, expected)))
            for param in params:
                owner, is_bare = models.owner[id(param)], param is bare
                self.assertEqual(
                    (owner.class_name is None, models.is_bare(param)), (is_bare,) * 2
                )
        models = self.models([a, b])
        for part in (a, b):
            models.adopt(list(part.parameters()), {}, [])
        self.assertIs(models.series_of(net).model(), a)  # it wraps both
        models = self.models([net])
        self.assertEqual((models.is_bare(of[0]), models.is_bare(bare)), (False, True))
        for _ in range(2):
            models.adopt([torch.ones(1)], {}, [])
        self.assertEqual(list(models.series), ["params-1", "params-2"])

    def test_a_series_has_parameters_under_their_names(self):
        net = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False))
        models, Trouble = self.models([net]), room("options").Trouble
        series = models.start(net, "mine")
        old, net[0].weight = net[0].weight, torch.nn.Parameter(torch.ones(1))
        self.assertIs(models.start(net), series)
        self.assertIs(series.named_output, False)
        named = models.start(torch.nn.Linear(1, 1), "named", "scores")
        self.assertIs(named.named_output, True)
        net[0].weight = torch.nn.Parameter(torch.zeros(1))
        del old
        net.more = torch.nn.Identity()
        self.assertIs(models.start(net), series)
        net.more = torch.nn.Linear(1, 1, bias=False)
        models.start(net)
        self.assertEqual(series.path(net.more), "more")
        names = [(name, ref() is not None) for name, ref in series.named]
        expected = [("0.weight", False), ("0.weight#2", False), ("0.weight", True)]
        self.assertEqual(names, [*expected, ("more.weight", True)])
        for name, said in (
            ("a/b", "leave out the /"),
            ("mine", "two models are to be"),
        ):
            with self.assertRaisesRegex(Trouble, said):
                models.start(torch.nn.Linear(1, 1), name)
        self.assertIsNone(series.path(torch.nn.Linear(1, 1)))
        self.assertEqual((series.path(net), series.path(net[0])), ("", "0"))

    def test_buffers_that_changed(self):
        net, n = torch.nn.Module(), 1 << 16
        for name, size in (
            ("small", n),
            ("large", n + 1),
            ("still", n + 1),
            ("late", 1),
        ):
            net.register_buffer(name, torch.zeros(size))
        models, late = self.models([net]), net.late
        del net.late
        series = models.start(net)
        models.note_call(net)

        def changed():
            return [name for name, _ in models.changed_buffers(series)]

        self.assertEqual(changed(), [])
        net.small.numpy()[0] = 1  # uncounted
        self.assertEqual(changed(), ["small"])
        net.large[0] = 1
        net.still[0] = 0
        self.assertEqual(changed(), ["large"])
        net.large = net.large + 1
        net.register_buffer("late", late)
        self.assertEqual(changed(), ["large", "late"])
        self.assertEqual(changed(), [])
        bare = torch.nn.Module()
        of_bare = models.start(bare)
        models.note_call(bare)
        for registered, expected in ((0, []), (0, []), (1, ["late"]), (1, [])):
            models.registered = registered
            if registered:
                bare.register_buffer("late", late)
            found = [name for name, _ in models.changed_buffers(of_bare)]
            self.assertEqual(found, expected)
        with mock.patch.object(bare, "named_buffers", side_effect=AssertionError):
            bare.late, models.buffers[bare] = None, {}
            self.assertEqual(models.changed_buffers(of_bare), [])  # not looked for
        del net
        self.assertEqual(changed(), [])

    # ---------------------------------------------------------------- asleep

    def test_what_sleeps(self):
        series = type("Series", (), {"steps": 3, "optimizers": [1, 2], "graph": []})()
        series.by_optimizer, series.wakes, series.gathers = True, 0, False
        models = SimpleNamespace(awake={}, unknown={}, fresh=False)
        models.series = {"A": series}
        passes = SimpleNamespace(reads_outputs=True)
        steps = SimpleNamespace(record=self.record, models=models, passes=passes)
        asleep = room("asleep").Asleep(steps)
        self.options.explain = False
        for first, end, sleeps in (  # steps 3 to 6 may be recorded yet
            (0, 3, True),
            (0, 4, False),
            (6, 99, False),
            (7, 99, True),
        ):
            self.options.first, self.options.end = first, end
            models.awake[series] = None
            asleep.after_step(series)
            self.assertEqual(asleep.all(), sleeps, (first, end))
        for series.steps, sleeps in ((4, False), (3, True), (3, True), (4, False)):
            asleep.after_step(series)
            self.assertEqual(asleep.all(), sleeps, series.steps)
        self.options.first = 99
        for name, value in (("by_optimizer", False), ("graph", None)):
            kept = getattr(series, name)
            setattr(series, name, value)
            models.awake[series] = None
            asleep.after_step(series)
            self.assertFalse(asleep.all())
            setattr(series, name, kept)
        asleep.after_step(series)
        for owner, name, value in (
            (models, "fresh", True),
            (models, "series", {}),
            (self.options, "explain", True),
        ):
            self.assertTrue(asleep.all())
            kept = getattr(owner, name)
            setattr(owner, name, value)
            self.assertFalse(asleep.all())
            self.assertFalse(asleep.calls())
            setattr(owner, name, kept)

    def test_calls_that_sleep_in_steps_that_are_recorded(self):
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        asleep, models = steps.asleep, steps.models
        series = models.start(net)
        self.options.explain, self.options.first, self.options.end = False, 0, 9
        self.assertEqual((list(models.unknown), series.gathers), ([series], False))

        def sleep(reads=False, **values):
            series.by_optimizer, series.graph, series.gathers = True, [], False
            models.unknown[series], models.fresh = None, False
            for name, value in values.items():
                setattr(series, name, value)
            asleep.after_step(series)
            steps.passes.reads_outputs = reads
            return asleep.all(), asleep.calls()

        self.assertEqual(sleep(), (False, True))
        self.assertEqual(sleep(reads=True), (False, False))
        for name, value in (
            ("by_optimizer", False),
            ("graph", None),
            ("gathers", True),
        ):
            self.assertEqual(sleep(**{name: value}), (False, False), name)
        sleep()
        models.fresh = True
        self.assertFalse(asleep.calls())

    def test_what_need_not_be_looked_at(self):
        trained, criterion = torch.nn.Linear(1, 1), room("passes").Criterion(None)
        learns, frozen = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
        frozen.requires_grad_(False)
        models = SimpleNamespace(series_of=lambda of: of if of is trained else None)
        steps = SimpleNamespace(record=self.record, models=models)
        asleep = room("asleep").Asleep(steps)
        net, plain = torch.nn.Linear(2, 2), torch.ones(2)
        leaf = torch.ones(2, requires_grad=True)
        self.assertFalse(asleep.backward([net(plain)]))  # nothing slept
        slept, other = net(plain), net(plain)
        self.assertTrue(asleep.over([slept, plain]))
        self.assertFalse(asleep.over([plain]))
        for module, args, need_not in (
            (trained, [plain], True),
            (trained, [plain, slept], True),
            (criterion, [slept, plain], True),
            (criterion, [plain], False),
            (criterion, [slept, other], False),
            (trained, [leaf], False),
            (trained, [slept * leaf], False),
            (trained, [], True),
            (criterion, [], False),
            (frozen, [slept, plain], True),
            (frozen, [plain], False),
            (learns, [slept], False),  # it may be trained yet
        ):
            self.assertEqual(asleep.call(module, args), need_not, (module, args))
        for roots, need_not in (
            ([slept.sum()], True),
            ([(slept * 2 + slept).sum()], True),
            ([(slept + other).sum()], False),
            ([(slept * leaf).sum()], False),
            ([slept.sum(), other.sum()], False),
            ([leaf], False),
        ):
            self.assertEqual(asleep.backward(roots), need_not, roots)
        more = [plain * leaf for _ in range(room("asleep").MOST_OUTPUTS)]
        self.assertTrue(asleep.over(more))
        self.assertTrue(asleep.call(criterion, [slept]))
        self.assertTrue(asleep.over([plain * leaf]))
        self.assertFalse(asleep.call(criterion, [slept]))

    def test_what_is_skipped_at_once(self):
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        asleep, models, x = steps.asleep, steps.models, torch.ones(1, 1)
        self.options.explain, self.options.end = False, 1
        optimizer = torch.optim.SGD(net.parameters(), lr=0.5)

        def skips(root, args=(x,), module=net, **kwargs):
            call = asleep.skips_call(module, args, kwargs)
            start = asleep.skips_start(optimizer)
            return call, asleep.skips_backward(root), start

        models.note_made(net)
        made, result = steps.before_call(net, (x,), {}), net(x)
        steps.after_call(made, result)
        event = steps.before_backward(result, False)
        result.backward()
        steps.after_backward(event)
        self.assertEqual(skips(result), (False, False, False))
        steps.before_step(optimizer, (), {})
        steps.after_step(optimizer, (), {})
        result = net(x)
        steps.batch.let_go(False)
        self.assertEqual(skips(result), (True, False, True))  # it is no call's output
        self.assertEqual((steps.stepping, steps.grads), ([optimizer], None))
        self.assertTrue(asleep.skipped(result))
        self.assertFalse(asleep.skipped([result]))
        self.assertFalse(asleep.skipped(x))
        criterion = room("passes").Criterion(torch.sum)
        for owner, name, value, expected in (
            (steps, "within", [1], (True, True, True)),
            (steps, "watched", {1: 2}, (False, False, False)),
            (models, "fresh", True, (False, False, False)),
            (models.ends, "gone", [1], (False, True, True)),
            (steps.batch, "events", [1], (True, False, True)),
            (models, "called", {}, (False, True, True)),
            (optimizer, "param_groups", [{"params": [x]}], (True, True, False)),
            (steps, "plans", {}, (True, True, False)),
            (steps, "stepping", [1], (True, True, False)),
        ):
            steps.stepping = []
            with mock.patch.object(owner, name, value):
                self.assertEqual(skips(result), expected, name)
                self.assertEqual(steps.within, [])
        for root, args, module, kwargs, expected in (
            (result, (result,), criterion, {}, (True, True)),
            (result, (x,), criterion, {}, (False, True)),
            (net.weight, (net.weight,), net, {}, (False, False)),
            (x, ([x],), net, {}, (False, False)),
            ([result], (x,), net, {"y": x}, (False, False)),
        ):
            self.assertEqual(skips(root, args, module, **kwargs)[:2], expected)
        with torch.overrides.TorchFunctionMode():
            self.assertEqual(skips(result)[:2], (False, False))
        (series,), steps.stepping = models.series.values(), [optimizer]
        for owner, name, value in (
            (steps.passes, "pending", [1]),
            (steps.batch, "events", [1]),
            (steps.inference, "waiting", [1]),
            (steps, "stepping", [optimizer, 1]),
            (steps, "stepping", [1]),
            (steps, "stepping", []),
            (models, "fresh", True),
            (series, "wakes", 2),
            (series, "last", {1: 2}),
        ):
            with mock.patch.object(owner, name, value):
                self.assertFalse(asleep.skips_end(optimizer), name)
        self.assertEqual((series.steps, steps.passes.updates), (1, 1))
        with mock.patch.object(series, "wakes", 3):
            self.assertTrue(asleep.skips_end(optimizer))
        self.assertEqual((series.steps, steps.passes.updates), (2, 2))
        self.assertEqual(steps.stepping, [])


def tensors_of(data):
    """Of a .safetensors file: dtype, shape and bytes by name."""
    size = int.from_bytes(data[:8], "little")
    header, found = json.loads(data[8 : 8 + size]), {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + size + at for at in entry["data_offsets"])
            found[name] = entry["dtype"], entry["shape"], data[start:end]
    return found
