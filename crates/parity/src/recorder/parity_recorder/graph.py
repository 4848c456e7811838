"""Autograd's graph, gone through from a backward pass's roots."""

MOST_NODES = 1000  # in the metadata
# What a loss that is computed from logits leaves in the graph.
OF_LOGITS = ("NllLoss", "LogSoftmax", "BinaryCrossEntropyWithLogits")


def is_leaf(node):
    """Whether this is where autograd's graph ends, at a tensor."""
    return type(node).__name__ == "AccumulateGrad"


def walk(roots):
    """Autograd's nodes behind these tensors, breadth first, but for the leaves; and
    the tensors there, whose gradients a backward pass fills in, in the order in which
    they were first used."""
    found = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen, used = set(found), []
    for node in found:  # which grows
        leaves = []
        for behind, _ in node.next_functions:
            if behind is None:
                continue
            if is_leaf(behind):
                leaves.append(behind.variable)
            elif behind not in seen:
                seen.add(behind)
                found.append(behind)
        if leaves:
            used.append(leaves)
    leaves = (leaf for of_node in reversed(used) for leaf in of_node)
    return found, list({id(leaf): leaf for leaf in leaves}.values())
