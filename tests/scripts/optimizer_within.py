# expect: series Linear-1; steps 3; status 0; has Linear-1/000001/state/weight.old; has Linear-1/000001/state/weight.momentum_buffer
# expect: has Linear-1/000002/state/weight_mask; whole yes
# expect: unrecorded grad
# An optimizer that has another one do its step, as for SAM; and a mask that a model
# without buffers is given later.
import torch
from torch import nn
from torch.nn.utils import prune


class Sharp(torch.optim.Optimizer):
    def __init__(self, params, **settings):
        super().__init__(params, settings)
        self.inner = torch.optim.SGD(self.param_groups, **settings)

    @torch.no_grad()
    def step(self, closure):
        for param in self.param_groups[0]["params"]:
            self.state[param]["old"] = param.clone()
            param += 0.1 * param.grad
        self.zero_grad()
        with torch.enable_grad():
            closure().backward()
        for param in self.param_groups[0]["params"]:
            param.copy_(self.state[param]["old"])
        self.inner.step()


torch.manual_seed(0)
net = nn.Linear(3, 2)
optimizer = Sharp(net.parameters(), lr=0.1, momentum=0.9)
for step in range(3):
    if step == 1:
        prune.l1_unstructured(net, "weight", amount=2)
    x, y = torch.randn(4, 3), torch.randint(0, 2, (4,))

    def loss(x=x, y=y):
        return nn.functional.cross_entropy(net(x), y)

    optimizer.zero_grad()
    loss().backward()
    optimizer.step(loss)
print(net.weight.detach().sum().item())
