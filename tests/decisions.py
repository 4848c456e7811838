"""What the recorder's rooms decide: which calls and backward passes a step is made of,
and what is told of its optimizer; each alone, as rules.py has the others."""

import contextlib
import importlib
import math
import os
import signal
import weakref
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import torch


def room(name):
    return importlib.import_module(f"parity_recorder.{name}")


class Stage:
    """Calls and backward passes as the recorder sees them."""

    def __init__(self, record):
        self.passes = room("passes").Passes(record.options)
        self.owner = {}
        self.batch = room("batch").Batch(record, self.passes, self.owner)

    def call(self, module, *args):
        made, result = self.passes.begin(module, args, {}), module(*args)
        self.passes.end(made, result, True)
        return made, result

    def backward(self, loss, retained=False, inputs=None):
        event = self.batch.before_backward([loss], retained, inputs)
        if inputs is None:
            loss.backward(retain_graph=retained)
        return event

    def series(self, name, net):
        named = list(net.named_parameters())
        series = room("models").Series(name, type(net).__name__, net, named, None)
        for _, param in named:
            self.owner.setdefault(id(param), series)
        return series


class Decisions:
    """Those of rules.Rules, which has a record."""

    def test_a_step_takes_what_led_to_it_once(self):
        self.options.explain = False
        stage, net, criterion = Stage(self.record), torch.nn.Linear(2, 1), []
        criterion, ids = torch.nn.MSELoss(), {id(p) for p in net.parameters()}
        batch, a, b = stage.batch, stage.series("A", net), stage.series("B", net)
        call, result = stage.call(net, torch.ones(3, 2))
        judged, loss = stage.call(criterion, result, torch.zeros(3, 1))
        event = stage.backward(loss, retained=True)
        self.assertEqual(list(stage.passes.pending), [call, judged])
        self.assertEqual(batch.of_step(a, {0}, 1), [])
        self.assertEqual(event.taken, set())
        self.assertEqual(batch.of_step(b, ids, 1), [event])
        self.assertFalse(batch.take(a, ids, 1, True))
        self.assertEqual((event.taken, a.lacks, a.noted), ({a, b}, {}, 1))
        self.assertEqual(list(stage.passes.pending), [call])  # the criterion is over
        self.assertFalse(batch.take(a, ids, 2, True))
        self.assertEqual((a.lacks, a.noted), ({}, 2))  # a second optimizer's step
        c = stage.series("C", net)
        self.assertFalse(batch.take(c, {0}, 1, True))
        nothing = ("data", "forward", "loss"), room("lacks").NO_PASS
        self.assertEqual(c.lacks, {nothing: 1})
        self.assertTrue(all(event.models))
        batch.let_models_go()
        self.assertEqual(event.models, [])

    def test_what_no_step_is_made_of(self):
        self.options.explain = False
        for keep in (False, True):
            for step in (1, 2):
                stage, net = Stage(self.record), torch.nn.Linear(2, 1)
                series, ids = stage.series("A", net), {id(p) for p in net.parameters()}
                _, loss = stage.call(torch.nn.MSELoss(), net.weight, torch.ones(1, 2))
                stage.backward(loss)
                unseen = stage.batch.take(series, ids, step, keep)
                self.assertEqual(unseen, keep or step == 1, (keep, step))
                said = {(("data", "forward"), room("lacks").NO_CALL): 1}
                self.assertEqual(series.lacks, said if keep else {})
        self.record.shared = {"x": b""}  # the script names its data
        event = stage.backward(net.weight.sum())
        self.assertTrue(stage.batch.take(series, ids, 3, True))
        self.assertEqual(series.lacks[("forward",), room("lacks").NO_CALL], 1)
        self.record.shared = {}
        event.taken.clear()
        stage.call(net, torch.ones(1, 2))
        self.assertTrue(stage.batch.take(series, ids, 1, False))
        _, result = stage.call(net, torch.ones(1, 2))
        event = stage.backward(result.sum())
        stage.batch.let_models_go()  # no update has taken it
        self.assertIs(event.models[0], net)
        seen, known = stage.series("D", net), {id(p) for p in net.parameters()}
        self.assertFalse(stage.batch.take(seen, known, 1, False))

    def test_passes_to_parameters_that_were_gathered(self):
        stage, net = Stage(self.record), torch.nn.Linear(2, 1)
        other = torch.nn.Linear(2, 1)
        _, result = stage.call(net, torch.ones(3, 2))
        _, loss = stage.call(torch.nn.MSELoss(), result, torch.zeros(3, 1))
        to_itself = stage.backward(loss, True, list(net.parameters()))
        event = stage.backward(loss, retained=True)
        mine, not_mine = stage.series("A", net), stage.series("B", other)
        ids = event.ids
        self.assertEqual(len(ids), 2)
        for series, owner, of, expected in (
            (mine, {}, event, True),
            (mine, stage.owner, event, False),
            (not_mine, {}, event, False),
            (mine, {}, to_itself, False),
        ):
            self.assertIs(of.is_of(series, ids, owner), expected)
        event.taken.add(not_mine)
        self.assertFalse(event.is_of(mine, ids, {}))
        event.taken.clear()
        ids, batch = {id(p) for p in net.parameters()}, stage.batch
        self.options.explain = False
        self.assertEqual(batch.of_step(mine, ids, 1), [event])  # left in .grad
        batch.events = [to_itself, stage.backward(loss, True, list(net.parameters()))]
        to_itself.taken.clear()
        self.assertEqual(len(batch.of_step(mine, ids, 2)), 2)

    def test_why_a_pass_leads_to_an_update(self):
        led_to, series = room("batch").led_to, object()
        event = SimpleNamespace(taken={series})
        for of_event, mine, taken in (
            ({1, 2}, series, False),
            ({1, 2}, object(), True),
            ({3}, object(), False),
        ):
            found, why = led_to(event, of_event, mine, {2})
            self.assertIs(found, taken)
            self.assertEqual(why.startswith("an earlier step"), mine is series)

    def test_what_is_data(self):
        for path, learns, gradient, expected in (
            ("", True, 2, True),
            (None, True, 0, False),
            (None, False, 2, False),
            ("part", True, 2, False),
            ("part", False, 1, True),
            (None, False, 1, False),
            (None, False, 0, True),
        ):
            made = SimpleNamespace(learns=learns)
            found, why = room("batch").is_data(path, made, gradient)
            self.assertEqual((found, type(why)), (expected, str))

    def test_outputs_of_a_model_and_of_its_modules(self):
        net = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.Linear(1, 1))
        stage, other = Stage(self.record), torch.nn.Linear(1, 1)
        series = stage.series("A", net)
        inner = [(lambda m=m: m, ".x", i) for i, m in enumerate((net[0], other, net))]
        made = SimpleNamespace(inner=inner, outputs=[("", 3)])
        outputs_of = room("batch").outputs_of
        self.assertEqual(outputs_of(series, None, made), [])
        self.assertEqual(outputs_of(series, "1", made), [("0.x", 0), ("1", 3)])
        self.assertEqual(outputs_of(series, "", made), [("0.x", 0), ("output", 3)])
        for name, named, outputs, base in (
            ("logits", False, [("", 3)], "logits"),
            ("logits", False, [(".0", 3)], "output"),
            ("mine", True, [(".0", 3)], "mine"),
        ):
            series.output, series.named_output = name, named
            made = SimpleNamespace(inner=[], outputs=outputs)
            expected = [(base + suffix, 3) for suffix, _ in outputs]
            self.assertEqual(outputs_of(series, "", made), expected)

    def test_whose_logits_they_are(self):
        stage, first, last = (
            Stage(self.record),
            torch.nn.Linear(2, 2),
            torch.nn.Linear(2, 2),
        )
        of_first, of_last = stage.series("A", first), stage.series("B", last)
        _, between = stage.call(first, torch.ones(1, 2))
        _, result = stage.call(last, between)
        for criterion, target, expected in (
            (torch.nn.CrossEntropyLoss(), torch.tensor([1]), (False, True)),
            (torch.nn.MSELoss(), torch.ones(1, 2), (False, False)),
        ):
            _, loss = stage.call(criterion, result, target)
            event = stage.backward(loss, retained=True)
            of_logits = room("batch").of_logits
            found = of_logits(of_first, event), of_logits(of_last, event)
            self.assertEqual(found, expected)

        class Both(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.last = first, last

            def forward(self, x):
                return self.first(x)

        both, ones, one = Both(), torch.ones(1, 2), torch.tensor([1])
        of_both = stage.series("C", both)
        for parts, expected in (
            ((both, last), False),  # as a generator, and what judges it
            ((first, last), True),
            ((last, both), True),
        ):
            result = ones
            for part in parts:
                _, result = stage.call(part, result)
            event = stage.backward(torch.nn.functional.cross_entropy(result, one))
            self.assertIs(of_logits(of_both, event), expected)
        number, criterion = torch.tensor(1.0), torch.nn.BCEWithLogitsLoss()
        both.forward = lambda x: criterion(first(x)[0, 0], number)
        _, loss = stage.call(both, ones)
        self.assertIs(of_logits(of_both, stage.backward(loss)), False)  # it is the loss
        both.forward = lambda x: first(x)[0, 0]
        _, result = stage.call(both, ones)
        _, loss = stage.call(criterion, result, number)
        self.assertIs(of_logits(of_both, stage.backward(loss)), True)

    def test_what_a_step_lacks(self):
        lacks, one = room("lacks"), object()
        part = SimpleNamespace(is_criterion=False, module=lambda: 1, outputs=[("", 5)])
        other = SimpleNamespace(is_criterion=False, module=lambda: 2, outputs=[])
        criterion = SimpleNamespace(is_criterion=True, module=lambda: 3, outputs=[])
        event = SimpleNamespace(losses=[4, 5], judged=False)
        judged = SimpleNamespace(losses=[4], judged=True)
        series = SimpleNamespace(path={1: "part"}.get, class_name="Net", steps=2)
        bare = SimpleNamespace(path={}.get, class_name=None, steps=2)
        series.evaluated = bare.evaluated = series.inner = bare.inner = 0
        called = SimpleNamespace(**{**vars(series), "evaluated": 1})
        inner, INNER = SimpleNamespace(**{**vars(bare), "inner": 1}), lacks.INNER_TARGET
        for made in (part, other, criterion):
            made.within, made.numbers = False, ()
        within = SimpleNamespace(**{**vars(other), "within": True})
        number = SimpleNamespace(**{**vars(within), "numbers": (1,)})
        judge = SimpleNamespace(**{**vars(criterion), "within": True})
        no_call, not_followed = (
            lacks.COMPILED if lacks.compiles() else why
            for why in (lacks.NO_CALL, lacks.NOT_FOLLOWED)
        )
        for of, events, passes, inputs, targets, missing, why in (
            (series, [], [part], [one], [one], "data forward loss", lacks.NO_PASS),
            (series, [event], [part], [], [one], "data", lacks.NO_INPUT),
            (series, [event], [other, criterion], [], [], "data forward", no_call),
            (bare, [event], [other], [], [], "data", no_call),
            (called, [event], [other], [], [], "data forward", not_followed),
            (series, [event], [part], [one], [one], "", None),
            (series, [event], [other, part, criterion], [one], [], "", None),
            (bare, [event], [other, criterion], [one], [], "", None),
            (series, [event], [other], [one], [one], "forward", lacks.NOT_ITSELF),
            (series, [event], [part], [one], [], "", None),
            (bare, [event], [other], [one], [], "target", lacks.NO_CRITERION),
            (bare, [event, judged], [other], [one], [], "", None),
            (inner, [event, judged], [other], [one], [], INNER, lacks.INNER),
            (inner, [judged], [within, criterion], [one], [], INNER, lacks.INNER),
            (inner, [judged], [within, judge], [one], [], "", None),
            (inner, [judged], [number], [one], [], "", None),
            (inner, [event], [other], [one], [], "target", lacks.NO_CRITERION),
            (series, [judged], [other], [], [], "data forward", no_call),
        ):
            found = lacks.of_step(of, events, passes, inputs, targets)
            expected = (missing,) if missing == INNER else tuple(missing.split())
            self.assertEqual(found, (expected, why))

    # ---------------------------------------------------------------- settings

    def test_settings_are_worked_out_again_where_they_may_have_changed(self):
        settings, one = room("settings"), torch.ones(1)
        for value, plain in (
            ((1, [2.0, float("nan")]), [1, [2.0, "nan"]]),
            (one, 1.0),
            (torch.ones(2), [1.0, 1.0]),
            (True, True),
        ):
            self.assertEqual(settings.plain_value(value), plain)
        for value, fixed in (
            (1, True),
            (None, True),
            ((1, "a", ()), True),
            ((1, [2]), False),
            ([1], False),
            (one, False),
        ):
            self.assertIs(settings.is_fixed(value), fixed)
        params = [torch.nn.Parameter(one.clone()) for _ in range(2)]
        optimizer, groups = torch.optim.SGD(params[:1], lr=0.5), settings.Groups()
        found = groups.of(optimizer)
        self.assertIs(groups.of(optimizer), found)
        self.assertNotIn("groups", settings.settings_of(optimizer))
        optimizer.param_groups[0]["lr"] = 0.25
        self.assertEqual(groups.of(optimizer)[0]["lr"], 0.25)
        optimizer.add_param_group({"params": params[1:], "lr": torch.tensor(0.125)})
        self.assertEqual(groups.of(optimizer)[1]["lr"], 0.125)
        optimizer.param_groups[1]["lr"].fill_(0.5)
        self.assertEqual(groups.of(optimizer)[1]["lr"], 0.5)
        about = settings.settings_of(optimizer)
        self.assertEqual((about["class"], about["lr"]), ("SGD", 0.25))
        self.assertEqual([group["lr"] for group in about["groups"]], [0.25, 0.5])

    # ---------------------------------------------------------------- signals

    def test_signals_wait_while_something_is_noted(self):
        signals = room("signals").Signals()
        raised = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: BaseException}
        for number, kind in raised.items():
            signals.busy = 1
            signals.end(number, None)
            self.assertEqual((signals.waits, signals.signal), (number, None))
            with mock.patch("signal.raise_signal") as sent:
                signals.noted()
                sent.assert_not_called()
                signals.busy = 0
                signals.noted()
            sent.assert_called_once_with(number)
            with self.assertRaises(kind) as caught:
                signals.end(number, None)
            is_term = type(caught.exception) is room("signals").Ended
            self.assertEqual(is_term, number == signal.SIGTERM)
            self.assertEqual((signals.waits, signals.signal), (None, number))
            signals.end(number, None)  # the same, passed on
            signals.since -= 2
            with self.assertRaises(kind):
                signals.end(number, None)
            self.assert_ends_as(signals, number if is_term else None)
            signals.signal = None
        self.assert_ends_as(signals, None)

    def assert_ends_as(self, signals, number):
        with (
            mock.patch("signal.raise_signal") as sent,
            mock.patch("signal.signal") as at,
        ):
            signals.end_as_signal(lambda: sent("first"))
        first = [] if number is None else [mock.call("first"), mock.call(number)]
        self.assertEqual(sent.mock_calls, first)
        expected = [] if number is None else [mock.call(number, signal.SIG_DFL)]
        self.assertEqual(at.mock_calls, expected)

    # ---------------------------------------------------------------- the rest

    def test_what_is_known_of_objects(self):
        known, one = room("by_identity").ByIdentity(), torch.nn.Identity()
        self.assertNotIn(one, known)
        known[one] = None
        self.assertIs(one in known, True)
        self.assertEqual((known.get(one, 1), list(known)), (None, [one]))
        del one
        self.assertEqual((known.held, list(known)), ({}, []))

    def test_spools_are_written_in_blocks(self):
        module = room("spool")
        with mock.patch.object(module, "BLOCK", 4):
            spool = module.Spool(self.folder)
            self.addCleanup(spool.close)
            written = []
            for text in (b"abcd", b"e", b"fg", b"hij"):
                spool.add(text)
                written.append((spool.written, len(spool.parts)))
        self.assertEqual(written, [(0, 1), (5, 0), (5, 1), (10, 0)])

    def test_what_a_port_is_told_of_layers_and_rates(self):
        layer = torch.nn.Linear(1, 1)
        net = torch.nn.Sequential(layer, layer)
        found = room("sketch").layers(net)
        self.assertEqual([each["path"] for each in found], ["0", "1"])
        series = Stage(self.record).series("A", net)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
        sketch = room("sketch").Sketch("")
        plans = {optimizer: SimpleNamespace(parts=[(series, [])])}
        models = SimpleNamespace(series={"A": series}, modules=[layer, net])
        recorder = SimpleNamespace(steps=SimpleNamespace(plans=plans, models=models))
        sketch.look(recorder)
        self.assertEqual(sketch.series, {})
        series.steps = 1
        for rate in (0.25, 0.125):  # that of the first step
            optimizer.param_groups[0]["lr"] = rate
            sketch.look(recorder)
            (group,) = sketch.series["A"]["groups"]
            self.assertEqual(group["settings"]["lr"], 0.25)
        self.assertEqual(sketch.series["A"]["made"], 1)

    # ---------------------------------------------------------------- inference

    def inference(self, calls=(), series=(), **limits):
        """With what it decides about calls, as (how, number of the call)."""
        module = room("inference")
        for name, limit in limits.items():
            self.addCleanup(setattr, module, name, getattr(module, name))
            setattr(module, name, limit)
        self.options.inference = True
        models = SimpleNamespace(owner={}, series_of=dict(series).get)
        passes = SimpleNamespace(pending=dict.fromkeys(calls))
        passes.forget = passes.pending.pop
        found, decided = module.Inference(self.record, models, passes), []
        found.is_held = lambda _: False
        found.step = lambda _, made: decided.append(("step", made.n))
        found.beside = lambda made: decided.append(("beside", made.n))
        found.evaluation = lambda _, made: decided.append(("eval", made.n))
        return found, decided

    def test_calls_wait_for_what_follows(self):
        limits = {"MOST_WAITING": 2, "MOST_BEFORE": 3, "MOST_BYTES": 10}
        backward = SimpleNamespace(passes=[], leaves=[], losses=[])
        for events, expected in (
            ("0 1 2 3", "/ / 012 0123"),
            ("b 0 1 2 3 4 b 5", "/ / / / 012 012 012 01234"),
            ("0 1 b 2 3 4", "/ / / / 012 012"),
            ("6 7 8", "/ 67 678"),
        ):
            found, decided = self.inference(**limits)
            seen = []
            for event in events.split():
                if event == "b":
                    found.after_backward(backward, {})
                else:
                    call = Call(int(event), size=6 if int(event) > 5 else 1)
                    found.passes.pending[call] = 0
                    found.over(call)
                seen.append("".join(str(n) for _, n in decided) or "/")
            self.assertEqual(" ".join(seen), expected, events)
            waiting = [made.n for made in found.passes.pending]
            self.assertEqual(
                len(waiting) + len(decided), len(events.split()) - events.count("b")
            )
            self.assertEqual({how for how, _ in decided}, {"step"})

    def test_calls_that_nothing_followed(self):
        found, decided = self.inference()
        for call in Call(0), Call(1, nodes=[]), Call(2, has_parameters=False):
            found.undecided[call] = None
        found.training()
        self.assertEqual((decided, found.undecided), ([("step", 1)], {}))
        mine = SimpleNamespace(steps=3, by_call=False)
        found, decided = self.inference(series=[("net", mine)])
        found.on, call = False, Call(0, module="net", nodes=[])
        found.over(call)
        found.on, gone = True, Call(1, module=None, nodes=[])
        found.over(gone)
        self.assertEqual(decided, [])
        found.over(call)
        self.assertEqual((decided, call.after), ([("eval", 0)], 3))
        found.trains, call = True, Call(2, module="net")
        found.over(call)
        self.assertEqual((len(decided), call.after), (1, 3))

    def test_what_an_update_or_the_end_decides(self):
        mine, calls = (
            SimpleNamespace(steps=3),
            [
                Call(0, "net"),
                Call(1, "net", reached=True),
                Call(2, "net", has_parameters=False),
                Call(3, None),
                Call(4, "other"),
            ],
        )
        series = [("net", mine), (None, mine)]
        found, decided = self.inference(calls, series)
        found.waiting = [Call(5, "net", nodes=[]), Call(6, "other", nodes=[])]
        found.before_update(mine)
        self.assertTrue(found.trains)
        self.assertEqual(decided, [("eval", 0), ("eval", 5)])
        self.assertEqual([made.n for made in found.passes.pending], [1, 2, 3, 4])
        self.assertEqual([made.n for made in found.waiting], [6])
        found.finish()
        self.assertEqual(decided[2:], [("step", 4), ("step", 6)])
        found, decided = self.inference((), series)
        found.waiting = [Call(7, "net", nodes=[])]
        found.before_update(mine)
        self.assertEqual((decided, found.waiting), ([("eval", 7)], []))
        found, decided = self.inference(calls[:1], series)
        found.finish()
        self.assertEqual(decided, [("eval", 0)])

    def test_what_becomes_of_a_backward_pass_that_no_step_took(self):
        mine, freed = SimpleNamespace(steps=3), Call(1, "net", reached=True)
        waits, late = Call(0, "net", reached=True), Call(2, "other", reached=True)
        judge = Call(3, has_parameters=False, reached=True, is_criterion=True)
        known = Call(4, "net", taken=True, is_criterion=True)
        found, decided = self.inference([waits, judge], [("net", mine)])
        passes = [waits, freed, late, judge, known]
        event = SimpleNamespace(passes=passes, losses=["loss"])
        found.led_nowhere(event)  # nothing is trained yet
        self.assertEqual((waits.reached, found.waiting), (True, []))
        found.trains = True
        found.led_nowhere(SimpleNamespace(passes=[judge, known], losses=[]))
        self.assertEqual((judge.reached, found.waiting), (True, []))
        found.led_nowhere(event)
        self.assertEqual((waits.reached, judge.reached), (False, True))
        self.assertEqual((late.judges, late.began), ([judge], ["loss"]))
        self.assertEqual((freed.judges, found.waiting), ((), [freed, late]))
        found.before_update(mine)
        self.assertEqual(decided, [("eval", 0), ("eval", 1)])
        found.finish()  # what it is of was never trained
        self.assertEqual(decided[2:], [])
        found.waits, written = late, []
        found.write = lambda *args: written.append(args)
        found.written(late, "A", 2, ("eval", "eval"))
        self.assertEqual((found.last, found.waits), (("A", 2, ("eval",) * 2, []), None))
        self.assertEqual(decided[2:], [("beside", 3)])
        self.assertEqual(written, [("A", 2, "eval", "loss", "loss")])

    def test_what_judges_calls_that_led_to_no_update(self):
        mine = SimpleNamespace(steps=3)
        first, second = Call(0, "net"), Call(1, "other")
        judge = Call(2, has_parameters=False, is_criterion=True)
        other = Call(3, has_parameters=False, is_criterion=True)
        found, decided = self.inference([first, judge, second, other], [("net", mine)])
        found.trains = True
        for made in (first, judge, second, other):
            found.over(made)
        self.assertEqual((judge.judged, other.judged), (first, second))
        self.assertEqual(found.judged_names, {"MSELoss": {"input"}})
        found.before_update(mine)
        self.assertEqual(decided, [("eval", 0), ("beside", 2)])
        self.assertEqual(list(found.passes.pending), [second, other])
        # One that waits has what judges it with it.
        found, _ = self.inference()
        del found.beside
        found.is_held = lambda _: True
        found.over(waits := Call(4, "net", nodes=[]))
        for n in (5, 6):
            judge = Call(n, nodes=[], has_parameters=False, is_criterion=True)
            found.over(judge)
        self.assertEqual([made.n for made in waits.judges], [5, 6])
        # What a training gave it with a gradient is no target, nor what has one now.
        found.waits, written = None, []
        found.write_data = lambda *args: written.append(args[3])
        found.last = "A", 1, ("eval", "eval"), ["output"]
        judge.inputs = [("input", 1, 0), ("weight", 2, 1), ("target", 3, 0)]
        for names, expected in (
            ({}, ["input", "target"]),
            ({"MSELoss": {"input"}}, ["target"]),
            ({"L1Loss": {"input"}}, ["input", "target"]),
        ):
            found.judged_names = names
            found.beside(judge)
            self.assertEqual(written, expected)
            written.clear()

    def test_what_a_backward_pass_found(self):
        found, _ = self.inference()
        alive, unknown, gone = (torch.ones(1) for _ in range(3))
        leaves = [weakref.ref(leaf) for leaf in (gone, alive, unknown)]
        del gone
        calls = [Call(0), Call(1), Call(2, has_parameters=False), Call(3)]
        found.undecided = dict.fromkeys(calls[:3])
        event = SimpleNamespace(passes=calls, leaves=leaves, losses=["loss"])
        found.after_backward(event, {id(alive): (leaves[1], "value", "grad")})
        grads = [(id(alive), "value", "grad")]
        expected = [[([], grads)], [(["loss"], grads)], [], []]
        self.assertEqual([call.found for call in calls], expected)
        found.trains, event.losses = True, []
        found.after_backward(event, {})
        self.assertEqual([call.found for call in calls], expected)

    def test_what_is_written_of_calls(self):
        self.options.inference, written = True, []
        models = self.models()
        self.options.first, self.options.end = 0, 1
        models.record.write = lambda *args: written.append(args[:4])
        found = room("inference").Inference(models.record, models, models.passes)
        net, criterion = torch.nn.BatchNorm1d(2), torch.nn.MSELoss()
        stage = Stage(models.record)
        call, result = stage.call(net, torch.ones(3, 2))
        for step in (1, 2):
            found.step(net, call)
            (series,) = models.series.values()
            self.assertEqual((series.steps, series.by_call), (step, True))
        self.assertEqual(models.record.events.starts, [(0, "BatchNorm1d-1")])
        names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        expected = [("BatchNorm1d-1", 0, "init", name) for name in names]
        self.assertEqual(written, expected)  # once, and no step but 0 is wanted
        self.options.end = 9
        written.clear()
        judged, _ = stage.call(criterion, result, torch.ones(3, 2))
        found.beside(call)  # no criterion
        self.assertEqual(written, [])
        last, found.last = found.last, None
        found.beside(judged)  # there is no call before it
        self.assertEqual(written, [])
        found.last = last
        found.beside(judged)
        self.assertEqual(written[-1], ("BatchNorm1d-1", 2, "data", "target"))
        written.clear()
        of = id(net.weight)
        call.found = [(["x"], [(of, 0, "g"), (0, 0, "g"), (id(net.bias), 0, None)])]
        found.backwards(series, call)
        expected = [
            ("BatchNorm1d-1", 2, *of) for of in (("loss", "loss"), ("grad", "weight"))
        ]
        self.assertEqual(written, expected)

    # ---------------------------------------------------------------- ends

    def test_where_ends_are_watched(self):
        phases = self.options.phases
        for inference, named, on in (
            (True, phases, True),
            (False, phases, False),
            (True, phases[:1], False),
        ):
            self.options.inference, self.options.phases = inference, named
            self.assertIs(self.models().ends.on, on)

    def test_what_models_are_in_the_end(self):
        self.options.inference, written = True, []
        models = self.models()
        self.options.first = 0
        models.record.write = lambda *args: written.append(args[:4])
        ends = models.ends
        outer, trained = torch.nn.Module(), torch.nn.Sequential(torch.nn.Linear(1, 1))
        outer.part, outer.more = (
            torch.nn.Linear(1, 1, bias=False),
            torch.nn.Linear(1, 1),
        )
        outer.again, outer.norm = outer.part, torch.nn.BatchNorm1d(1, affine=False)
        series = models.start(trained)
        trained.more = torch.nn.Linear(1, 1)
        self.assertIs(models.start(trained), series)  # with its new part
        self.assertEqual(
            [args[3] for args in written][2:], ["more.weight", "more.bias"]
        )
        written.clear()
        self.assertIn("more", ends.watched[id(trained)].parts)
        self.assertFalse(models.fresh)
        names = [
            outer,
            outer.part,
            trained,
            torch.nn.Sequential(trained),
            torch.nn.ReLU(),
        ]
        while names:
            models.note_made(names.pop(0))
            self.assertTrue(models.fresh)
            if len(names) == 2:
                wrapper, relu = names
        ends.watch_others()
        self.assertEqual(set(ends.watched), {id(outer), id(trained)})
        kept = dict(ends.watched)
        ends.watch_others()
        self.assertEqual(ends.watched, kept)
        watched = kept.pop(id(outer))
        self.assertEqual(list(watched.parts), ["", "part", "more", "norm"])
        del outer.more  # and so it is no part any more
        self.assertEqual(list(watched.parts), ["", "part", "norm"])
        with torch.no_grad():
            outer.part.weight += 1
        del outer
        self.assertEqual(ends.watched, kept)
        ((owner, values),) = ends.gone
        self.assertEqual((owner.class_name, watched.parts), ("Module", {}))
        names = ["norm.running_mean", "norm.running_var", "norm.num_batches_tracked"]
        self.assertEqual(
            [[n for n, _ in of] for of in values], [["part.weight"], names]
        )
        ends.finish()
        self.assertEqual(written, [("Module-1", 0, "end", "part.weight")])
        del wrapper, relu

    # ---------------------------------------------------------------- sizes

    def test_sizes_are_added_up(self):
        """One by one, or as a sheet."""
        piece = room("sheet").Piece
        named = [
            ("a", piece("F32", (2,), bytes(8))),
            ("bb", piece("U8", (3,), bytes(3))),
        ]
        keys = sum(len(f"A/00000{n}/data/{name}") for n in (1,) for name, _ in named)
        for kind, header, each in (
            ("TraceFile", keys + 200, 160 + 11),
            ("DigestFile", 0, 46),
        ):
            found = getattr(room("file"), kind)(f"{self.folder}/t.safetensors")
            self.addCleanup(found.close)
            start = found.size
            for step in (1, 2, 3):
                found.add("A", step, "data", named)
                self.assertEqual(found.size - start, step * (keys + each))
                if header:
                    self.assertEqual(found.header, step * header)

    # ---------------------------------------------------------------- sheets

    def test_a_sheet_is_what_would_be_written_one_by_one(self):
        Piece = room("sheet").Piece

        def named(step, short):
            of = [
                ("a", "F32", 2, 8),
                ('b"', "U8", 3 + short, 3 + short),
                ("c", "BF16", 1, 2),
            ]
            pieces = [(n, Piece(t, (k,), bytes([step]) * size)) for n, t, k, size in of]
            return [*pieces[: 3 - short], ("none", None)]

        for kind in ("TraceFile", "DigestFile"):
            sheets, singly = (
                getattr(room("file"), kind)(f"{self.folder}/{i}.safetensors")
                for i in range(2)
            )
            for each in (sheets, singly):
                self.addCleanup(each.close)
            with mock.patch.object(sheets, "put_all", wraps=sheets.put_all) as at_once:
                for step, short in enumerate((0, 0, 0, 1, 0, 1, 0), 1):
                    whole = named(step, short)
                    added = sheets.add("A", step, "data", whole)
                    singly.add("A", step, "data", [])
                    singly.latest["A"][2]["data"] = set()  # so that each is alone
                    for one in whole:
                        singly.add("A", step, "data", [one])
                    for name, piece in whole[:-1]:
                        self.assertTrue(sheets.holds(added[name], piece))
                    self.assertEqual(len(added), 3 - short)
            self.assertEqual(at_once.call_count, 5)
            with self.assertRaisesRegex(room("options").Trouble, "came up twice"):
                sheets.add("A", 7, "data", named(7, 0)[:1])
            files = []
            for each in (sheets, singly):
                self.assertEqual(len(each), 19)
                files.append((each.size, each.names, each.series, each.kinds))
                self.assertEqual(files[0], files[-1])
                room("saving").save(each, {})
            data = [
                Path(self.folder, f"{i}.safetensors").read_bytes() for i in range(2)
            ]
            self.assertEqual(*data)

    def test_a_sheet_needs_room(self):
        Piece = room("sheet").Piece
        named = [
            ("a", Piece("F32", (2,), bytes(8))),
            ("b", Piece("U8", (3,), bytes(3))),
        ]
        for kind, limits in (
            ("TraceFile", ("MOST_TENSORS", "MOST_HEADER", "most_bytes")),
            ("DigestFile", ("most_bytes",)),
        ):
            found = getattr(room("file"), kind)(f"{self.folder}/t.safetensors")
            self.addCleanup(found.close)
            found.add("A", 1, "data", named)
            (sheet,) = found.sheets.values()
            length = sheet.length + 2 * 6
            self.assertEqual((length, sheet.size), (2 * len("A/000001/data/a"), 11))
            each = 160 + 11 if kind == "TraceFile" else 46
            needed = {"most_bytes": found.size + length + each}
            if kind == "TraceFile":
                needed |= {
                    "MOST_TENSORS": 4,
                    "MOST_HEADER": found.header + length + 200,
                }
            for name in limits:
                kept = getattr(found, name)
                for limit, has in ((needed[name], True), (needed[name] - 1, False)):
                    setattr(found, name, limit)
                    self.assertIs(found.has_room(sheet, length), has)
                setattr(found, name, kept)
            lone, key = Piece("U8", (5,), bytes(5)), "A/000009/data/z"
            found.most_bytes = found.size + 5 + len(key) - 1
            with self.assertRaises(room("file").Full):
                found.add("A", 9, "data", [("z", lone)])
            found.most_bytes += 1
            with self.assertRaisesRegex(room("options").Trouble, "came up twice"):
                found.add("A", 9, "data", [("z", lone._replace(data=b"")), ("z", lone)])
            found.most_bytes = math.inf
        parts = room("file").TraceFile(f"{self.folder}/t.safetensors")
        self.addCleanup(parts.close)
        for step, most, widths in ((1, 9, {1, 4}), (2, 2, {1}), (3, 9, {1, 4})):
            parts.MOST_TENSORS = most
            parts.add("A", step, "data", named[1:] if step == 2 else named)
            self.assertEqual(parts.parts[-1].widths, widths)
        found.add("A", 2, "data", [("x", Piece("F32", (1,), bytes(4)))])
        with mock.patch.object(room("file"), "MOST_SHEETS", 2):
            self.assertEqual(len(found.sheets), 2)
            found.add("A", 3, "data", [("y", Piece("F32", (1,), bytes(4)))])
            self.assertEqual(len(found.sheets), 1)
        fits = [(n, Piece(p.dtype, p.shape, b"x")) for n, p in named]
        self.assertIs(sheet.fits(fits), True)
        for other in (fits[:1], [("x", fits[0][1]), fits[1]]):
            self.assertIs(sheet.fits(other), False)
        other = [fits[0], ("b", Piece("U8", (4,), b""))]
        self.assertIs(sheet.fits(other), False)

    # ---------------------------------------------------------------- rows

    def rows(self, kind="TraceFile"):
        file = getattr(room("file"), kind)(f"{self.folder}/t.safetensors")
        self.addCleanup(file.close)
        return file, room("rows").Rows(file)

    def written(self, file, rows, step, named, keep=False):
        """What a step reads, once it is written."""
        found = rows.read("A", "state", named, keep)
        return found, file.add("A", step, "state", found)

    def test_what_is_read_again_is_read_together(self):
        piece, Together = room("tensors").piece, room("sheet").Together
        file, rows = self.rows()
        one, two = torch.rand(3, 2), torch.rand(5)
        for step, kind in enumerate((list, list, Together, Together), 1):
            named = [("a", one), ("b", two)]
            expected = [(name, piece(tensor)) for name, tensor in named]
            found, added = self.written(file, rows, step, named)
            self.assertIs(type(found), kind)
            self.assertEqual(list(found), expected)
            for name, content in expected:
                self.assertTrue(file.holds(added[name], content))
            one += 1
            two = two + 1 if step == 3 else two  # it lies elsewhere now
        self.assertEqual(file.add("A", 4, "state", []), {})
        file.begin_part()
        kept, _ = self.written(file, rows, 5, named, True)
        self.assertEqual(file.parts[-1].widths, {4})
        live = rows.read("A", "state", named)
        expected = [(name, piece(tensor)) for name, tensor in named]
        one += 1
        self.assertEqual(list(kept), expected)
        self.assertNotEqual(list(live), expected)
        self.assertIs(rows.rows["A", "state", "a", 2].lies(named), live.memory)
        for step in range(6, 10):
            found, added = self.written(file, rows, step, named[:1])
            self.assertTrue(file.holds(added["a"], piece(one)))
        self.assertIs(type(found), Together)
        self.assertEqual(rows.read("A", "state", []), [])
        file, rows = self.rows("DigestFile")
        for step in range(1, 5):
            found, _ = self.written(file, rows, step, named)
            self.assertIs(type(found), list)
        self.assertEqual(rows.rows, {})

    def test_what_is_otherwise_is_read_one_by_one(self):
        piece, Together = room("tensors").piece, room("sheet").Together
        last = torch.rand(8)[2:6]
        others = {
            "name": ("x", last),
            "type": ("a", torch.nn.Parameter(last)),
            "dtype": ("a", last.view(torch.int32)),
            "shape": ("a", last.view(2, 2)),
            "device": ("a", torch.empty(8, device="meta")[2:6]),
            "order": ("a", torch.rand(8)[::2]),
            "start": ("a", torch.rand(8)[3:7]),
            "memory": ("a", torch.rand(9)[2:6]),
            "nothing": ("a", last.to_sparse()),
        }
        for what, (name, other) in others.items():
            with self.subTest(what):
                file, rows = self.rows()
                named = [("z", last), ("a", last)]
                changed = [("z", last), (name, other)]
                for step in range(1, 4):
                    found, _ = self.written(file, rows, step, named)
                self.assertIs(type(found), Together)
                for step in (4, 5):
                    found, _ = self.written(file, rows, step, changed)
                    self.assertEqual(found, [(n, piece(t)) for n, t in changed])
                for step, kind in ((6, list), (7, list), (8, Together)):
                    found, _ = self.written(file, rows, step, named)
                    self.assertIs(type(found), kind)

    def test_what_is_never_read_together(self):
        Named = type("Named", (torch.Tensor,), {})
        one = torch.rand(4)
        for what in (
            one[::2],
            one.to_sparse(),
            torch.rand(1, dtype=torch.complex64).conj().imag,
            torch.rand(1, dtype=torch.complex64).conj(),
            one.as_subclass(Named),
            torch.empty(4, device="meta"),
            one.double(),  # wider than the other
        ):
            file, rows = self.rows()
            for step in range(1, 5):
                found, _ = self.written(file, rows, step, [("a", one), ("b", what)])
                self.assertIs(type(found), list)
        file, rows = self.rows()  # of none of these was anything written
        for _ in range(4):
            self.assertIs(type(rows.read("A", "state", [("a", one)])), list)

    def test_what_comes_alone_after_others_has_no_sheet(self):
        file, _ = self.rows()
        one = room("tensors").piece(torch.rand(1))
        for names, sheets in (("a", 1), ("b", 1), ("cd", 2)):
            file.add("A", 1, "data", [(name, one) for name in names])
            self.assertEqual(len(file.sheets), sheets)

    def test_rows_are_few(self):
        _, rows = self.rows()
        one = torch.rand(1)
        with mock.patch.object(room("rows"), "MOST_SHEETS", 2):
            for phase, known in (("a", 1), ("b", 2), ("a", 2), ("c", 1)):
                rows.read("A", phase, [("a", one)])
                self.assertEqual(len(rows.rows), known)

    def test_what_is_together_is_written_as_one_by_one(self):
        """With room for it and without, and beside others of its phase."""
        piece = room("tensors").piece
        large = torch.arange(room("spool").LARGE / 4)
        small = torch.rand(3)
        for most in (400_000, 5):
            contents = []
            for at_once in (True, False):
                file, rows = self.rows()
                file.MOST_TENSORS = most
                for step in range(1, 6):
                    for named in (
                        [("a", large), ("b", small)],
                        [("c", small), ("d", large)],
                    ):
                        if at_once:
                            self.written(file, rows, step, named)
                        else:
                            named = [(n, piece(t)) for n, t in named]
                            file.add("A", step, "state", named)
                    large += 1
                with self.assertRaisesRegex(
                    room("options").Trouble, "A/000005/state/a"
                ):
                    self.written(file, rows, 5, [("a", large), ("b", small)])
                large -= 5
                contents.append((file.size, file.header, file.count, file.latest))
                contents.append([part.widths for part in file.parts])
                room("saving").save(file, {})
                found = sorted(Path(self.folder).glob("*.safetensors"))
                contents.append({path.name: path.read_bytes() for path in found})
                for path in found:
                    path.unlink()
            self.assertEqual(contents[:2], contents[3:5])
            self.assertTrue(contents[2] == contents[5], "not the same bytes")

    def test_what_lies_elsewhere_is_written_at_once_if_large(self):
        module = room("spool")
        with contextlib.closing(module.Spool(self.folder)) as spool:
            for size, waits in ((module.LARGE - 1, 1), (module.LARGE, 0)):
                memory = bytearray(size - 1), bytearray(b"x")
                spool.add_memory(memory, size)
                memory[1][:] = b"y"
                self.assertEqual(len(spool.parts), waits)
            expected = bytes(module.LARGE - 2) + b"x" + bytes(module.LARGE - 1) + b"x"
            self.assertEqual(b"".join(spool.blocks(0, spool.size)), expected)

    def test_what_is_written_in_part_is_written_on(self):
        module, writev = room("spool"), os.writev
        for most, calls in ((2, 3), (9, 1)):
            with (
                contextlib.closing(module.Spool(self.folder)) as spool,
                mock.patch.object(module, "MOST", most),
                mock.patch.object(module.os, "writev") as short,
            ):
                short.side_effect = lambda fd, parts: writev(fd, [b"".join(parts)[:3]])
                for part in (b"ab", b"cd", b"ef", b"gh", b"i"):
                    spool.add(part)
                self.assertEqual(b"".join(spool.blocks(0, 9)), b"abcdefghi")
                self.assertEqual(short.call_count, calls)

    # ---------------------------------------------------------------- models

    def test_whose_a_module_is(self):
        net, other = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1)
        both, plain = torch.nn.Sequential(net, other), torch.nn.ReLU()
        models = self.models([net, other])
        wrapper = torch.nn.Sequential(net)
        with mock.patch.object(models, "look_for", wraps=models.look_for) as looked:
            for _ in range(2):
                self.assertIsNone(models.series_of(net))
            self.assertEqual(looked.call_count, 1)
            models.adopt(list(net.parameters()), {}, [])
            (series,) = models.series.values()
            for _ in range(2):
                for module, of in (
                    (net, series),
                    (wrapper, series),
                    (both, None),
                    (plain, None),
                ):
                    self.assertIs(models.series_of(module), of)
            self.assertEqual(looked.call_count, 5)
            models.note_made(net)  # it is given a part
            models.series_of(net)
            self.assertEqual(looked.call_count, 6)
        series.by_call = True
        models.note_made(net)
        self.assertIsNone(models.series_of(wrapper))  # it is another model
        self.assertIs(models.series_of(net), series)
        net.weight = torch.nn.Parameter(torch.ones(1, 1))
        self.assertIsNone(models.series_of(net))
        for _ in range(2):
            models.note_call(net)
        self.assertEqual(list(models.called), [net])

    def test_what_was_called_only_is_trained_as_another(self):
        part, other = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
        net = torch.nn.Sequential(part, other)
        models = self.models([net])
        ends, models.ends.on = models.ends, True
        models.note_call(net)
        called = [models.start(module, by_call=True) for module in (part, net)]
        self.assertIs(models.start(part, by_call=True), called[0])
        owners = [models.owner[id(param)] for param in net.parameters()]
        self.assertEqual(owners, [called[0]] * 2 + [called[1]] * 2)
        self.assertEqual(list(ends.watched), [id(part), id(net)])
        ((trained, named),) = models.by_series(list(net.parameters()), {}, [])
        self.assertEqual(
            [name for name, _ in named], [name for name, _ in trained.named]
        )
        self.assertEqual((trained.name, trained.by_call), ("Sequential-2", False))
        self.assertEqual([series.by_call for series in called], [True, True])
        self.assertEqual(set(models.owner.values()), {trained})
        self.assertEqual(list(models.awake), [trained])
        self.assertEqual(list(models.unknown), [trained])
        self.assertEqual(list(ends.watched), [id(net)])
        self.assertIs(ends.watched[id(net)].owner, trained)
        (again,) = models.by_series(list(net.parameters()), {}, [])
        self.assertEqual(again, (trained, named))
        models.start(net, by_call=True)
        self.assertEqual(set(models.owner.values()), {trained})

    def test_the_first_parameter(self):
        first, net = room("names").first_parameter, torch.nn.Module()
        self.assertIsNone(first(net))
        net.whole = net
        self.assertIsNone(first(net))
        net.register_parameter("none", None)
        net.add_module("empty", None)
        net.more, net.part = torch.nn.ReLU(), torch.nn.Linear(1, 1)
        self.assertIs(first(net), net.part.weight)
        net.own = torch.nn.Parameter(torch.ones(1))
        self.assertIs(first(net), net.own)
        deep = net.part
        for _ in range(room("names").MOST_NESTED + 2):
            deep = torch.nn.Sequential(deep)
        self.assertIs(first(deep), net.part.weight)

    # ---------------------------------------------------------------- passes

    def test_what_is_noted_of_a_call(self):
        class Own(torch.nn.MSELoss):
            def __init__(self):
                super().__init__()
                self.w = torch.nn.Parameter(torch.ones(1))

        passes, net = room("passes").Passes(self.options), torch.nn.Linear(2, 2)
        leaf = torch.ones(1, 2, requires_grad=True)
        made_by, plain = leaf * 2, torch.ones(1, 2)
        self.assertEqual(passes.behind([made_by.grad_fn], False), ([], None))
        made = passes.begin(torch.nn.MSELoss(), (leaf, made_by), {"weight": plain})
        self.assertEqual([kind for *_, kind in made.inputs], [1, 2, 0])
        self.assertEqual((made.learns, made.reached, made.has_parameters), (False,) * 3)
        for module, trained, outputs in (
            (torch.nn.MSELoss(), True, 0),
            (torch.nn.MSELoss(), False, 1),
            (Own(), True, 1),
        ):
            made = passes.begin(module, (leaf, plain), {})
            passes.end(made, module(leaf, plain), trained)
            self.assertEqual((len(made.outputs), len(made.nodes)), (outputs, 1))
        for weight, bias, learns in (
            (True, False, 1),
            (False, True, 1),
            (False, False, 0),
        ):
            net.weight.requires_grad_(weight), net.bias.requires_grad_(bias)
            made = passes.begin(net, (leaf,), {})
            passes.end(made, net(leaf), True)
            self.assertEqual((made.learns, len(made.outputs)), (learns, 1))
            self.assertIn(made, passes.pending)
        made = passes.begin(net, (plain,), {})
        passes.end(made, net(plain), True)
        self.assertEqual((made.nodes, made in passes.pending), ([], False))
        result = net(leaf)
        whole, later = result.sum(), torch.zeros(2)
        for found, loss, judged in (
            ({"a": whole, "b": result}, whole.square() / 2, True),
            ({"a": result}, result.sum() / 2, True),
            ({"a": result}, result.mean(0).sum().square(), True),
            ({"a": result}, (result - later).sum(), False),
            ({"a": result}, result.square().sum(), False),
            ({"a": result}, result, False),
        ):
            made = passes.begin(module := torch.nn.Identity(), (result,), {})
            passes.end(made, found, True)
            nodes, _ = room("graph").walk([loss])
            expected = [made], made if judged else None
            self.assertEqual(passes.behind(nodes, False), expected)
            self.assertIs(made.module(), module)

    def test_gradients_lead_to_what_they_went_through(self):
        passes, walk = room("passes").Passes(self.options), room("graph").walk
        x = torch.ones(3, 2, requires_grad=True)

        def called(net):
            made = passes.begin(net, (x,), {})
            passes.end(made, result := net(x), True)
            return made, result

        def slope(result):
            (found,) = torch.autograd.grad(result.sum(), x, create_graph=True)
            nodes, _ = walk([result])
            passes.lead_to([found, None, x], passes.behind(nodes, True)[0])
            return found

        def behind(loss, retained=True):
            return passes.behind(walk([loss])[0], retained)[0]

        tanh = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())
        (first, one), (second, other) = called(tanh), called(torch.nn.Linear(2, 2))
        self.assertEqual(behind(slope(other)), [second])
        self.assertTrue(second.within)
        self.assertEqual(behind(of_other := other.sum()), [second])
        self.assertFalse(second.within)
        both = slope(one).sum() + of_other
        self.assertEqual(behind(both), [first, second])
        self.assertEqual((first.within, second.within), (False, False))
        third, cubed = called(Cube())
        twice = slope(slope(cubed)).sum()
        self.assertEqual((behind(twice, False), third.within), ([third], True))
        passes.forget(first), passes.forget(second)
        self.assertEqual((passes.by_gradient, passes.by_node), ({}, {}))
        passes.lead_to([both], [first])  # nothing waits for it any more
        self.assertEqual((passes.by_gradient, first.within), ({}, False))


class Cube(torch.nn.Module):
    def forward(self, x):
        return x**3


class Call:
    """Of a module, as the recorder keeps it."""

    def __init__(self, n, module="module", nodes=(1,), has_parameters=True, **more):
        self.n, self.nodes, self.has_parameters = n, nodes, has_parameters
        self.module, self.found = lambda: module, []
        self.judges, self.began, self.taken = (), (), more.get("taken", False)
        self.is_criterion = more.get("is_criterion", False)
        self.judged, self.class_name = more.get("judged"), "MSELoss"
        self.inputs, self.outputs = [("input", 0, 2), ("target", 0, 0)], []
        self.size, self.reached, self.after = (
            more.get("size", 1),
            more.get("reached"),
            0,
        )
