# expect: series Tuple-1 Dict-1 Data-1; steps 2; status 0; has Tuple-1/000001/forward/output.1; has Dict-1/000001/forward/output.loss
# expect: has Data-1/000002/forward/output.hidden.0; no Dict-1/000001/data/batch.ids; has Data-1/000001/data/mask
# expect: unseen forward grad param
# Outputs that are tuples, dictionaries and dataclasses; inputs by keyword.
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Output:
    loss: torch.Tensor
    hidden: tuple
    note: str = ""


class Tuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x, y=None):
        out = self.fc(x)
        return out, (out - y).square().mean()


class Dict(Tuple):
    def forward(self, batch, *, scale=1.0):
        out = self.fc(batch["x"]) * scale
        return {"logits": out, "loss": (out - batch["ids"]).square().mean()}


class Data(Tuple):
    def forward(self, x, *more, mask=None, **rest):
        out = self.fc(x) * mask
        return Output((out - rest["y"] + more[0]).square().mean(), (out, [out * 2]))


torch.manual_seed(0)
nets = [Tuple(), Dict(), Data()]
for _ in range(2):
    x, y, mask = torch.randn(4, 3), torch.randn(4, 3), torch.rand(4, 3) > 0.5
    calls = [
        lambda net: net(x, y=y)[1],
        lambda net: net({"x": x, "ids": y}, scale=2.0)["loss"],
        lambda net: net(x, torch.ones(3), mask=mask, y=y).loss,
    ]
    for net, call in zip(nets, calls, strict=True):
        loss = call(net)
        loss.backward()
        with torch.no_grad():
            for p in net.parameters():
                p -= 0.1 * p.grad
                p.grad = None
    print(loss.item())
