"""The lesson trained with the optimizers that some pitfalls stand for.

`PYTHONPATH=. python tests/optimizers.py FOLDER FLAGS...`, from the project's
folder, with train's flags, writes a trace FOLDER/NAME.safetensors for each.
"""

import sys
from pathlib import Path

import torch
from torch import nn

from python_ref import record
from python_ref.activation import ACTIVATIONS
from python_ref.cli import named_settings, training_parser
from python_ref.train import MLP, fit, make_data

OPTIMIZERS = {
    "fused-adam": lambda params, lr: torch.optim.Adam(params, lr=lr, fused=True),
    "amsgrad": lambda params, lr: torch.optim.Adam(params, lr=lr, amsgrad=True),
    "adamw-decay": lambda params, lr: torch.optim.AdamW(params, lr=lr),
    "betas-0.99": lambda params, lr: torch.optim.Adam(params, lr=lr, betas=(0.9, 0.99)),
    "eps-1e-7": lambda params, lr: torch.optim.Adam(params, lr=lr, eps=1e-7),
}


def train(args, make_optimizer):
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    x, y = make_data(args.samples, args.features)
    record.data(x=x, y=y)
    for name in args.activations:
        model = MLP(args.features, args.hidden, ACTIVATIONS[name])
        optimizer = make_optimizer(list(model.parameters()), args.lr)
        record.series(model, name)
        fit(model, nn.CrossEntropyLoss(), optimizer, x, y, args.epochs)


def main():
    folder, *flags = sys.argv[1:]
    args = training_parser(__doc__).parse_args(flags)
    for name, make_optimizer in OPTIMIZERS.items():
        path = str(Path(folder) / f"{name}.safetensors")
        with record.recording(path, "train", named_settings(args)):
            train(args, make_optimizer)


if __name__ == "__main__":
    main()
