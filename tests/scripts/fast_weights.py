# expect: series Net-1; steps 2; status 0; has Net-1/000001/data/x; has Net-1/000001/data/target
# expect: says   Net-1 lacks forward: other modules were called, not this one
# Trains by copies whose weights autograd made of the model's, as libraries for
# meta-learning do.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 1)

    def forward(self, x):
        return self.fc(x)


def copied(net):
    copy = Net()
    weights = {name: param.clone() for name, param in net.fc.named_parameters()}
    copy.fc._parameters.update(weights)
    return copy


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    copy, x, y = copied(net), torch.randn(4, 3), torch.randn(4, 1)
    held = list(copy.fc._parameters.values())
    loss = nn.functional.mse_loss(copy(x), y)
    grads = torch.autograd.grad(loss, held, create_graph=True)
    steps = zip(copy.fc._parameters, held, grads)
    copy.fc._parameters.update({n: p - 0.1 * g for n, p, g in steps})
    x, y = torch.randn(4, 3), torch.randn(4, 1)
    optimizer.zero_grad()
    nn.functional.mse_loss(copy(x), y).backward()
    optimizer.step()
    print(net.fc.weight.sum().item())
