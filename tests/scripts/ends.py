# expect: series Target-1 Net-1; steps 1 3; status 0; tensors 99
# expect: has Net-1/000003/end/head.weight; no Net-1/000003/end/head.bias; has Net-1/000003/end/bn.running_mean
# expect: has Net-2/000000/end/fc.weight; has AveragedModel-1/000000/end/n_averaged; no Linear-1/000000/end/weight; no Net-3/000000/end/fc.weight
# expect: has Target-1/000001/end/fc.weight; no Target-1/000001/end/bn.running_mean
# What changes models outside of steps, in a function that ends: a clamp, an evaluation
# in training mode, averages, a target network. Others stay as they were.
import copy
import weakref

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.bn = nn.Linear(3, 4), nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.bn(self.fc(x)))


class Target(Net):
    pass


def main():
    torch.manual_seed(0)
    net, unused, target = Net(), nn.Linear(2, 2), Target().eval()
    average, copied = copy.deepcopy(net), copy.deepcopy(net)
    swa = torch.optim.swa_utils.AveragedModel(net)
    for module in (net, average, copied, unused, target, swa):
        weakref.finalize(module, print, type(module).__name__, "ends")
    weakref.finalize(net.fc.weight, print, "its weight does")
    net.fc2, old = nn.Linear(2, 2), net.fc
    del net.fc2
    with torch.no_grad():
        target(torch.randn(4, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        x, y = torch.randn(4, 3), torch.tensor([0, 1, 0, 1])
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        swa.update_parameters(net)
        with torch.no_grad():
            for mine, other in ((average, net), (target, net)):
                for p, q in zip(mine.parameters(), other.parameters(), strict=True):
                    p.data.mul_(0.9).add_(q.data, alpha=0.1)
    with torch.no_grad():
        net.head.weight.clamp_(-0.1, 0.1)
        net(torch.randn(4, 3))
    del old
    return net.head.weight.sum()


print(main())
