"""What the recorder's rooms decide: which calls and backward passes a step is made of,
and what is told of its optimizer; each alone, as rules.py has the others."""

import importlib
import signal
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
        self.batch.after_backward(event)
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
        batch.let_models_go(taken=True)
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
        for taken in (True, False):
            self.assertTrue(event.models[0] is net)
            stage.batch.let_models_go(taken=taken)
        self.assertEqual(event.models if not taken else None, [])
        seen, known = stage.series("D", net), {id(p) for p in net.parameters()}
        self.assertFalse(stage.batch.take(seen, known, 1, False))

    def test_passes_to_parameters_that_were_gathered(self):
        stage, net = Stage(self.record), torch.nn.Linear(2, 1)
        other = torch.nn.Linear(2, 1)
        _, result = stage.call(net, torch.ones(3, 2))
        _, loss = stage.call(torch.nn.MSELoss(), result, torch.zeros(3, 1))
        to_itself = stage.backward(loss, True, list(net.parameters()))
        event = stage.backward(loss)
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

    def test_what_a_step_lacks(self):
        lacks, one = room("lacks"), object()
        part = SimpleNamespace(is_criterion=False, module=lambda: 1, outputs=[("", 5)])
        other = SimpleNamespace(is_criterion=False, module=lambda: 2, outputs=[])
        criterion = SimpleNamespace(is_criterion=True, module=lambda: 3, outputs=[])
        event = SimpleNamespace(losses=[4, 5])
        series = SimpleNamespace(path={1: "part"}.get, class_name="Net")
        bare = SimpleNamespace(path={}.get, class_name=None)
        no_call = lacks.COMPILED if lacks.compiles() else lacks.NO_CALL
        for of, events, passes, inputs, targets, missing, why in (
            (series, [], [part], [one], [one], "data forward loss", lacks.NO_PASS),
            (series, [event], [part], [], [one], "data", lacks.NO_INPUT),
            (series, [event], [other, criterion], [], [], "data forward", no_call),
            (bare, [event], [other], [], [], "data", no_call),
            (series, [event], [part], [one], [one], "", None),
            (series, [event], [other, criterion], [one], [], "", None),
            (series, [event], [part], [one], [], "", None),
            (series, [event], [other], [one], [], "target", lacks.NO_CRITERION),
        ):
            found = lacks.of_step(of, events, passes, inputs, targets)
            self.assertEqual(found, (tuple(missing.split()), why))

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
            self.assert_ends_as(signals, number if is_term else None)
            signals.signal = None
        self.assert_ends_as(signals, None)

    def assert_ends_as(self, signals, number):
        with (
            mock.patch("signal.raise_signal") as sent,
            mock.patch("signal.signal") as at,
        ):
            signals.end_as_signal()
        expected = [] if number is None else [mock.call(number)]
        self.assertEqual(sent.mock_calls, expected)
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
        models = SimpleNamespace(series={"A": series})
        recorder = SimpleNamespace(steps=SimpleNamespace(plans=plans, models=models))
        sketch.look(recorder)
        self.assertEqual(sketch.series, {})
        series.steps = 1
        for rate in (0.25, 0.125):  # that of the first step
            optimizer.param_groups[0]["lr"] = rate
            sketch.look(recorder)
            (group,) = sketch.series["A"]["groups"]
            self.assertEqual(group["settings"]["lr"], 0.25)
