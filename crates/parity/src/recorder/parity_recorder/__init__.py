"""Records what a PyTorch script trains: `python record.pyz [FLAGS] SCRIPT [ARGS...]`.

The script runs unchanged, as Python itself would run it. What comes of it is a
.safetensors file of every tensor that its training goes through, under keys
`series/step/phase/name`:

    MLP-1/000000/init/fc1.weight            before the first update
    MLP-1/000001/data/x                     the batch, where it is a new one
    MLP-1/000001/forward/logits             the model's output
    MLP-1/000001/loss/loss
    MLP-1/000001/grad/fc1.weight
    MLP-1/000001/state/fc1.weight.exp_avg   of the optimizer
    MLP-1/000001/param/fc1.weight           after the update

A series is a model: the outermost module that a training step calls. Its step
k ends with the k-th update of its parameters. The package needs PyTorch alone,
and packed as `record.pyz` it can be copied anywhere. A script that wants to say
more than can be seen from outside calls `data`, `series` and `measure`, which do
nothing while nothing is recorded.

The rooms, each of which uses none but those above it:

    options     what to record
    spool       a temporary file that is filled meanwhile
    sheet       what the tensors of a step have in common with those of the last
    file        the .safetensors file to be, of values or of digests
    saving      writing it
    record      what is written, under which key
    tensors     reading a tensor's bytes where they lie
    names       tensors in arguments, outputs and states, by name
    lacks       what steps lack, and why
    by_identity what is known of objects that may end
    graph       autograd's graph, gone through
    settings    an optimizer's settings, for the metadata
    passes      calls of models
    ends        what models are in the end
    models      whose a parameter is
    batch       which passes, losses and data a step is made of
    inference   calls that lead to no update
    steps       updates, by an optimizer or by hand
    sketch      what a port of the script begins with
    signals     what ends a run early
    untraced    what torch.compile does not look into
    watch       the wrappers around PyTorch's functions
    recording   one recording, from start to end
    script      running the script as Python would
    cli         the command line
"""

from .options import PHASES, Options, Trouble, asked_for
from .recording import data, environment, measure, recording, series

__all__ = [
    "PHASES",
    "Options",
    "Trouble",
    "asked_for",
    "data",
    "environment",
    "measure",
    "recording",
    "series",
]
