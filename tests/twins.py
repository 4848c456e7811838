"""Runs copies of twins, one after the other: importing PyTorch takes longer than
any of them.

`PYTHONPATH=. python tests/twins.py FOLDER FLAGS...`, from the project's folder,
writes FOLDER/NAME.safetensors for each FOLDER/NAME.py.
"""

import runpy
import sys
from pathlib import Path


def main():
    folder, *flags = sys.argv[1:]
    for twin in sorted(Path(folder).glob("*.py")):
        trace = twin.with_suffix(".safetensors")
        sys.argv = [str(twin), *flags, "--trace", str(trace)]
        runpy.run_path(str(twin), run_name="__main__")


if __name__ == "__main__":
    main()
