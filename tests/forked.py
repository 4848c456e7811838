"""A stand-in for the interpreter: what it runs is forked from a Python that has imported
PyTorch already, which takes longer than most of what the tests run.

`python forked.py serve FOLDER` waits there for what to run, until its standard input
ends, then removes the folder. `python forked.py FOLDER ARGS...` has ARGS run as
`python ARGS...` would, in its own folder and environment, on its own inputs and outputs,
in its own process group, and ends as that does. Where its environment says otherwise than
the other's, so that PyTorch would be another, or where it does not know an argument, it
becomes the real interpreter.
"""

import os
import sys

# What decides how Python and PyTorch start.
DECIDES = (
    "ATEN_",
    "DNNL_",
    "GOMP_",
    "KMP_",
    "LD_",
    "MKL_",
    "OMP_",
    "ONEDNN_",
    "PYTHON",
)

# What `parity why` has preloaded; it looks for libtorch as soon as it is loaded.
WATCHER = "/parity-start-"


def is_alike(environment):
    """Whether PyTorch would start there as it did here."""
    decides = {k: v for k, v in environment.items() if k.startswith(DECIDES)}
    decides.pop("PYTHONPATH", None)  # which the fork itself heeds
    if WATCHER in decides.get("LD_PRELOAD", ""):
        del decides["LD_PRELOAD"]
    return decides.items() <= os.environ.items()


def ask(place, args):
    """Has it run elsewhere; returns how it ended, as `waitpid` tells it, or none."""
    import json
    import socket

    group, folder = os.getpgid(0), os.getcwd()
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(f"{place}/socket")
        socket.send_fds(other, [b"."], [0, 1, 2])
        task = {
            "args": args,
            "folder": folder,
            "group": group,
            "environment": {**os.environ},
        }
        other.sendall(json.dumps(task).encode() + b"\n")
        said = other.makefile().readline()
        return None if said == "no\n" else int(said)


def end_as(status):
    if os.WIFSIGNALED(status):
        import resource
        import signal

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if os.WTERMSIG(status) not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def serve(place):
    """Returns in each fork, with what it is to run, and at the end, with none."""
    import gc
    import selectors
    import shutil
    import socket

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{place}/socket")
    listener.listen(100)
    print("ready", flush=True)
    import torch
    import torch._dynamo  # else each fork does, at its first optimizer

    assert torch.get_num_threads() == len(os.listdir("/proc/self/task")) == 1
    gc.freeze()  # what is there stays, and no fork copies it by counting
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    waiting.register(0, selectors.EVENT_READ)
    while True:
        # One at a time: what else there is may be of the same fork.
        key = waiting.select()[0][0]
        if key.fileobj == 0:
            shutil.rmtree(place)
            return None
        if key.fileobj is not listener:
            tell(key, waiting)
        elif (task := fork(listener.accept()[0], waiting)) is not None:
            return task


def fork(other, waiting):
    """Forks for who asks; returns the task in the fork."""
    import json
    import selectors
    import socket

    _, fds, _, _ = socket.recv_fds(other, 1, 3)
    task = json.loads(other.makefile().readline())
    pid = os.fork() if is_alike(task["environment"]) else None
    if pid == 0:
        os.setpgid(0, task["group"])
        for known in [key.fileobj for key in waiting.get_map().values()]:
            os.close(known) if isinstance(known, int) else known.close()
        waiting.close()
        other.close()
        for to, fd in enumerate(fds):
            os.dup2(fd, to)
            os.close(fd)
        return task
    for fd in fds:
        os.close(fd)
    if pid is None:
        other.sendall(b"no\n")
        other.close()
    else:
        ended = os.pidfd_open(pid)
        for file in (ended, other):
            waiting.register(file, selectors.EVENT_READ, (pid, ended, other))
    return None


def tell(key, waiting):
    """Tells who asked how the fork ended, or ends it where who asked was killed."""
    import signal

    pid, ended, other = key.data
    if key.fileobj is other:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    for file in (ended, other):
        waiting.unregister(file)
    os.close(ended)
    if key.fileobj is ended:
        other.sendall(b"%d\n" % status)
    other.close()


def run(task):
    """As the interpreter does."""
    import ctypes
    import random
    import runpy
    import types

    import numpy

    os.chdir(task["folder"])
    os.environ.clear()
    os.environ.update(task["environment"])
    if WATCHER in os.environ.get("LD_PRELOAD", ""):
        ctypes.CDLL(os.environ.pop("LD_PRELOAD"))
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(":"))
    random.seed()
    numpy.random.seed()
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    first, *rest = task["args"]
    if first == "-m":
        sys.path[0] = os.getcwd()
        sys.argv = [first, *rest[1:]]
        return runpy._run_module_as_main(rest[0])
    if first == "-c":
        sys.path[0], sys.argv = "", [first, *rest[1:]]
        return exec(compile(rest[0], "<string>", "exec"), main.__dict__)  # noqa: S102
    sys.argv = [first, *rest]
    if os.path.isdir(first) or first.endswith(".pyz"):
        sys.path[0] = first
        return runpy._run_module_as_main("__main__", False)
    sys.path[0] = os.path.dirname(os.path.realpath(first))
    main.__file__ = first
    with open(first, "rb") as file:
        return exec(compile(file.read(), first, "exec"), main.__dict__)  # noqa: S102


def end(run):
    """Ends as Python does after `run`, but that it does not take PyTorch apart, which
    takes longer than a fork."""
    import atexit
    import threading

    status = 0
    try:
        run()
    except SystemExit as error:
        status = (
            error.code if isinstance(error.code, int) else int(error.code is not None)
        )
        if not isinstance(error.code, int | None):
            print(error.code, file=sys.stderr)
    except BaseException as error:  # noqa: BLE001
        status = 1
        sys.excepthook(type(error), error, error.__traceback__)
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 255)


def is_known(args):
    return bool(args) and (
        args[0] in ("-m", "-c") and len(args) > 1 or args[0][0] != "-"
    )


if sys.argv[1] == "serve":
    if (task := serve(sys.argv[2])) is not None:
        end(lambda: run(task))
else:
    place, *args = sys.argv[1:]
    if is_known(args) and (status := ask(place, args)) is not None:
        end_as(status)
    os.execv(sys.executable, [sys.executable, *args])
