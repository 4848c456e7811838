# expect: series Linear-1; steps 1; status 3; says until the script exited with status 3
# Exits midway with a status of its own, and prints even then.
import atexit
import sys

import torch

net = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.ones(2)).sum().backward()
optimizer.step()
print("going")
atexit.register(print, "gone", file=sys.stderr)
sys.exit(3)
