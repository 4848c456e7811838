"""Running the script as Python would."""

import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import runpy
import stat
import sys
import threading
import types

from .options import Trouble

HERE = os.path.dirname(os.path.dirname(__file__)) + os.sep
# How PyTorch calls what it does not compile, such as the recorder.
LEADING = os.sep.join(("torch", "_compile.py")), "external_utils.py"


def read_script(path):
    """A script's text; a word about what is none."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise Trouble(f"cannot read {path}: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise Trouble(f"{path} is a folder: name the script in it")
    if path.endswith(".ipynb"):
        raise Trouble(
            f"{path} is a notebook: make a script of it first,"
            " with jupyter nbconvert --to script"
        )
    if not stat.S_ISREG(mode):
        raise Trouble(f"{path} is no regular file: save the script to one first")
    try:
        with io.open_code(os.path.abspath(path)) as file:
            return file.read()
    except OSError as error:
        raise Trouble(f"cannot read {path}: {error.strerror}") from error


def run(path, source, args):
    """Runs a script as `python SCRIPT ARGS` does."""
    full = os.path.abspath(path)
    main = types.ModuleType("__main__")
    loader = importlib.machinery.SourceFileLoader("__main__", full)
    main.__dict__.update(
        __file__=full, __cached__=None, __loader__=loader, __builtins__=__builtins__
    )
    sys.modules["__main__"] = main
    sys.argv = [path, *args]
    if not getattr(sys.flags, "safe_path", False):
        folder = os.path.dirname(os.path.realpath(full))
        sys.path.insert(0, folder)
    code = compile(source, full, "exec")
    exec(code, main.__dict__)  # noqa: S102


def run_module(name, args):
    """Runs a module, or a package's __main__, as `python -m NAME ARGS` does."""
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.modules["__main__"].__builtins__ = __builtins__
    sys.argv = ["-m", *args]  # while it is looked for; then the first is its file
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, os.getcwd())
    runpy._run_module_as_main(name)


def file_of(traceback):
    """Of its first frame."""
    return traceback.tb_frame.f_code.co_filename


def hide_frames(error, files=HERE):
    """Takes the recorder's frames, and those that lead to it, out of the tracebacks
    that the script leaves."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = []
        at, led = error.__traceback__, True
        while at is not None:
            name = file_of(at)
            led = led and (name.startswith(files) or "runpy" in name)
            if not name.startswith(files):
                frames += [at] * (not led)
            else:
                while frames and file_of(frames[-1]).endswith(LEADING):
                    frames.pop()
            at = at.tb_next
        kept = None
        for frame in reversed(frames):
            place = frame.tb_frame, frame.tb_lasti, frame.tb_lineno
            kept = types.TracebackType(kept, *place)
        error.__traceback__ = kept
        error = error.__cause__ or error.__context__


def wait_for_threads():
    """Waits for threads that go on when the script has ended, as Python does."""
    others = set(threading.enumerate()) - {threading.main_thread()}
    if not all(thread.daemon for thread in others):
        threading._shutdown()


class WhenImported(importlib.abc.MetaPathFinder):
    """Calls `then` as soon as the script has imported PyTorch, which it may look
    for before that."""

    def __init__(self, then):
        self.then = then

    def find_spec(self, name, path=None, target=None):
        if name != "torch" or self not in sys.meta_path:
            return None
        place = sys.meta_path.index(self)
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(place, self)
        if spec is None or spec.loader is None:
            return spec
        loader, execute = spec.loader, spec.loader.exec_module

        def exec_module(module):
            del loader.exec_module
            execute(module)
            sys.meta_path.remove(self)
            self.then()

        loader.exec_module = exec_module
        return spec
