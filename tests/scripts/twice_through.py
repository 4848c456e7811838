# expect: series Linear-1; steps 2; status 0; has Linear-1/000002/data/input; has Linear-1/000002/forward/output; has Linear-1/000002/loss/loss
# expect: unrecorded loss
# create_graph alone keeps the graph, too.
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    loss = net(torch.randn(4, 3)).square().mean()
    loss.backward(create_graph=True)
    grads = [p.grad for p in net.parameters()]
    optimizer.zero_grad()
    (loss + 0.1 * sum(grad.square().sum() for grad in grads)).backward()
    optimizer.step()
