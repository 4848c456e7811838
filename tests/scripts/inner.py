# expect: series Sequential-1 Sequential-2 Sequential-3 Linear-1; steps 2; status 0; has Linear-1/000001/data/target
# expect: has Sequential-1/000001/data/target#3; no Sequential-2/000001/data/target#3
# expect: has Sequential-3/000001/eval/target; has Sequential-3/000001/eval/loss#2; has Sequential-3/000002/data/input
# expect: says   Sequential-2 lacks target of inner losses: its loss uses their gradients alone
# Meta-learning by functional_call: what the inner losses judge by is not seen where
# torch.func finds their gradients; those of first order lead to no update that is seen.
# A gradient penalty uses the gradient of the loss itself.
import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(0)
criterion = nn.MSELoss()


def slopes(inner, fast):
    return torch.autograd.grad(inner(fast), list(fast.values()), create_graph=True)


def slopes_by_func(inner, fast):
    return torch.func.grad(inner)(fast).values()


def slopes_alone(inner, fast):
    return torch.autograd.grad(inner(fast), list(fast.values()))


for slopes_of in (slopes, slopes_by_func, slopes_alone):
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        x, y = torch.randn(2, 5, 2), torch.randn(2, 5, 2)
        fast = dict(net.named_parameters())
        for _ in range(2):
            grads = slopes_of(
                lambda fast: criterion(functional_call(net, fast, (x[0],)), y[0]), fast
            )
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
