"""What flows through the layers of a network, forwards and backwards.

Twin of src/lesson/signal/layers.rs.
"""

from collections import namedtuple

import torch
import torch.nn.functional as F

from python_ref.curve import value_and_derivative


def steepest(activation):
    """The activation's largest slope, as found on [-10, 10]."""
    x = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    _, derivative = value_and_derivative(activation, x)
    return derivative.abs().max().item()


def measure(model, x, y, saturation):
    """What flows forwards and backwards, layer by layer: name -> tensor."""
    layers = model.hidden(x)
    *_, last = model.children()
    loss = F.cross_entropy(last(layers[-1][1]), y)
    weights = [fc.weight for fc in model.children()]
    threshold = saturation * steepest(model.activation)
    found = {}
    for i, (z, h) in enumerate(layers, start=1):
        _, derivative = value_and_derivative(model.activation, z)
        saturated = (derivative.abs() < threshold).float()  # (N, H)
        found[f"h{i}"] = h
        found[f"h{i}.mean"] = h.mean()
        found[f"h{i}.std"] = h.std(correction=0)
        found[f"h{i}.saturated"] = saturated.mean()
        found[f"h{i}.dead"] = saturated.amin(dim=0).mean()
        found[f"h{i}.sign_agreement"] = h.sign().mean(dim=1).abs().mean()
    for i, grad in enumerate(torch.autograd.grad(loss, weights), start=1):
        found[f"fc{i}.weight.grad_norm"] = grad.norm()
    found["grad_share"] = (
        found["fc1.weight.grad_norm"] / found[f"fc{i}.weight.grad_norm"]
    )
    return found


Row = namedtuple(
    "Row",
    "activation depth epoch layer mean std saturated dead sign_agreement grad_norm",
)


def rows(network, epochs):
    """A row for each layer; of the output layer, which comes last and has no
    activation, the gradient only."""
    for epoch, found in ((0, network.before), (epochs, network.after)):
        for layer in range(1, network.depth + 2):
            of_layer = [found.get(f"h{layer}.{part}") for part in Row._fields[4:-1]]
            of_layer.append(found[f"fc{layer}.weight.grad_norm"])
            values = [None if value is None else value.item() for value in of_layer]
            yield Row(network.activation, network.depth, epoch, layer, *values)
