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

from python_ref import curve, generator, record, recurrent, signal, train

# An experiment, its settings, and the file that it is to write. A test asks for
# one of each experiment.
GOLDEN = (
    (train, "", "--csv", "losses.csv"),
    (train, "", "--history", "history.csv"),
    (train, "--epochs 2", "--trace", "first-epochs.safetensors"),
    (curve, "", "--csv", "curve.csv"),
    (signal, "--depths 1,4 --epochs 5", "--csv", "signal.csv"),
    (recurrent, "--steps 5,10 --epochs 5", "--csv", "recurrent.csv"),
    (generator, "--epochs 10", "--csv", "generator.csv"),
)


def main(folder):
    os.makedirs(folder, exist_ok=True)

    def path(name):
        return os.path.join(folder, name)

    with contextlib.redirect_stdout(None):
        for experiment, settings, flag, name in GOLDEN:
            experiment.main([*settings.split(), flag, path(name)])
    about = record.environment() | {
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    with open(path("environment.json"), "w") as file:
        json.dump(about, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
