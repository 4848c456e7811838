"""The complete record of a run. Twin of src/trace.rs."""

import json

import torch
from safetensors.torch import save

from python_ref.export import open_output


def environment():
    """What a run's numbers hold for."""
    return {
        "by": "PyTorch",
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


class Trace:
    """Tensors under `series/step/phase/name`, in the order in which they arose."""

    def __init__(self, experiment, settings):
        self.experiment = experiment
        self.settings = settings
        self.tensors = {}

    def record(self, series, step, phase, name, tensor):
        key = f"{series}/{step:06}/{phase}/{name}"
        self.tensors[key] = tensor.detach().clone().contiguous()

    def data(self, **named):
        """What all series share."""
        for name, tensor in named.items():
            self.record("data", 0, "data", name, tensor)

    def init(self, series, model):
        """What a network starts from."""
        for name, param in model.named_parameters():
            self.record(series, 0, "init", name, param)

    def step(self, series, epoch, logits, loss, model, optimizer):
        """What one training step did, after the optimizer's update."""
        params = list(model.named_parameters())
        self.record(series, epoch, "forward", "logits", logits)
        self.record(series, epoch, "loss", "loss", loss)
        for name, param in params:
            self.record(series, epoch, "grad", name, param.grad)
        for name, param in params:
            for moment in ("exp_avg", "exp_avg_sq"):
                state = optimizer.state[param][moment]
                self.record(series, epoch, "state", f"{name}.{moment}", state)
        for name, param in params:
            self.record(series, epoch, "param", name, param)

    def measure(self, series, step, named):
        """What was found out after so many steps: name -> tensor."""
        for name, tensor in named.items():
            self.record(series, step, "measure", name, tensor)

    def save(self, path):
        """Writes a .safetensors file; `-` is standard output."""
        about = {
            "experiment": self.experiment,
            "settings": self.settings,
            "environment": environment(),
            # .safetensors sorts by name: these keep the order of events.
            "series": list(dict.fromkeys(key.split("/")[0] for key in self.tensors)),
            "names": list(dict.fromkeys(key.split("/")[3] for key in self.tensors)),
        }
        # One entry, since .safetensors writes several in no fixed order.
        data = save(self.tensors, {"trace": json.dumps(about)})
        with open_output(path, "wb") as file:
            file.write(data)
