"""How the recorder starts a script, and what it does at its end; each room alone, as
rules.py has the others."""

import contextlib
import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from tests.decisions import room


class Starts:
    """Those of rules.Rules, which has a folder."""

    # ---------------------------------------------------------------- script.py

    def test_a_script_runs_as_python_would_run_it(self):
        folder = os.path.realpath(self.folder)
        text = "import json, pathlib, sys\n"
        text += "at = [__name__, __file__, __cached__, type(__loader__).__name__]\n"
        text += "at += [sys.argv, sys.path[0], bool(__builtins__), vars() is"
        text += " vars(sys.modules['__main__'])]\n"
        text += "pathlib.Path(sys.argv[1]).write_text(json.dumps(at))"
        for safe in (False, True):
            flags = SimpleNamespace(safe_path=safe)
            with (
                mock.patch.dict(sys.modules),
                mock.patch.object(sys, "argv"),
                mock.patch.object(sys, "path", ["first"]),
                mock.patch.object(sys, "flags", flags),
            ):
                path, told = f"{folder}/s.py", f"{folder}/told"
                room("script").run(path, text, [told, "-x"])
            found = ["__main__", path, None, "SourceFileLoader", [path, told, "-x"]]
            found += ["first" if safe else folder, True, True]
            self.assertEqual(json.loads(Path(told).read_text()), found)

    def test_errors_that_lead_to_each_other(self):
        first, second = ValueError(), KeyError()
        first.__context__, second.__context__ = second, first
        with contextlib.suppress(ValueError):
            raise first
        room("script").hide_frames(first)
        self.assertIsNotNone(first.__traceback__)

    def test_frames_that_lead_to_the_recorder(self):
        script, leading = room("script"), "/torch/_compile.py"

        def frames(*files):
            """What is left of a traceback through these."""
            names, calls = {}, "raise ValueError"
            for i, file in enumerate(reversed(files)):
                code = compile(f"def f{i}(): {calls}", file, "exec")
                exec(code, names)  # noqa: S102
                calls = f"f{i}()"
            try:
                names[calls.removesuffix("()")]()
            except ValueError as error:
                script.hide_frames(error, "/recorder/")
                at, found = error.__traceback__, []
            while at is not None:
                found.append(script.file_of(at))
                at = at.tb_next
            return [file for file in found if file in files]

        for files, left in (
            (("/s.py", leading, "/recorder/a.py", "/m.py"), ["/s.py", "/m.py"]),
            (
                ("/s.py", leading, "/m.py", "/recorder/a.py"),
                ["/s.py", leading, "/m.py"],
            ),
            (("/s.py", leading, leading, "/recorder/a.py"), ["/s.py"]),
            (("/s.py", "/_compile.py", "/recorder/a.py"), ["/s.py", "/_compile.py"]),
        ):
            self.assertEqual(frames(*files), left)

    def test_what_is_imported_later(self):
        Path(self.folder, "torch.py").write_text("def f():\n    pass\n")
        then, modules = (
            mock.Mock(),
            {n: m for n, m in sys.modules.items() if n[:5] != "torch"},
        )
        finder = room("script").WhenImported(then)
        with (
            mock.patch.dict(sys.modules, modules, clear=True),
            mock.patch.object(sys, "path", [self.folder]),
            mock.patch.object(
                sys,
                "meta_path",
                [mock.Mock(find_spec=lambda *_: None), finder, *sys.meta_path],
            ),
        ):
            self.assertIsNone(finder.find_spec("json"))
            for _ in range(2):  # looked for, but not imported
                self.assertEqual(finder.find_spec("torch").name, "torch")
                self.assertEqual(sys.meta_path.index(finder), 1)
            then.assert_not_called()
            module = __import__("torch")
            self.assertEqual(module.__file__, f"{self.folder}/torch.py")
            self.assertTrue(callable(module.f))
            then.assert_called_once_with()
            self.assertNotIn(finder, sys.meta_path)
            self.assertNotIn("exec_module", vars(module.__loader__))
            self.assertIsNone(finder.find_spec("torch"))
            for spec in (None, SimpleNamespace(loader=None)):
                sys.meta_path.append(finder)
                with mock.patch("importlib.util.find_spec", return_value=spec):
                    self.assertIs(finder.find_spec("torch"), spec)

    # ---------------------------------------------------------------- cli.py

    def test_a_file_says_that_the_script_runs(self):
        running, path = room("cli").running, f"{self.folder}/running"
        with running(None):
            pass
        for ours in (True, False):
            pids = [1, 1 if ours else 2]
            with mock.patch("os.getpid", side_effect=pids), running(path):
                self.assertTrue(os.path.exists(path))
            self.assertEqual(os.path.exists(path), not ours)

    def test_why_nothing_was_recorded(self):
        cli = room("cli")

        def why(backwards, compiles=False, held=(), spawned=0, bare=False):
            batch = SimpleNamespace(backwards=backwards)
            steps = SimpleNamespace(batch=batch, held=held, spawned=spawned)
            steps.inference = SimpleNamespace(bare=bare)
            with mock.patch.object(cli.lacks, "compiles", lambda: compiles):
                return cli.why_nothing(SimpleNamespace(steps=steps))

        elastic = "torch.distributed.elastic.multiprocessing"
        self.assertIn("never", cli.why_nothing(SimpleNamespace(steps=None)))
        self.assertIn("called backward, but", why(1, True))
        self.assertIn("leave that out", why(1, held=(1,)))
        modules = {n: m for n, m in sys.modules.items() if n != elastic}
        with mock.patch.dict(sys.modules, modules, clear=True):
            self.assertIn("compiles whole", why(0, True))
            self.assertIn("processes that it spawned", why(0, True, spawned=1))
            self.assertIn("no model was called", why(0))
            self.assertIn("quantised", why(0, bare=True))
            sys.modules[elastic] = sys
            self.assertIn("other processes", why(0, True))

    def test_what_is_interrupted_is_not_recorded(self):
        recorder = mock.MagicMock(error=None)
        recorder.steps.spawned = 0
        recorder.record.is_full, recorder.record.__len__ = False, lambda _: 1
        recorder.signals.signal, recorder.options.partial = None, False
        said = room("cli").save(recorder, KeyboardInterrupt())
        self.assertIn("not recorded, for it was interrupted", said)
        recorder.save.assert_not_called()
        recorder.options.partial = True
        self.assertIn(
            "recorded 1 tensor of", room("cli").save(recorder, KeyboardInterrupt())
        )
        recorder.save.assert_called_once_with()

    def run_recorded(self, *command, error=None, forked=False, said="said"):
        """What becomes of a script that ends like this: the recorder that was asked,
        its arguments, what is returned and what is said."""
        cli, err, out = room("cli"), io.StringIO(), mock.Mock()
        with (
            mock.patch.object(cli, "Recorder") as made,
            mock.patch.object(cli, "current"),
            mock.patch.object(cli, "run_to_its_end", return_value=error),
            mock.patch.object(cli, "save", side_effect=[said]),
            mock.patch.object(sys, "__stderr__", err),
            mock.patch.object(sys, "stdout", out),
        ):
            made.return_value.pid = 0 if forked else os.getpid()
            found = cli.run_recorded(cli.parse(command), "", last := [])
            self.assertEqual(err.getvalue(), "")
            cli.say(last)
        out.flush.assert_has_calls([mock.call()] * ("said" in err.getvalue()))
        return made.return_value, made.call_args[0], found, err.getvalue()

    def test_a_flag_is_written_out(self):
        err = io.StringIO()
        with mock.patch.object(sys, "stderr", err), self.assertRaises(SystemExit):
            room("cli").parse(["--diges", "s.py"])
        self.assertIn("--diges", err.getvalue())

    def test_flags_that_stand_behind_a_script(self):
        for args, flag in (
            ("--lr 1 -o=x --steps 3", "-o"),
            ("--threads 2", "--threads"),
            ("x --quiet", "--quiet"),
            ("--lr 1 trace", None),
            ("", None),
        ):
            said = f": if {flag} is for the recorder, put it before the script"
            found = room("cli").misplaced(args.split())
            self.assertEqual(found, said if flag else "")
        nothing = "error: nothing was recorded until"
        for error, said, more in (
            (SystemExit(2), nothing, ": if -o is for the recorder, put it before"),
            (ValueError(), nothing, ""),
            (SystemExit(2), "recorded", ""),
        ):
            command = "s.py", "-o", "x"
            *_, err = self.run_recorded(*command, error=error, said=said)
            self.assertTrue(err.startswith(f"{said}{more}"), err)
            self.assertEqual("-o" in err, bool(more))

    def test_what_a_run_is_asked_for(self):
        error = ValueError()
        for command, path, name, said, ours in (
            (["a/s.py"], "s.safetensors", "s.py", "said\n", {"say_size": True}),
            (["--quiet", "s.py"], "s.safetensors", "s.py", "", {"say_size": False}),
            (["-m", "a.b"], "a.b.safetensors", "a.b", "said\n", {"partial": False}),
            (
                ["--keep-partial", "s"],
                "s.safetensors",
                "s",
                "said\n",
                {"partial": True},
            ),
            (["--sketch", "x", "s"], "s.safetensors", "s", "said\n", {"sketch": "x"}),
        ):
            asked, given, found, err = self.run_recorded(*command, error=error)
            self.assertEqual(
                (given[:3], found, err), ((path, name, {}), (error, 0), said)
            )
            for option, value in ours.items():
                self.assertEqual(getattr(given[3], option), value, command)
            self.assertEqual(asked.signals.watch.called, given[3].partial)
            for done in (asked.install, asked.sketch.write):
                done.assert_called_once_with()
            asked.signals.end_as_signal.assert_called_once()
        asked, _, found, err = self.run_recorded("s.py", error=error, forked=True)
        self.assertEqual(
            (found, err, asked.sketch.write.called), ((error, 0), "", False)
        )
        trouble = room("options").Trouble("wrong")
        _, _, found, err = self.run_recorded("--quiet", "s.py", said=trouble)
        self.assertEqual((found, err), ((None, 2), "error: wrong\n"))

    def test_a_script_is_not_written_over(self):
        path = f"{self.folder}/s"
        Path(path).write_text("")
        with self.assertRaisesRegex(room("options").Trouble, "the script itself"):
            self.run_recorded("--trace", path, path)
        self.assertEqual(self.run_recorded("--trace", path, "-m", path)[2], (None, 0))

    def test_pytorch_is_watched_as_soon_as_it_is_there(self):
        modules = {n: m for n, m in sys.modules.items() if n != "torch"}
        with (
            mock.patch.dict(sys.modules, modules, clear=True),
            mock.patch.object(sys, "meta_path", [*sys.meta_path]),
        ):
            asked, *_ = self.run_recorded("s.py")
            first = sys.meta_path[0]
        self.assertEqual(asked.install.called, False)
        self.assertIs(first.then, asked.install)

    def test_how_a_run_ended(self):
        cli, error, late = room("cli"), ValueError(), KeyError()
        for raised, then, signalled, forked, found, whole in (
            (None, None, None, False, None, True),
            (error, None, None, False, error, False),
            (error, late, None, False, error, False),
            (None, late, None, False, late, False),
            (SystemExit(0), None, None, False, SystemExit, True),
            (error, None, 15, False, error, False),
            (error, None, None, True, error, None),
        ):
            recorder = mock.Mock(pid=0 if forked else os.getpid())
            recorder.signals.signal = signalled
            options = SimpleNamespace(module=False, script="s", args=[])
            with (
                mock.patch.object(cli, "run", side_effect=raised) as ran,
                mock.patch.object(cli, "wait_for_threads", side_effect=then) as waits,
            ):
                ended = cli.run_to_its_end(recorder, options, "text")
            ran.assert_called_once_with("s", "text", [])
            if found is SystemExit:
                self.assertIs(ended, raised)
            else:
                self.assertIs(ended, found)
            self.assertEqual(waits.called, signalled is None and not forked)
            calls = [] if whole is None else [mock.call(whole)]
            self.assertEqual(recorder.finish.mock_calls, calls)

    def test_the_status_of_a_run(self):
        cli, error = room("cli"), ValueError("mine")
        script = f"{self.folder}/s.py"
        Path(script).write_text("")

        def main(*found):
            err, kept = io.StringIO(), sys.excepthook
            sys.excepthook = shown = mock.Mock()
            try:
                with (
                    mock.patch.object(cli, "run_recorded", side_effect=found),
                    contextlib.redirect_stderr(err),
                ):
                    cli.main([script])
            except BaseException as raised:  # noqa: BLE001
                with mock.patch.object(cli, "hide_frames") as hides:
                    if sys.excepthook is not shown:
                        sys.excepthook(type(raised), raised, "not this")
                return raised, err.getvalue(), shown.mock_calls, hides.mock_calls
            finally:
                sys.excepthook = kept
            return None

        for ended in ((None, 0), (None, 2), (SystemExit(0), 0)):
            raised, *said = main(ended)
            self.assertEqual((type(raised), raised.code), (SystemExit, ended[1]))
            self.assertEqual(said, ["", [], []])
        raised, *said = main(room("options").Trouble("wrong"))
        self.assertEqual((raised.code, *said), (2, "error: wrong\n", [], []))
        raised, *said = main((error, 0))
        shown = mock.call(ValueError, error, error.__traceback__)
        self.assertIs(raised, error)
        self.assertEqual(said, ["", [shown], [mock.call(error)]])
        raised, *said = main((exits := SystemExit(3), 0))
        self.assertIs(raised, exits)
        self.assertEqual(said, ["", [], []])
