# expect: series Odd-1; steps 2; status 0; has Odd-1/000001/data/xs.0; has Odd-1/000001/data/xs.1; has Odd-1/000001/data/xs.('a', 'b'); has Odd-1/000001/data/more.1; has Odd-1/000001/forward/output.logits; no Odd-1/000001/forward/output.unset; has Odd-1/000001/data/nodes.0.x; no Odd-1/000001/data/nodes.0.others.0.x; has Odd-1/000001/data/packed.data; has Odd-1/000001/data/packed.batch_sizes
# Keys that are objects, objects with slots or of each other, deep tuples, tuples with fields.
from collections import deque

import torch
from torch import nn


class Key:
    pass


class Out:
    __slots__ = ("__dict__", "logits", "unset")

    def __init__(self, logits):
        self.logits = logits


class Node:
    def __init__(self, x):
        self.x, self.others = x, []


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def parameters(self):  # as some do it who want to set rates
        return [{"params": list(self.fc.parameters()), "lr": 0.1}]

    def forward(self, xs, more, nodes, deep, packed):
        x = packed.data + sum(xs.values()) + sum(more) + sum(node.x for node in nodes)
        return Out(self.fc(x))


def train():
    torch.manual_seed(0)
    net = Odd()
    keys = Key(), Key(), ("a", "b")
    nodes = [Node(torch.randn(4, 3)) for _ in range(30)]
    for node in nodes:
        node.others = [other for other in nodes if other is not node]
    deep = torch.randn(1)
    for _ in range(2000):
        deep = (deep,)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        xs = {key: torch.randn(4, 3) for key in keys}
        more = deque(torch.randn(2, 4, 3))
        packed = nn.utils.rnn.pack_sequence(list(torch.randn(2, 2, 3)))
        optimizer.zero_grad()
        net(xs, more, nodes, deep, packed).logits.square().mean().backward()
        optimizer.step()
    for node in nodes:
        node.others.clear()
    while isinstance(deep, tuple):
        (deep,) = deep
    print(net.fc.weight.sum().item())


train()
