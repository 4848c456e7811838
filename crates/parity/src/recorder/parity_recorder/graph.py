"""Autograd's graph, gone through from a backward pass's roots."""

import torch

MOST_NODES = 1000  # in the metadata
# What a loss that is computed from logits leaves in the graph.
OF_LOGITS = ("NllLoss", "LogSoftmax", "BinaryCrossEntropyWithLogits")

CRITERIA = "Loss", "CrossEntropy"  # in the names of their nodes


Leaf = torch._C._functions.AccumulateGrad  # where it ends, at a tensor

# What makes one loss of several.
REDUCING = "MeanBackward", "SumBackward"


def is_reduced(place, nodes):
    """Whether the mean or the sum of what has this place in the graph is the first that
    these nodes compute of it."""
    for node in nodes:
        for behind, _ in node.next_functions:
            if behind is not None and behind._sequence_nr() == place:
                return node.name().startswith(REDUCING)
    return False


def uses_inner_losses(nodes):
    """Whether they compute of some criterion's loss its gradient alone."""
    judged, within = set(), []
    for node in nodes:
        name = node.name()
        if any(word in name for word in CRITERIA):
            behind = {next_one for next_one, _ in node.next_functions} - {None}
            if "BackwardBackward" in name:
                within.append(behind)
            else:
                judged |= behind
    return any(judged.isdisjoint(behind) for behind in within)


def walk(roots):
    """Autograd's nodes behind these tensors, breadth first, but for the leaves; and
    the tensors there, whose gradients a backward pass fills in, in the order in which
    they were first used."""
    found = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen, used = set(found), []
    for node in found:  # which grows
        leaves = []
        for behind, _ in node.next_functions:
            if behind is None or behind in seen:
                continue
            if type(behind) is Leaf:
                leaves.append(behind.variable)
            else:
                seen.add(behind)
                found.append(behind)
        if leaves:
            used.append(leaves)
    leaves = (leaf for of_node in reversed(used) for leaf in of_node)
    return found, list({id(leaf): leaf for leaf in leaves}.values())
