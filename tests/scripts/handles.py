# expect: series Linear-1; steps 2; tensors 16; status 0
# A signal's handler ends the training by an exception.
import signal

import torch
from torch import nn


def stop(*_):
    raise TimeoutError("time is up")


signal.signal(signal.SIGUSR1, stop)
torch.manual_seed(0)
net = nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
try:
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.randn(2, 4)).sum().backward()
        optimizer.step()
    print("done")
except TimeoutError as error:
    print("stopped:", error)
