# expect: series Sequential-1 Linear-1; steps 2 2; status 0; has Linear-1/000001/data/target
# expect: says   Sequential-1 lacks target of inner losses: its loss uses their gradients alone
# Meta-learning by functional_call: what the inner losses judge by is not seen. A gradient
# penalty uses the gradient of the loss itself.
import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(0)
net, criterion = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)), nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    x, y = torch.randn(2, 5, 2), torch.randn(2, 5, 2)
    fast = dict(net.named_parameters())
    inner = criterion(functional_call(net, fast, (x[0],)), y[0])
    grads = torch.autograd.grad(inner, list(fast.values()), create_graph=True)
    fast = {n: p - 0.1 * g for (n, p), g in zip(fast.items(), grads)}
    optimizer.zero_grad()
    criterion(functional_call(net, fast, (x[1],)), y[1]).backward()
    optimizer.step()

net = nn.Linear(2, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    x, y = torch.randn(6, 2, requires_grad=True), torch.randint(0, 3, (6,))
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    (slope,) = torch.autograd.grad(loss, x, create_graph=True)
    (loss + slope.norm()).backward()
    optimizer.step()
print(net.weight.sum().item())
