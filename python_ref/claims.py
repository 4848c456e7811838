"""What `signal` found, beside what the lesson says. Twin of src/lesson/signal/claims.rs."""

from operator import gt, lt

# Activation, what the lesson says of it, of which measure of a hidden layer;
# `all` or `any` layer, before and after training, is above or below the bound.
CLAIMS = (
    ("sigmoid", "mean output", lambda row: row.mean, all, gt, 0.0),
    ("tanh", "size of the mean output", lambda row: abs(row.mean), all, lt, 0.1),
    ("sigmoid", "agreement of signs", lambda row: row.sign_agreement, all, gt, 0.5),
    ("tanh", "agreement of signs", lambda row: row.sign_agreement, all, lt, 0.5),
    ("sigmoid", "saturated share", lambda row: row.saturated, any, gt, 0.01),
    ("tanh", "saturated share", lambda row: row.saturated, any, gt, 0.01),
    ("relu", "dead share", lambda row: row.dead, any, gt, 0.01),
)


def gradients(networks):
    """How much of the output layer's gradient reaches the first layer, in lines."""
    lines = [
        "norm of the first layer's weight gradient, as a share of the output layer's",
        "activation  depth    before     after  final loss",
    ]
    for network in networks:
        before, after = (
            found["grad_share"].item() for found in (network.before, network.after)
        )
        numbers = f"{network.depth:5}  {before:.2e}  {after:.2e}  {network.loss}"
        lines.append(f"{network.activation:10}  {numbers}")
    return lines


def claims(networks, rows):
    """Which of the lesson's claims hold here, in lines."""
    lines = ["what the lesson says of the hidden layers, before and after training"]
    for name, what, measure, quantifier, relation, bound in CLAIMS:
        values = [
            measure(row)
            for row in rows
            if row.activation == name and row.mean is not None
        ]
        if values:
            # The value on which it depends whether all, or any, are so.
            extreme = min if (quantifier is all) == (relation is gt) else max
            words = f"{quantifier.__name__} {'above' if relation is gt else 'below'} {bound}"
            lines.append(
                verdict(name, f"{what}, {words}", extreme(values), relation, bound)
            )
    deepest = max(network.depth for network in networks)
    for network in networks:
        if network.depth == deepest and network.activation == "tanh":
            words = f"gradient share at the start, depth {deepest}, below 0.01"
            lines.append(
                verdict("tanh", words, network.before["grad_share"].item(), lt, 0.01)
            )
    return lines


def verdict(name, words, value, relation, bound):
    """One claim, the value that decides it, and the decision."""
    return f"{name}: {words}: {value:.4f}, {'holds' if relation(value, bound) else 'does not hold'}"
