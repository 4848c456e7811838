"""One recording, from start to end; and what a script says to it itself."""

import contextlib
import os
import signal
import sys

from . import lacks
from .file import Full
from .options import Options, Trouble
from .record import Record
from .saving import save
from .signals import Signals, is_of_a_handler


def environment():
    """What a run's numbers hold for."""
    import torch

    return {
        "by": "PyTorch",
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "cpu": cpu(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


def cpu():
    """Its name, where the system tells, else its architecture."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(": ")[2].strip()
    return os.uname().machine


class Recorder:
    """What is recorded of this process."""

    def __init__(self, path, experiment, settings, options=None):
        self.options = options or Options()
        self.record = Record(path, self.options)
        self.experiment, self.settings = experiment, settings
        self.partial = None  # why it ends before the run was to end
        self.signals = Signals()
        self.on, self.pid, self.error, self.undo = True, os.getpid(), None, []
        self.steps = None  # from `install` on
        self.sketch = None  # what a port begins with, where that is asked for

    def install(self):
        """Watches PyTorch until `finish`. The rooms that need it are imported now,
        when the script has: what it sets before its `import torch`, such as
        OMP_NUM_THREADS, must count."""
        from . import sketch, steps, tensors, watch

        tensors.as_digests = self.options.digest
        self.steps = steps.Steps(self.record)
        if self.options.sketch:
            self.sketch = sketch.Sketch(self.options.sketch)
        watch.install(self)

    def guard(self, note, *args):
        """Calls what notes something, as `guarded` has it."""
        return self.guarded(note)(*args)

    def guarded(self, note):
        """What calls `note`, which torch.compile and modes do not see. Where it fails,
        the recording stops, and the script goes on."""
        from .untraced import set_eval_frame, skip

        signals = self.signals
        no_torch_function = sys.modules["torch"]._C.DisableTorchFunction

        def attempt(*args):
            if not self.on:
                return None
            signals.busy += 1
            before = set_eval_frame(None)
            try:
                with no_torch_function():
                    found = note(*args)
                    if self.sketch is not None:
                        self.sketch.look(self)
                    return found
            except Full:
                self.on, self.record.is_full = False, True
                return None
            except Exception as error:
                self.fail(error)
                if is_of_a_handler(error):
                    raise
                return None
            finally:
                set_eval_frame(before)
                signals.busy -= 1
                if signals.waits is not None:
                    signals.noted()

        skip(attempt.__code__)
        return attempt

    def fail(self, error):
        """Stops recording, but not the script."""
        self.on = False
        self.error = self.error or error

    def about(self):
        file, series = self.record.file, self.steps.models.series.values()
        about = {
            "experiment": self.experiment,
            "settings": self.settings,
            "environment": environment(),
            "series": list(file.series),
            "names": list(file.names),
            "events": self.record.events.in_order(),
            "generator": self.record.generator,
            "groups": self.record.groups,
            "models": [each.about() for each in series if each.steps],
        }
        found = {"lacks": list(lacks.words(self.steps)), "partial": self.partial}
        return about | {name: said for name, said in found.items() if said}

    def finish(self, whole=True):
        """Records an update by hand after which nothing came, and stops."""
        if self.steps is not None:
            self.guard(self.steps.finish, whole)
        for undo in reversed(self.undo):
            undo()
        self.undo.clear()
        self.on = False

    def save(self):
        """Writes the file."""
        save(self.record.file, self.about())


_recorder = None  # of the recording that is on


def after_fork():
    """A forked process records nothing."""
    if _recorder is not None:
        _recorder.on = False


os.register_at_fork(after_in_child=after_fork)


@contextlib.contextmanager
def current(recorder):
    """Lets scripts speak to it."""
    global _recorder
    if _recorder is not None:
        path = recorder.record.file.path
        raise Trouble(f"cannot record {path}: a recording is on already")
    _recorder = recorder
    try:
        yield
    finally:
        _recorder = None


def data(**named):
    """Records what all series share. In a loop, it records what is not as it was: so
    a script that updates its tensors by hand can name them."""
    if _recorder is not None:
        _recorder.guard(_data, named)


def _data(named):
    from .tensors import piece

    named = {name: piece(tensor) for name, tensor in named.items()}
    _recorder.record.write_shared(named, _recorder.steps.passes.updates)


def series(model, name, output=None):
    """Names the series of a model that is not trained yet, and its output."""
    if _recorder is not None:
        _recorder.guard(_recorder.steps.models.start, model, name, output)


def measure(series, step, named):
    """Records what was found out after so many steps: name -> tensor."""
    if _recorder is not None and _recorder.record.wants(step):
        for name, tensor in named.items():
            _recorder.guard(_measure, series, step, name, tensor)


def _measure(series, step, name, tensor):
    from .tensors import piece

    _recorder.record.write(series, step, "measure", name, piece(tensor))


def ended_well(error):
    """Whether a script that raised this reached its end."""
    return error is None or (isinstance(error, SystemExit) and error.code in (None, 0))


def how_it_ended(error, recorder):
    """In a few words, where a script did not run to its end."""
    if recorder.signals.signal is not None:
        return f", until {signal.Signals(recorder.signals.signal).name}"
    if ended_well(error):
        return ""
    if isinstance(error, SystemExit):
        status = error.code if isinstance(error.code, int) else 1
        return f", until the script exited with status {status}"
    return f", until the script raised {type(error).__name__}"


@contextlib.contextmanager
def recording(path, experiment, settings, options=None):
    """Records what is trained meanwhile, into `path`; `-` is standard output,
    and None records nothing."""
    if path is None:
        yield
        return
    if _recorder is not None:
        raise Trouble(f"cannot record {path}: a recording is on already")
    recorder = Recorder(path, experiment, settings, options)
    recorder.install()
    if recorder.options.partial:
        recorder.signals.watch()
    try:
        with current(recorder):
            yield
            recorder.finish()
            if recorder.error:
                raise recorder.error
            recorder.save()
    except BaseException as error:
        if recorder.options.partial and len(recorder.record):
            recorder.finish(ended_well(error))
            recorder.partial = how_it_ended(error, recorder).removeprefix(", ")
            recorder.save()
        recorder.signals.end_as_signal()
        raise
    finally:
        recorder.signals.leave()
        recorder.finish()
        recorder.record.file.close()
