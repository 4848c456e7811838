# What tests/test_record.py has the recorder sketch: layers of every kind, two groups.
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.fc = nn.BatchNorm1d(4), nn.Linear(4, 4, bias=False)
        self.attention = nn.MultiheadAttention(4, 2)
        self.act = self.act_again = nn.ReLU()
        self.scale = nn.Parameter(torch.ones(2, 4))

    def forward(self, x):
        x = self.fc(self.norm(x))
        return self.attention(x, x, x)[0] * self.scale[0]


torch.manual_seed(3)
net = nn.Sequential(
    nn.Conv1d(2, 4, 3, padding=(1,)), nn.Flatten(1), nn.Linear(8, 4), Block()
)
last = net[3].scale
rest = [p for p in net.parameters() if p is not last]
groups = [{"params": rest}, {"params": [last], "lr": 0.5}, {"params": [torch.ones(1)]}]
optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
for step in range(5):
    print(step, flush=True)
    optimizer.zero_grad()
    net(torch.randn(5, 2, 2)).sum().backward()
    optimizer.step()
    optimizer.param_groups[1]["lr"] = 0.25
