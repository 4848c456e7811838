# expect: series Linear-1; steps 3; status 0; losses printed; no Linear-1/000001/forward/logits#2; no Linear-1/000001/data/input#2; has Linear-1/000001/eval/input; has Linear-1/000001/eval/target; has Linear-1/000001/eval/loss
# expect: unrecorded loss
# An attack by the gradient of the batch, whose pass is no part of the step.
import torch
from torch import nn
from torch.nn import functional

torch.manual_seed(0)
net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    x, y = torch.randn(4, 3), torch.randint(2, (4,))
    x.requires_grad_(True)
    functional.cross_entropy(net(x), y).backward()
    adversarial = (x + 0.1 * x.grad.sign()).detach()
    optimizer.zero_grad()
    loss = functional.cross_entropy(net(adversarial), y)
    loss.backward()
    optimizer.step()
    print(loss.item())
