"""Autograd's graph, gone through from a backward pass's roots."""

MOST_NODES = 1000  # in the metadata
# What a loss that is computed from logits leaves in the graph.
OF_LOGITS = ("NllLoss", "LogSoftmax", "BinaryCrossEntropyWithLogits")


def is_leaf(node):
    """Whether this is where autograd's graph ends, at a tensor."""
    return type(node).__name__ == "AccumulateGrad"


def walk(roots):
    """Autograd's nodes behind these tensors, breadth first."""
    found = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen = set(found)
    for node in found:  # which grows
        for behind, _ in node.next_functions:
            if behind is not None and behind not in seen:
                seen.add(behind)
                found.append(behind)
    return found


def leaves_of(nodes):
    """The tensors whose gradients a backward pass fills in, in the order in
    which they were first used."""
    leaves = {}
    for node in reversed(nodes):
        for behind, _ in node.next_functions:
            if is_leaf(behind):
                leaves.setdefault(id(behind.variable), behind.variable)
    return list(leaves.values())
