# expect: series MLP-1 MLP-2 MLP-3; steps 50; tensors 2714; status 0; right lesson
# Rewrites one line with carriage returns; a closure for the optimizer.
import sys

import torch
import torch.nn as nn


class MLP(nn.Module):
    def __init__(self, act, width=64):
        super().__init__()
        self.a, self.act, self.b = nn.Linear(10, width), act, nn.Linear(width, 2)

    def forward(self, x):
        return self.b(self.act(self.a(x)))


torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
criterion = nn.CrossEntropyLoss()
for act in (nn.Sigmoid(), nn.Tanh(), nn.ReLU()):
    model = MLP(act)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss

    for epoch in range(50):
        loss = optimizer.step(closure)
        sys.stdout.write(f"\r{epoch}: {loss:.4f}")
    sys.stdout.write("\n")
