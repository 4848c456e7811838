# expect: series MLP-1 MLP-2 MLP-3; steps 50; tensors 2865; status 0; right lesson
# One line of JSON for each epoch; evaluates between the steps.
import json

import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.act = act
        self.hidden = nn.Linear(10, 64)
        self.head = nn.Linear(64, 2)

    def forward(self, features):
        return self.head(self.act(self.hidden(features)))


torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
for name in ("sigmoid", "tanh", "relu"):
    net = MLP(getattr(torch, name))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(1, 51):
        net.train()
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        net.eval()
        with torch.no_grad():
            right = (net(x).argmax(1) == y).float().mean().item()
        if epoch in (1, 50):
            print(json.dumps({"act": name, "epoch": epoch, "loss": loss.item(), "acc": right}))
