# expect: series Net-1 Net-2; steps 1 1; status 0
# Pickles a network whose class is this script's, loads it and goes on.
import io
import pickle

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x)


def step(net, optimizer):
    optimizer.zero_grad()
    net(torch.ones(1, 3)).sum().backward()
    optimizer.step()


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.Adam(net.parameters())
step(net, optimizer)
file = io.BytesIO()
torch.save(net, file)
file.seek(0)
again = torch.load(file, weights_only=False)
assert pickle.loads(pickle.dumps(Net)) is Net
optimizer2 = torch.optim.Adam(again.parameters())
optimizer2.load_state_dict(optimizer.state_dict())
step(again, optimizer2)
print(again, optimizer2.state_dict()["state"][0]["step"])
