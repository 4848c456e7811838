"""The lesson trained with the optimizers that some pitfalls stand for.

`PYTHONPATH=. python tests/optimizers.py FOLDER FLAGS...`, from the project's
folder, with train's flags, writes a trace FOLDER/NAME.safetensors for each.
"""

import sys
from pathlib import Path

import torch
from torch import nn

from python_ref.activation import ACTIVATIONS
from python_ref.cli import named_settings, training_parser
from python_ref.trace import Trace
from python_ref.train import MLP, fit, make_data

OPTIMIZERS = {
    "fused-adam": lambda params, lr: torch.optim.Adam(params, lr=lr, fused=True),
    "amsgrad": lambda params, lr: torch.optim.Adam(params, lr=lr, amsgrad=True),
    "adamw-decay": lambda params, lr: torch.optim.AdamW(params, lr=lr),
    "eps-1e-7": lambda params, lr: torch.optim.Adam(params, lr=lr, eps=1e-7),
}


def train(args, make_optimizer):
    trace = Trace("train", named_settings(args))
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    x, y = make_data(args.samples, args.features)
    trace.data(x=x, y=y)
    for name in args.activations:
        model = MLP(args.features, args.hidden, ACTIVATIONS[name])
        optimizer = make_optimizer(list(model.parameters()), args.lr)
        trace.init(name, model)
        fit(name, model, nn.CrossEntropyLoss(), optimizer, x, y, args.epochs, trace)
    return trace


def main():
    folder, *flags = sys.argv[1:]
    args = training_parser(__doc__).parse_args(flags)
    for name, make_optimizer in OPTIMIZERS.items():
        train(args, make_optimizer).save(str(Path(folder) / f"{name}.safetensors"))


if __name__ == "__main__":
    main()
