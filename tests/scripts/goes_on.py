# expect: series Linear-1; steps 3; status 0
# expect: unseen forward loss grad param
# A thread that trains when the script itself is at its end.
import threading
import time

import torch
from torch import nn


def train():
    time.sleep(0.3)
    torch.manual_seed(0)
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        net(torch.randn(4, 3)).square().mean().backward()
        optimizer.step()
    print(net.weight.sum().item())


threading.Thread(target=train).start()
