# expect: series Net-1; steps 3; tensors 17; status 0; seed 0
# expect: has Net-1/000001/grad/fc.weight; has Net-1/000001/loss/loss; has Net-1/000001/data/target; no Net-1/000001/loss/loss#2
# expect: has Net-1/000002/grad/x; has Net-1/000003/forward/output; no Net-1/000003/grad/x
# expect: unseen loss grad
# Gradients that update nothing: of parameters, as one compares two programs by them,
# and of what went in, as for a map of what a model looks at.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.out = nn.Linear(4, 3), nn.Linear(3, 2)

    def forward(self, x):
        return self.out(torch.tanh(self.fc(x)))


torch.manual_seed(0)
net, y = Net(), torch.tensor([0, 1, 0, 1, 1])
nn.functional.cross_entropy(net(torch.randn(5, 4)), y).backward()
print(net.fc.weight.grad.norm().item())
x = torch.randn(5, 4, requires_grad=True)
(found,) = torch.autograd.grad(net(x).square().sum(), x)
print(found.norm().item())
with torch.no_grad():
    print(net(x).sum().item())
