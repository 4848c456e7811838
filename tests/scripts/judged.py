# expect: series Detector-1 Net-1 Itself-1 Each-1; steps 2 2 2 2; status 0; whole yes
# expect: has Detector-1/000001/data/targets.0.box; has Net-1/000001/data/labels; has Itself-1/000001/data/x; has Each-1/000001/forward/output
# Losses that modules found, which are no criteria of PyTorch's, added up or divided, and
# one for each sample; what they judge by went into them, and nothing is lacking.
import torch
from torch import nn


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.box, self.kind = nn.Linear(3, 4), nn.Linear(3, 2)

    def forward(self, images, targets):
        box = torch.stack([t["box"] for t in targets])
        kind = torch.tensor([t["kind"] for t in targets])
        losses = {"box": (self.box(images) - box).abs().mean()}
        losses["kind"] = nn.functional.cross_entropy(self.kind(images), kind)
        return losses


class Net(nn.Linear):
    pass


class Dice(nn.Module):
    def forward(self, found, labels):
        return 1 - (found.sigmoid() * labels).sum() / labels.sum()


class Itself(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return (self.net(x) - x).square().mean(), self.net(x)


class Each(nn.Linear):
    def forward(self, x, labels):
        return nn.functional.cross_entropy(super().forward(x), labels, reduction="none")


torch.manual_seed(0)
detector, net, dice, itself = Detector(), Net(3, 2), Dice(), Itself(nn.Linear(3, 3))
each = nn.DataParallel(Each(3, 2))
params = [*detector.parameters(), *net.parameters(), *itself.parameters()]
params += each.parameters()
optimizer = torch.optim.SGD(params, lr=0.1)
for _ in range(2):
    x = torch.randn(2, 3)
    targets = [{"box": torch.rand(4), "kind": torch.tensor(i)} for i in range(2)]
    labels = torch.randint(0, 2, (2, 2))
    optimizer.zero_grad()
    sum(detector(x, targets).values()).backward()
    found = net(torch.randn(2, 3))
    (dice(found, labels) + 0.5 * dice(found, 1 - labels)).backward()
    loss, _ = itself(torch.randn(2, 3))
    (loss / 2).backward()
    (each(torch.randn(5, 3), torch.randint(0, 2, (5,))).mean() / 2).backward()
    optimizer.step()
