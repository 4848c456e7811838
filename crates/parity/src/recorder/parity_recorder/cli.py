"""The command line."""

import argparse
import atexit
import contextlib
import io
import os
import sys

from . import lacks
from .options import PHASES, Options, Trouble, size, step_range
from .recording import Recorder, current, ended_well, how_it_ended
from .script import (
    WhenImported,
    hide_frames,
    read_script,
    run,
    run_module,
    wait_for_threads,
)

OF_PARITY = "--python", "--threads", "--timeout"  # flags of `parity record` alone


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"error: {message} (--help shows how)\n")


def every(text):
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1 on")
    return int(text)


def phases(text):
    """A list of phases."""
    named = text.split(",")
    if unknown := [name for name in named if name not in PHASES]:
        known = ", ".join(PHASES)
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {known}")
    return tuple(named)


def flags():
    """All that there are, and what reads them."""
    parser = Parser(
        prog="record.pyz",
        allow_abbrev=False,
        description="Run a PyTorch script as Python would, and record what it trains."
        " Flags go before SCRIPT: what follows is the script's own.",
        epilog="The exit status is the script's own; it is 2 where there is nothing to"
        " record, or the record cannot be written.",
    )
    add = parser.add_argument
    to_write = "to write (default: SCRIPT.safetensors here)"
    add("-o", "--trace", metavar="FILE", help=to_write)
    add("--forward", action="store_true", help="every module's output, too")
    add(
        "--steps",
        metavar="A..B",
        type=step_range,
        default=(0, sys.maxsize),
        help="only these, B excluded; step 0 is what was there before training",
    )
    add("--every", metavar="N", type=every, default=1, help="only steps 0, N, 2N, ...")
    add("--phases", metavar="LIST", type=phases, default=PHASES, help=",".join(PHASES))
    add("--max-size", metavar="SIZE", type=size, help="record no more, such as 500MB")
    add("--digest", action="store_true", help="a digest of each tensor, not its values")
    add(
        "--keep-partial",
        action="store_true",
        help="where INT, TERM or HUP ends the script, write what there is",
    )
    add(
        "--explain", action="store_true", help="print what is taken as a batch, and why"
    )
    add("-q", "--quiet", action="store_true", help="do not say what was recorded")
    add("--sketch", metavar="FILE", help=argparse.SUPPRESS)  # for `parity new`
    add("--running", metavar="FILE", help=argparse.SUPPRESS)  # exists meanwhile
    add("-m", dest="module", action="store_true", help="SCRIPT names a module")
    add("script", metavar="SCRIPT")
    add("args", metavar="ARGS", nargs=argparse.REMAINDER, help="the script's own")
    return parser


def parse(argv):
    return flags().parse_args(argv)


def misplaced(args):
    """What to say of a flag of ours among the arguments of a script that refused them."""
    ours = {*flags()._option_string_actions, *OF_PARITY}
    found = (flag for flag in (arg.partition("=")[0] for arg in args) if flag in ours)
    if (flag := next(found, None)) is None:
        return ""
    return f": if {flag} is for the recorder, put it before the script"


