# expect: series Linear-1; steps 3; status 0; tensors 41; has Linear-1/000001/data/target; has Linear-1/000002/data/target#2; has Linear-1/000001/data/weight; no Linear-1/000002/data/weight
# expect: has Linear-1/000001/eval/target; has Linear-1/000002/eval/loss; no Linear-1/000002/eval/target; has Linear-1/000002/data/target#3
# Criteria as functions: imported by name, of PyTorch's modules, in TorchScript, evaluated.
import torch
from torch import nn
from torch.nn.functional import mse_loss, smooth_l1_loss


@torch.jit.script
def scripted(a, b):
    return torch.nn.functional.l1_loss(a, b)


torch.manual_seed(0)
net = nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
weight, held = torch.rand(4, 1), torch.randn(2, 3)
for _ in range(3):
    x, y = torch.randn(4, 3), torch.randn(4, 1)
    optimizer.zero_grad()
    out = net(x)
    loss = mse_loss(out, y) + nn.functional.binary_cross_entropy_with_logits(
        out, torch.round(y.sigmoid()), weight=weight
    )
    loss = loss + nn.SmoothL1Loss()(out, y + 1) + scripted(out, y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        print(smooth_l1_loss(net(held), target=torch.zeros(2, 1)))
