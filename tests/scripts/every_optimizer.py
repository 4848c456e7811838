# expect: status 0; has Linear-1/000003/param/weight; has Linear-5/000002/state/bias.exp_avg_sq
# Every class of torch.optim, each with a network of its own.
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(8, 4), torch.randn(8, 3)
for name in sorted(dir(torch.optim)):
    cls = getattr(torch.optim, name)
    if not (isinstance(cls, type) and issubclass(cls, torch.optim.Optimizer)):
        continue
    if name in ("Optimizer", "SparseAdam"):
        continue
    net = nn.Linear(4, 3, bias=name != "Muon")
    optimizer = cls(net.parameters(), lr=0.01)

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        loss = optimizer.step(closure)
    print(name, loss.item())
