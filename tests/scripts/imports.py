# expect: series Small-1; steps 1; status 0
# Imports a module and reads a file that lie beside it.
import sys
from pathlib import Path

import torch
from beside import Small

here = Path(__file__).parent
lines = (here / "beside.txt").read_text().splitlines()
x = torch.tensor([[float(word) for word in line.split()] for line in lines])
torch.manual_seed(0)
net = Small(x.shape[1])
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(x).sum().backward()
optimizer.step()
print(sys.path[0] == str(here), Path(__file__).is_absolute(), sys.modules["__main__"].x is x)
