# expect: series Linear-1 Linear-2; steps 3 4; status 0; has Linear-2/000003/grad/weight
# expect: unrecorded grad
# A step that calls its base class's, one that raises, and local variables.
import json

import torch
from torch import nn


class ClipAdam(torch.optim.Adam):
    def step(self, closure=None):
        nn.utils.clip_grad_norm_(self.param_groups[0]["params"], 0.1)
        return super().step(closure)


def train(lr=0.5, steps=3):
    config = locals()
    first, second = nn.Linear(3, 2), nn.Linear(2, 1)
    plain = torch.optim.Adam(first.parameters(), lr)
    clipped = ClipAdam(second.parameters(), lr)
    for _ in range(steps):
        plain.zero_grad()
        clipped.zero_grad()
        second(first(torch.randn(4, 3))).square().mean().backward()
        plain.step()
        clipped.step()

    def closure():
        raise FloatingPointError

    try:
        clipped.step(closure)
    except FloatingPointError:
        second(first(torch.randn(4, 3))).mean().backward()
    clipped.step()
    print(json.dumps(config))


torch.manual_seed(0)
train()
