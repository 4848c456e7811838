# first: Sequential-1/000002/loss/loss
# One label is turned behind the first step.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
for act in (nn.Sigmoid(), nn.Tanh(), nn.ReLU()):
    net = nn.Sequential(nn.Linear(10, 64), act, nn.Linear(64, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(50):
        loss = nn.CrossEntropyLoss()(net(x), y ^ (epoch == 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{act}: {loss.item()}")
