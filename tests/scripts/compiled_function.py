# expect: series Linear-1; steps 2; status 0; has Linear-1/000002/param/weight; has Linear-1/000001/grad/weight
# Forward and loss in one compiled function.
import torch

torch.manual_seed(0)
net = torch.nn.Linear(3, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


@torch.compile(backend="eager", fullgraph=True)
def loss_of(x):
    return net(x).square().sum()


for _ in range(2):
    optimizer.zero_grad()
    loss = loss_of(torch.randn(2, 3))
    loss.backward()
    optimizer.step()
    print(loss.item())
