"""Runs several twins at the same time, after one import of PyTorch.

Reads until its input ends, a twin a line: {"twin": "curve", "flags": [...],
"steps": "0..", "folder": ...}. Each runs in a process of its own, forked after the
import, that prints its errors to FOLDER/stderr; its exit status, or its signal below
zero, is left in FOLDER/status.
"""

import importlib
import json
import multiprocessing
import os
import sys
from multiprocessing import connection
from pathlib import Path

import torch  # noqa: F401


def run(task):
    errors = os.open(Path(task["folder"], "stderr"), os.O_CREAT | os.O_WRONLY)
    os.dup2(errors, 2)
    os.environ["TORCH_PARITY_STEPS"] = task["steps"]
    importlib.import_module(f"python_ref.{task['twin']}").main(task["flags"])


def main():
    fork, running = multiprocessing.get_context("fork"), {}
    for task in [json.loads(line) for line in sys.stdin]:
        process = fork.Process(target=run, args=(task,))
        process.start()
        running[process.sentinel] = process, Path(task["folder"])
    while running:
        for sentinel in connection.wait(running):
            process, folder = running.pop(sentinel)
            process.join()
            part = folder / "status.part"
            part.write_text(str(process.exitcode))
            part.rename(folder / "status")


if __name__ == "__main__":
    main()
