"""Makes the golden files: `python -m python_ref.golden FOLDER`, or `make golden`.

losses.csv and history.csv are the lesson's run; first-epochs.safetensors is
the complete trace of its first two epochs, enough to hold every kind of tensor
and small enough for a repository. curve.csv, signal.csv, recurrent.csv and
generator.csv are small runs of those experiments. environment.json says where
they were made.
"""

import contextlib
import json
import os
import platform
import sys

from python_ref import curve, generator, recurrent, signal, train
from python_ref.record import environment


def main(folder):
    os.makedirs(folder, exist_ok=True)

    def path(name):
        return os.path.join(folder, name)

    with contextlib.redirect_stdout(None):
        train.main(["--csv", path("losses.csv"), "--history", path("history.csv")])
        train.main(["--epochs", "2", "--trace", path("first-epochs.safetensors")])
        curve.main(["--csv", path("curve.csv")])
        signal.main(["--depths", "1,4", "--epochs", "5", "--csv", path("signal.csv")])
        recurrent.main(
            ["--steps", "5,10", "--epochs", "5", "--csv", path("recurrent.csv")]
        )
        generator.main(["--epochs", "10", "--csv", path("generator.csv")])
    about = environment() | {
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    with open(path("environment.json"), "w") as file:
        json.dump(about, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
