# expect: series MLP-1; steps 3; status 0; has MLP-1/000002/state/fc.weight.old_dirs.0; has MLP-1/000001/loss/loss#2; has MLP-1/000001/data/x; has MLP-1/000001/data/target; no MLP-1/000001/data/x#2; no MLP-1/000001/data/target#2; no MLP-1/000002/data/x#3
# LBFGS calls the network many times a step.
import torch
from torch import nn


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 8)
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.fc(x)))


torch.manual_seed(0)
x, y = torch.randn(20, 4), torch.randn(20, 1)
net = MLP()
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=5)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    return loss


for _ in range(3):
    print(optimizer.step(closure).item())
