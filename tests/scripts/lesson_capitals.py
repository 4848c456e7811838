# expect: series MLP-1 MLP-2 MLP-3; steps 50; tensors 2714; status 0; right lesson
# CAPITALS, and a base class that keeps the loop.
import torch
from torch import nn


class Base(nn.Module):
    def learn(self, x, y, epochs):
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
        for _ in range(epochs):
            optimizer.zero_grad()
            loss = self.loss(self(x), y)
            loss.backward()
            optimizer.step()
        return loss


class MLP(Base):
    def __init__(self, activation):
        super().__init__()
        self.net = nn.ModuleList([nn.Linear(10, 64), nn.Linear(64, 2)])
        self.activation = activation
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x):
        x = self.activation(self.net[0](x))
        return self.net[1](x)


torch.manual_seed(0)
X = torch.randn(512, 10)
Y = (X.sum(dim=1) > 0).long()
for ACT in (torch.sigmoid, torch.tanh, torch.relu):
    print(ACT.__name__.upper(), "LOSS", float(MLP(ACT).learn(X, Y, 50)))