def count(number, noun):
    """`1 step`, `2,714 tensors`."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def why_nothing(recorder):
    """What to look at where nothing was trained."""
    if recorder.steps is None:
        return "it never imported torch"
    if recorder.steps.held:
        return (
            "its parameters changed by hand, but an optimizer that took no step holds"
            " them: leave that out"
        )
    if recorder.steps.batch.backwards:
        return (
            "it called backward, but no parameter changed and no optimizer stepped:"
            " name what it updates by parity_recorder.data(w=w)"
        )
    if "torch.distributed.elastic.multiprocessing" in sys.modules:
        return (
            "torchrun trains in other processes, which record themselves: torchrun"
            " --no-python sh -c 'parity record --trace rank$RANK.safetensors train.py'"
        )
    if recorder.steps.spawned:
        return f"it trains in processes that it spawned: {lacks.SPAWNED}"
    if lacks.compiles():
        return "what torch.compile compiles whole, step included, is not seen inside"
    if recorder.steps.inference.bare:
        return (
            "what it called has no parameters, as quantised models have none: name what"
            " they find by parity_recorder.data(y=y)"
        )
    return (
        "no model was called and nothing called backward in this process: name what it"
        " trains by parity_recorder.data(w=w)"
    )


def save(recorder, error):
    """Writes what was recorded; returns what to say about it."""
    ended = how_it_ended(error, recorder)
    if recorder.record.is_full:
        ended = ", until it was as large as --max-size lets it be"
    recorder.partial = ended.removeprefix(", ")
    if recorder.record.is_full and not len(recorder.record):
        raise Trouble("nothing to record: one tensor is larger than --max-size")
    if recorder.error is not None and not len(recorder.record):
        raise Trouble(f"could not record: {one_line(recorder.error)}")
    if not len(recorder.record):
        if isinstance(error, ModuleNotFoundError) and error.name == "torch":
            return (
                f"error: nothing to record: {sys.executable} has no torch: activate the"
                " environment that has it, or name its Python with --python"
            )
        if ended:  # the trouble is the script's own
            return f"error: nothing was recorded{ended.removeprefix(',')}"
        raise Trouble(f"nothing to record: {why_nothing(recorder)}")
    if isinstance(error, KeyboardInterrupt) and not recorder.options.partial:
        return (
            "not recorded, for it was interrupted: --keep-partial keeps what there is"
        )
    try:
        recorder.save()
    except OSError as problem:
        path = recorder.record.file.path
        raise Trouble(f"cannot write {path}: {problem.strerror}") from problem
    steps = sum(series.steps for series in recorder.steps.models.series.values())
    models = sum(1 for series in recorder.steps.models.series.values() if series.steps)
    said = f"recorded {count(len(recorder.record), 'tensor')}"
    said += f" of {count(models, 'model')} ({count(steps, 'step')})"
    said += f" in {recorder.record.file.written}{ended}"
    if recorder.error is not None:
        raise Trouble(f"{said}, but then failed: {one_line(recorder.error)}")
    lines = [f"  {line}" for line in lacks.words(recorder.steps)]
    lines = [x if len(x) <= 80 else x.replace(": ", ":\n    ") for x in lines]
    return "\n".join([said, *lines])


def one_line(error):
    """What went wrong inside of the recorder, for people."""
    text = " ".join(str(error).split())
    return text if isinstance(error, Trouble) else f"{type(error).__name__}: {text}"


def say(last):
    """Prints what became of the recording. People read the last line, so this comes
    when all else is said: a traceback, what the script prints as Python ends."""
    if last:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
        with contextlib.suppress(OSError, ValueError):  # the script closed it
            print(*last, file=sys.__stderr__ or io.StringIO(), flush=True)


def run_recorded(options, source, last):
    """Runs the script and saves its record; returns how the script ended, and
    the status of the recording. To be said at last is what became of it."""
    name = os.path.basename(options.script)
    stem = name if options.module else os.path.splitext(name)[0]
    path = options.trace or f"{stem}.safetensors"
    is_file = os.path.exists(path) and not options.module
    if is_file and os.path.samefile(path, options.script):
        raise Trouble(f"cannot write {path}: it is the script itself")
    kept = Options(*options.steps, options.every, options.phases, options.forward)
    kept.digest, kept.partial = options.digest, options.keep_partial
    kept.explain, kept.inference = options.explain, True
    kept.sketch = options.sketch
    kept.say_size = not options.quiet
    kept.most_bytes = options.max_size or kept.most_bytes
    recorder = Recorder(path, name, {}, kept)
    if kept.partial:
        recorder.signals.watch()
    if "torch" in sys.modules:
        recorder.install()
    else:
        sys.meta_path.insert(0, WhenImported(recorder.install))
    with current(recorder), running(options.running):
        error = run_to_its_end(recorder, options, source)
    if recorder.pid != os.getpid():
        return error, 0
    try:
        said, status = save(recorder, error), 0
    except Trouble as trouble:
        said, status = f"error: {trouble}", 2
    finally:
        recorder.record.file.close()
    if isinstance(error, SystemExit) and said.startswith(
        "error: nothing was recorded "
    ):
        said += misplaced(options.args)
    if recorder.sketch is not None:
        recorder.sketch.write()
    if status or not options.quiet:
        last.append(said)
    recorder.signals.end_as_signal(lambda: say(last))
    return error, status


@contextlib.contextmanager
def running(path):
    """A file that stays where the script ends Python itself, by os._exit: who
    started this process asks for it."""
    if path is None:
        yield
        return
    with open(path, "wb"):
        pid = os.getpid()
    yield
    if pid == os.getpid():
        with contextlib.suppress(FileNotFoundError):  # who asks was killed
            os.remove(path)


def run_to_its_end(recorder, options, source):
    """Runs the script and its threads; returns what it raised."""
    error = None
    try:
        if options.module:
            run_module(options.script, options.args)
        else:
            run(options.script, source, options.args)
    except BaseException as raised:  # noqa: BLE001
        error = raised
    if recorder.pid != os.getpid():
        return error
    try:
        if recorder.signals.signal is None:
            wait_for_threads()
    except BaseException as raised:  # noqa: BLE001
        error = error or raised
    recorder.finish(ended_well(error))
    return error


def main(argv=None):
    options, last = parse(argv), []
    atexit.register(say, last)  # the first to be registered runs last
    try:
        source = None if options.module else read_script(options.script)
        error, status = run_recorded(options, source, last)
    except Trouble as trouble:
        Parser().exit(2, f"error: {trouble}\n")
    if ended_well(error):
        sys.exit(status)
    if not isinstance(error, SystemExit):
        show = sys.excepthook

        def excepthook(kind, value, _):
            hide_frames(value)
            show(kind, value, value.__traceback__)

        sys.excepthook = excepthook
    raise error
