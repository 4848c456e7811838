# expect: series Sequential-1 Sequential-2; steps 2; status 0
# Two networks whose weights are used by hand: neither has all of them or is called.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(8, 4)
encoder = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
decoder = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))
optimizer = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.1)
for step in range(2):
    out = x
    for layer in [*encoder, *decoder]:
        out = torch.tanh(out @ layer.weight.T + layer.bias)
    loss = (out - x).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
