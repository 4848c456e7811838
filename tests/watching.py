"""What the recorder's wrappers and hooks let through, and what they note; each room
alone, as rules.py has the others."""

import os
import weakref
from types import SimpleNamespace
from unittest import mock

import torch

from tests.decisions import room


class Watching:
    """Those of rules.Rules, which has a record."""

    # ---------------------------------------------------------------- watch.py

    def watching(self, **more):
        """A recorder that notes nothing."""
        found = SimpleNamespace(on=True, backward_running=False, options=self.options)
        found.local, found.guarded = room("watch").Local(), lambda note: note
        found.steps = mock.Mock()
        found.steps.asleep = asleep = mock.Mock()  # whose calls are not listed
        for skips in (asleep.skips_call, asleep.skips_backward):
            skips.return_value = False
        vars(found).update(more)
        return found

    def test_what_is_no_part_of_a_step(self):
        not_watched = room("watch").not_watched
        for inference, grad, running, tracing, expected in (
            (False, True, False, None, False),
            (True, False, False, None, False),
            (False, False, False, None, True),
            (True, True, True, None, True),
            (True, True, False, object(), True),
        ):
            recorder = self.watching(backward_running=running)
            self.options.inference = inference
            with (
                torch.set_grad_enabled(grad),
                mock.patch("torch._C._get_tracing_state", return_value=tracing),
            ):
                found = not_watched(recorder)
            self.assertEqual(found is not None and bool(found), expected)
        leaf = torch.ones(1, requires_grad=True)
        for inputs, expected in (
            ([leaf, torch.ones(1)], True),
            ([leaf, leaf * 2], False),
            ([leaf, "x"], False),
        ):
            self.assertIs(room("watch").all_leaves(inputs), expected)

    def test_which_calls_are_noted(self):
        self.options.inference = True
        net, watch = torch.nn.Identity(), room("watch")
        for compiling, on, nested, forward, noted in (
            (False, True, False, False, "before after"),
            (False, True, True, False, ""),
            (False, True, True, True, "inside"),
            (True, True, False, True, ""),
            (False, False, False, True, ""),
            (False, False, True, True, ""),
        ):
            for wrapper in (
                watch.watched_call,
                watch.watched_forward,
                watch.watched_criterion,
            ):
                self.options.forward = forward
                recorder = self.watching(on=on)
                original, steps = mock.Mock(return_value="result"), recorder.steps
                with mock.patch("torch.compiler.is_compiling", lambda c=compiling: c):
                    watched = wrapper(recorder, original)
                    recorder.local.made = made = object() if nested else None
                    of = () if wrapper is watch.watched_criterion else (net,)
                    self.assertEqual(watched(*of, 1, a=2), "result")
                self.assertIs(recorder.local.made, made)
                original.assert_called_once_with(*of, 1, a=2)
                calls = [call[0].split("_")[0] for call in steps.method_calls]
                called = [name for name in calls if name != "asleep.skips"]
                expected = noted if wrapper is watch.watched_call else noted[:12]
                expected = expected.replace("inside", "")
                if wrapper is watch.watched_call and noted == "inside":
                    steps.inside.assert_called_once_with(made, net, "result")
                    expected = "inside"
                self.assertEqual(" ".join(called), expected)
        for wrapper, of in (
            (watch.watched_forward, (net,)),
            (watch.watched_criterion, ()),
        ):
            recorder = self.watching(backward_running=True)  # as of a checkpoint
            self.assertEqual(wrapper(recorder, original)(*of, 1), "result")
            self.assertEqual(recorder.steps.method_calls, [])
        criterion = watch.watched_criterion(self.watching(), original)
        known = {"__script_if_tracing_wrapper": True, "__original_fn": original}
        self.assertEqual(vars(criterion), known)  # TorchScript asks for them

    def test_which_calls_are_skipped(self):
        net, watch = torch.nn.Identity(), room("watch")
        for is_over in (True, False):
            recorder = self.watching()
            asleep = recorder.steps.asleep = mock.Mock()
            asleep.skips_call.return_value = True
            asleep.skipped.return_value = is_over

            def original(*_, recorder=recorder, asleep=asleep, **__):
                self.assertIs(recorder.local.made, asleep)
                return "result"

            call = watch.watched_call(recorder, original)
            self.assertEqual(call(net, 1, a=2), "result")
            asleep.skips_call.assert_called_once_with(net, (1,), {"a": 2})
            asleep.skipped.assert_called_once_with("result")
            recorder.steps.before_call.assert_not_called()
            expected = [] if is_over else [mock.call(asleep, "result")]
            self.assertEqual(recorder.steps.after_call.mock_calls, expected)
            self.assertIs(recorder.local.made, None)
            asleep.skips_backward.return_value = True
            watch.watched_backward(recorder, mock.Mock())("loss")
            asleep.skips_backward.assert_called_once_with("loss")
            recorder.steps.before_backward.assert_not_called()

    def test_which_backward_passes_are_noted(self):
        watch, one = room("watch"), torch.ones(1, requires_grad=True)
        for args, kwargs, retained in (
            ((one,), {}, None),
            ((one, None, True), {}, True),
            ((one, None, False, True), {}, False),
            ((one, None, None, True), {}, True),
            ((one,), {"create_graph": True}, True),
        ):
            recorder = self.watching()
            recorder.steps.before_backward.return_value = event = object()

            def original(*_, recorder=recorder, **__):
                self.assertIs(recorder.backward_running, True)
                return "result"

            backward = watch.watched_backward(recorder, original)
            self.assertEqual(backward(*args, **kwargs), "result")
            self.assertIs(recorder.backward_running, False)
            recorder.steps.before_backward.assert_called_once_with(one, retained)
            recorder.steps.after_backward.assert_called_once_with(event, "result")
        grad = watch.watched_grad(recorder, original)
        recorder.steps.reset_mock()
        self.assertEqual(grad(iter([one]), one), "result")
        self.assertIs(recorder.backward_running, False)
        recorder.steps.before_backward.assert_called_once_with((one,), True, [one])
        recorder.steps.after_backward.assert_called_once_with(event, "result")
        recorder.steps.within_loss.assert_called_once_with(event, "result")
        recorder.steps.reset_mock()
        recorder.steps.before_backward.return_value = None  # noting it failed
        self.assertEqual(grad(one, one), "result")
        recorder.steps.within_loss.assert_not_called()
        recorder.steps.before_backward.return_value = event
        recorder.steps.reset_mock()
        grad(one, [one, one * 2])  # which is not updated by hand
        recorder.steps.before_backward.assert_called_once_with(one, True, [])
        recorder.steps.batch.failed.assert_not_called()
        raising = mock.Mock(side_effect=KeyboardInterrupt)
        for wrapper in (watch.watched_backward, watch.watched_grad):
            recorder.steps.reset_mock()
            with self.assertRaises(KeyboardInterrupt):
                wrapper(recorder, raising)(one, one)
            self.assertIs(recorder.backward_running, False)
            recorder.steps.batch.failed.assert_called_once_with(event)
            recorder.steps.after_backward.assert_not_called()

    def test_which_backward_passes_are_not(self):
        watch, one = room("watch"), torch.ones(1, requires_grad=True)
        for on, running in ((False, False), (True, True)):
            recorder = self.watching(on=on, backward_running=running)
            original = mock.Mock(return_value="result")
            grad = watch.watched_grad(recorder, original)
            self.assertEqual(grad(one, one), "result")
            backward = watch.watched_backward(recorder, original)
            self.assertEqual(backward(one), "result")
            self.assertEqual(recorder.steps.method_calls, [])
        with mock.patch("torch._disable_dynamo") as disabled:
            watch.watched_grad(self.watching(), original)
            watch.watched_backward(self.watching(), original)
        for call in disabled.mock_calls:
            self.assertEqual(call.kwargs, {"recursive": False})  # not what it calls

    # ---------------------------------------------------------------- untraced.py

    def test_what_is_compiled_leaves_the_recorder_out(self):
        untraced = room("untraced")
        for compiling, expected in ((False, "real"), (True, "disabled")):
            with (
                mock.patch.object(untraced, "skip") as skipped,
                mock.patch("torch._disable_dynamo", lambda _: lambda *_: "disabled"),
                mock.patch("torch.compiler.is_compiling", lambda c=compiling: c),
            ):
                direct = untraced.untraced(
                    lambda *args: "real" if args == (1,) else None
                )
                self.assertEqual(direct(1), expected)
                skipped.assert_called_once_with(direct.__code__)
        frames = mock.Mock(
            spec=["_FrameAction", "_FrameExecStrategy", "set_code_exec_strategy"]
        )
        with mock.patch.object(untraced, "frames", frames):
            untraced.skip("code")
        action, how = frames._FrameAction, frames._FrameExecStrategy
        how.assert_called_once_with(action.SKIP, action.DEFAULT)
        frames.set_code_exec_strategy.assert_called_once_with("code", how.return_value)

    # ---------------------------------------------------------------- steps.py

    def test_what_sleeps_is_not_noted(self):
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        steps.passes.inside = inside = mock.Mock()
        steps.inference.over_unseen = unseen = mock.Mock()
        steps.asleep = asleep = mock.Mock()
        asleep.all.return_value = asleep.call.return_value = True
        self.assertIs(steps.before_call(net, (), {}), asleep)
        steps.inside(asleep, net, "result")
        inside.assert_not_called()
        made = steps.passes.begin(net, (), {})
        steps.inside(made, net, "result")
        inside.assert_called_once_with(made, net, "result")
        for followed in (True, False):
            asleep.over.return_value = followed
            steps.after_call(asleep, "result")
            self.assertEqual(unseen.called, not followed)

    def test_what_is_noted_before_a_call(self):
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        steps.models.ends.write_gone = gone = mock.Mock()
        steps.models.note_call = called = mock.Mock()
        with torch.no_grad():
            steps.before_call(net, (), {})
        steps.before_call(
            room("passes").Criterion(torch.nn.functional.mse_loss), (), {}
        )
        called.assert_not_called()
        steps.before_call(net, (), {})
        called.assert_called_once_with(net)
        self.assertEqual(gone.call_count, 3)

    def test_which_backward_passes_are_not_noted(self):
        steps = room("steps").Steps(self.record)
        steps.batch.before_backward = mock.Mock(return_value="event")
        steps.asleep, one = mock.Mock(), torch.ones(1, requires_grad=True)
        for inputs, sleeps, expected in (
            (None, True, None),
            (None, False, "event"),
            ([one], True, "event"),
        ):
            steps.asleep.all.return_value = sleeps
            self.assertEqual(steps.before_backward(one, False, inputs), expected)

    def test_what_was_updated_by_hand_before_a_step(self):
        self.options.explain = False
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        steps.models.note_made(net)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        bare, before = torch.ones(1, requires_grad=True), net.weight.detach().clone()
        loss = (net(torch.ones(1, 1)) * bare).sum()
        event = steps.before_backward(loss, False)
        loss.backward()
        steps.after_backward(event)
        with torch.no_grad():
            bare += 1
            net.weight += 1
        steps.before_step(optimizer, (), {})
        found = {name: series.steps for name, series in steps.models.series.items()}
        self.assertEqual(found, {"params-1": 1, "Linear-1": 0})
        init = steps.models.series["Linear-1"].last["weight"]
        content = room("tensors").piece(before)
        self.assertTrue(self.record.file.holds(init, content))

    def test_a_backward_pass_that_raised_is_forgotten(self):
        batch = room("steps").Steps(self.record).batch
        batch.events = events = [object(), object()]
        batch.failed(events[0])
        self.assertEqual(batch.events, events[1:])

    def test_what_a_backward_pass_leaves(self):
        steps = room("steps").Steps(self.record)
        leaves = [torch.ones(2, requires_grad=True) for _ in range(3)]
        leaves[1].data.untyped_storage().resize_(0)  # as FSDP does
        event = SimpleNamespace(leaves=list(map(weakref.ref, leaves)), passes=[])
        leaves.pop()
        steps.after_backward(event)
        self.assertEqual(list(steps.watched), [id(leaves[0])])

    def test_what_an_optimizer_begins(self):
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        self.assertEqual(steps.in_step(), False)
        steps.stepping, steps.within = [object()], [object()]  # a step raised
        steps.before_step(optimizer, (), {})
        self.assertEqual(steps.within, [])
        self.assertTrue(steps.inference.trains)
        self.assertIn(optimizer, steps.inference.optimizers)
        self.assertEqual(steps.stepping, [optimizer])
        with mock.patch.object(room("steps"), "running", lambda: [optimizer]):
            self.assertEqual((steps.in_step(), steps.in_step(1)), (True, False))
        net.weight.grad = torch.ones(1, 1)
        named = list(net.named_parameters())
        self.assertEqual(
            [name for name, _ in steps.grads_of(SimpleNamespace(name="A"), named)],
            ["weight"],
        )
        steps.phases = ()
        self.assertEqual(steps.grads_of(None, named), [])

    def test_what_is_known_of_parameters_that_are_not_recorded(self):
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        series, named = steps.models.start(net), list(net.named_parameters())
        steps.end_step(series, named, None, {}, False)
        self.assertEqual(list(series.last), ["weight", "bias"])
        self.options.every = 3
        steps.end_step(series, named, None, {}, False)
        self.assertEqual((series.last, series.steps), ({}, 2))

    def test_what_is_noted_after_a_backward_pass(self):
        steps = room("steps").Steps(self.record)
        leaves = [torch.ones(1, requires_grad=True) for _ in range(4)]
        refs = [*map(weakref.ref, leaves)]
        by_hand, by_optimizer = (SimpleNamespace(by_optimizer=b) for b in (False, True))
        steps.models.owner |= {id(leaves[0]): by_hand, id(leaves[1]): by_optimizer}
        here = list(map(id, leaves[:3]))
        leaves.pop()  # it is gone
        event, one = SimpleNamespace(leaves=refs, passes=[], losses=[]), torch.ones(1)
        steps.after_backward(event, [one, one, None, None])
        self.assertEqual(list(steps.watched), [here[0], here[2]])
        grads = [grad and grad.data for _, _, grad in steps.watched.values()]
        self.assertEqual(grads, [one.numpy().tobytes(), None])
        steps.phases = ()
        steps.after_backward(event, [one] * 4)
        self.assertEqual({grad for _, _, grad in steps.watched.values()}, {None})

    def test_what_an_optimizer_holds_is_not_updated_by_hand(self):
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        weight, bias = net.parameters()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        steps.inference.training(optimizer)
        refs = [weakref.ref(weight), weakref.ref(bias)]
        event = SimpleNamespace(leaves=refs, passes=[], accumulates=True)
        steps.after_backward(event)
        with torch.no_grad():
            weight += 1
        steps.notice_updates()
        self.assertEqual(steps.models.series, {})
        self.assertEqual(steps.held, {id(weight): refs[0]})
        steps.after_backward(event)  # what it is for a while is not what it began with
        self.assertEqual(list(steps.watched), [id(bias)])
        steps.before_step(optimizer, (), {})
        self.assertEqual(steps.held, {})

    def test_what_is_noted_before_a_step(self):
        net = torch.nn.Linear(1, 1, bias=False)
        net.weight.grad = torch.ones(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
        for first, args, kwargs, groups, grads in (
            (1, (), {}, True, True),
            (2, (), {}, False, False),
            (0, (optimizer, len), {}, True, False),
            (0, (optimizer,), {"closure": len}, True, False),
            (0, (optimizer, None), {}, True, True),
        ):
            self.options.first, self.options.end = first, first + 2
            steps = room("steps").Steps(self.record)
            steps.by_series = lambda *_: [
                (mock.Mock(steps=0, optimizers=[]), [("w", net.weight)])
            ]
            steps.before_step(optimizer, args, kwargs)
            rates = [group["lr"] for group in steps.groups]
            self.assertEqual(rates, [0.5] * groups, (first, args))
            found = [[name for name, _ in of] for of in steps.grads or ()]
            self.assertEqual(found, [["w"]] * grads, (first, args))

    def test_whose_step_is_over(self):
        net = torch.nn.Linear(1, 1, bias=False)
        for every, closure, stepping, before in (
            (1, None, 1, True),
            (1, len, 1, False),
            (2, len, 1, None),
            (1, None, 2, True),  # one within has raised
        ):
            self.options.every = every
            record = room("record").Record(f"{self.folder}/{every}", self.options)
            self.addCleanup(record.file.close)
            steps = room("steps").Steps(record)
            steps.models.note_made(net)
            optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
            net.weight.grad = torch.zeros(1, 1)
            steps.before_step(optimizer, (optimizer, closure), {})
            net.weight.grad = torch.ones(1, 1)
            steps.stepping *= stepping
            steps.end_step = mock.Mock()
            with mock.patch.object(room("steps"), "running", lambda o=optimizer: [o]):
                steps.after_step(optimizer, (), {})
            (((_, _, grads, *_), _),) = steps.end_step.call_args_list
            found = grads and (grads[0][1].data == bytes(4))  # as before the step
            self.assertIs(found, before)

    def test_what_optimizers_within_others_remember(self):
        one, other = torch.ones(1), torch.ones(1)
        outer = SimpleNamespace(state={one: {"a": 1, "b": 2}})
        inner = SimpleNamespace(state={one: {"b": 3, "c": 4}, other: {"d": 5}, "n": 6})
        state_within = room("steps").state_within
        self.assertIs(state_within(outer, []), outer.state)
        expected = {one: {"a": 1, "b": 2, "c": 4}, other: {"d": 5}}
        self.assertEqual(state_within(outer, [inner]), expected)

    def test_bare_tensors_that_are_updated_by_hand(self):
        self.options.explain, event = False, room("batch").Event
        steps, net = room("steps").Steps(self.record), torch.nn.Linear(1, 1)
        steps.models.note_made(net)
        steps.watch_forward = mock.Mock()
        a, b = (torch.ones(1, requires_grad=True) for _ in range(2))
        for changed, found in (
            ([net.weight], {"Linear-1": 1}),
            ([a], {"Linear-1": 1, "params-1": 1}),
            ([net.weight, b], {"Linear-1": 2, "params-1": 2}),
        ):
            steps.after_backward(event([], (net.weight, a, b), [], [], True, False))
            with torch.no_grad():
                for leaf in changed:
                    leaf += 1
            with mock.patch.object(steps, "in_step", lambda: True):
                steps.notice_updates()
            self.assertEqual(len(steps.watched), 3)
            steps.notice_updates()
            self.assertEqual(
                {name: series.steps for name, series in steps.models.series.items()},
                found,
            )
        self.assertEqual(len(steps.models.series["params-1"].named), 2)

    def test_what_is_left_of_a_step(self):
        steps = room("steps").Steps(self.record)
        series = room("models").Series("A", "Linear", None, [], None)
        self.assertIs(steps.slept(series), True)
        for of, place in (
            (steps.models.awake, series),
            (steps.passes.pending, "made"),
        ):
            of[place] = None
            self.assertIs(steps.slept(series), False)
            of.clear()
        steps.batch.events = [SimpleNamespace(taken={series}, models=["kept"])]
        self.assertIs(steps.slept(series), False)
        steps.batch.take, (event,) = mock.Mock(return_value=False), steps.batch.events
        for every, awake, events, looked in (
            (1, False, [], 1),
            (99, False, [], 0),
            (99, True, [], 1),
            (99, False, [event], 1),
        ):
            self.options.every, steps.batch.events = every, events
            steps.models.awake = {series: None} if awake else {}
            steps.batch.take.reset_mock()
            steps.asleep.after_step, steps.models.fresh = mock.Mock(), True
            steps.models.ends.watch_others = mock.Mock()
            steps.end_step(series, [], None, {}, False)
            self.assertEqual(steps.batch.take.call_count, looked)
            steps.asleep.after_step.assert_called_once_with(series)
            self.assertIs(steps.models.fresh, False)
            steps.models.ends.watch_others.assert_called_once_with()
        self.assertEqual(event.models, [])
        param = torch.ones(1)
        steps.record.write_all = written = mock.Mock(return_value={})
        state = {param: {"step": 1, "momentum": param}}
        steps.write(series, [("w", param)], [], state, [("buffer", 2)])
        names = [
            (*args[2:3], [n for n, _ in args[3]]) for args, _ in written.call_args_list
        ]
        state = [("state", ["w.momentum"]), ("state", ["buffer"])]
        self.assertEqual(names, [("grad", []), *state, ("param", ["w"])])

    # ---------------------------------------------------------------- recording.py

    def recorder(self, **more):
        options = room("options").Options(**more)
        found = room("recording").Recorder(f"{self.folder}/r", "test", {}, options)
        self.addCleanup(found.record.file.close)
        found.steps = mock.Mock()
        return found

    def test_what_stops_a_recording(self):
        for error, full in ((room("file").Full(), True), (ValueError(), False)):
            recorder, note = self.recorder(), mock.Mock(side_effect=[3, error, 4])
            attempt = recorder.guarded(note)
            self.assertEqual([attempt(n) for n in range(4)], [3, None, None, None])
            self.assertEqual(note.mock_calls, [mock.call(0), mock.call(1)])
            self.assertEqual((recorder.on, recorder.record.is_full), (False, full))
            self.assertIs(recorder.error, None if full else error)
            recorder.fail(KeyError())
            self.assertIs(type(recorder.error), KeyError if full else ValueError)
        recorder, undone = self.recorder(), []
        recorder.undo = [lambda: undone.append(1), lambda: undone.append(2)]
        for _ in range(2):
            recorder.finish()
        recorder.steps.finish.assert_called_once_with(True)
        self.assertEqual((undone, recorder.on), ([2, 1], False))

    def test_how_a_recording_ends(self):
        recording, error = room("recording"), ValueError()
        for partial, number, raised, saved, said in (
            (False, 1, None, 1, None),
            (False, 1, error, 0, None),
            (True, 0, error, 0, None),
            (True, 1, error, 1, "until the script raised ValueError"),
        ):
            with mock.patch.object(recording, "Recorder") as made:
                recorder = made.return_value
                recorder.options.partial, recorder.error = partial, None
                recorder.partial, recorder.signals.signal = None, None
                recorder.record.__len__ = lambda _, n=number: n
                recorder.record.__bool__ = lambda _: True
                try:
                    with recording.recording("r", "test", {}):
                        if raised:
                            raise raised
                except ValueError as found:
                    self.assertIs(found, raised)
                self.assertEqual(recorder.save.call_count, saved)
                self.assertEqual(recorder.partial, said)
                whole = [] if raised is None or not saved else [mock.call(False)]
                whole += [mock.call()] * (1 if raised else 2)
                self.assertEqual(recorder.finish.mock_calls, whole)
                self.assertEqual(recorder.signals.watch.called, partial)
                ends = recorder.signals.end_as_signal.called
                self.assertEqual(ends, raised is not None)
                for done in (recorder.signals.leave, recorder.record.file.close):
                    done.assert_called_once_with()

    def test_signals_wait_while_something_is_being_noted(self):
        untraced = room("untraced")
        with (
            mock.patch.object(untraced, "set_eval_frame", side_effect=[7, 0] * 9) as at,
            mock.patch.object(untraced, "skip") as skipped,
        ):
            recorder = self.recorder()
            recorder.sketch, recorder.signals = (
                mock.Mock(),
                mock.Mock(busy=0, waits=None),
            )
            signals, seen = recorder.signals, []
            attempt = recorder.guarded(lambda n: seen.append(signals.busy) or n)
            skipped.assert_called_once_with(attempt.__code__)
            self.assertEqual(attempt(3), 3)
            recorder.sketch.look.assert_called_once_with(recorder)
            self.assertEqual((seen, signals.busy), ([1], 0))
            self.assertEqual(at.mock_calls, [mock.call(None), mock.call(7)])
            signals.noted.assert_not_called()
            signals.waits, recorder.sketch = 15, None
            self.assertEqual(recorder.guard(lambda: 4), 4)
            signals.noted.assert_called_once_with()

    def test_a_forked_process_records_nothing(self):
        recording, recorder = room("recording"), self.recorder()
        recording.after_fork()  # nothing is recorded
        with recording.current(recorder):
            if (pid := os.fork()) == 0:
                os._exit(recorder.on)
            self.assertEqual((os.waitpid(pid, 0)[1], recorder.on), (0, True))
        recorder.signals.signal = None
        self.assertEqual(recording.how_it_ended(None, recorder), "")

    def test_which_of_some_steps_are_wanted(self):
        for first, end, every, steps, wanted in (
            (0, 9, 1, range(3, 4), True),
            (4, 9, 1, range(3, 4), False),
            (4, 9, 1, range(3, 5), True),
            (0, 3, 1, range(3, 9), False),
            (0, 9, 4, range(5, 8), False),
            (0, 9, 4, range(5, 9), True),
        ):
            self.options.first, self.options.end, self.options.every = first, end, every
            found = self.record.next_wanted(steps.start)
            self.assertIs(found < steps.stop, wanted)
            self.assertIs(any(map(self.record.wants, steps)), wanted)
        self.options.first, self.options.every, one = (
            0,
            1,
            room("sheet").Piece("U8", (1,), b"x"),
        )
        for named, phase, keys in (
            ([], "data", []),
            ([("x", one)], "other", []),
            ([("x", one)], "data", ["x"]),
        ):
            self.assertEqual(list(self.record.write_all("A", 1, phase, named)), keys)
