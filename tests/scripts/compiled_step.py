# expect: series Linear-1; steps 3; status 0; tensors 29 (35 with 2.4); has Linear-1/000003/grad/weight; has Linear-1/000002/state/weight.exp_avg; has Linear-1/000003/param/bias
# The whole step compiled: PyTorch goes on piece by piece, and says so of none.
import logging

import torch

torch._logging.set_logs(dynamo=logging.ERROR)  # warnings that tell the time
torch.manual_seed(0)
net = torch.nn.Linear(2, 2)
optimizer = torch.optim.Adam(net.parameters(), lr=0.1)


@torch.compile(backend="eager")
def train(x):
    optimizer.zero_grad()
    loss = net(x).square().mean()
    loss.backward()
    optimizer.step()
    return loss


for _ in range(3):
    loss = train(torch.randn(4, 2))
print(loss, net.weight)
