# expect: series Linear-1 Embedder-1 Sequential-1; steps 2 2 3; status 0; seed 0
# expect: has Linear-1/000001/loss/loss; no Linear-1/000001/loss/loss#2; has Embedder-1/000002/loss/loss#2; no Sequential-1/000002/state/0.weight.momentum_buffer; has Sequential-1/000003/state/0.weight.momentum_buffer
# expect: says   2 parameters lack steps:; says     they changed by hand, and an optimizer that holds them took no step
# expect: unseen grad param; unrecorded loss
# What an optimizer holds is perturbed by hand before its step, as by SAM and by FGM; and
# what was trained by hand gets an optimizer. One that takes no step hides updates by hand.
import torch
from torch import nn


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base_optimizer, rho=0.05, **kwargs):
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["old_p"] = p.data.clone()
                p.add_(p.grad, alpha=group["rho"])
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad=False):
        for group in self.param_groups:
            for p in group["params"]:
                p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.fc = nn.Embedding(5, 4), nn.Linear(4, 2)

    def forward(self, ids):
        return self.fc(self.embedding(ids).mean(1))


torch.manual_seed(0)
criterion = nn.CrossEntropyLoss()

net = nn.Linear(3, 2)
optimizer = SAM(net.parameters(), torch.optim.SGD, lr=0.1, momentum=0.9)
for _ in range(2):
    x, y = torch.randn(4, 3), torch.randint(0, 2, (4,))
    criterion(net(x), y).backward()
    optimizer.first_step(zero_grad=True)
    criterion(net(x), y).backward()
    optimizer.second_step(zero_grad=True)

net = Embedder()
optimizer = torch.optim.AdamW(net.parameters())
for _ in range(2):
    ids, y = torch.randint(0, 5, (4, 3)), torch.randint(0, 2, (4,))
    optimizer.zero_grad()
    criterion(net(ids), y).backward()
    weight = net.embedding.weight
    backup = weight.data.clone()
    weight.data.add_(0.1 * weight.grad / weight.grad.norm())
    criterion(net(ids), y).backward()
    weight.data = backup
    optimizer.step()

net = nn.Sequential(nn.Linear(3, 2))
x, y = torch.randn(6, 3), torch.randint(0, 2, (6,))
for _ in range(2):
    net.zero_grad()
    criterion(net(x), y).backward()
    with torch.no_grad():
        for p in net.parameters():
            p -= 0.1 * p.grad
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net.zero_grad()
criterion(net(x), y).backward()
optimizer.step()
print(net[0].weight.sum().item())

other = nn.Linear(3, 2)
optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
optimizer.zero_grad()
criterion(other(x), y).backward()
with torch.no_grad():
    for p in other.parameters():
        p -= 0.1 * p.grad
