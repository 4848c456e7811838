# expect: series Linear-1; steps 1; status 1; says until the script raised RuntimeError
# expect: unrecorded loss
# Raises from inside of PyTorch, forward and backward, with a cause and with a context.
import torch

net = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


def step(x):
    optimizer.zero_grad()
    net(x).sum().backward()
    optimizer.step()


step(torch.ones(2))
try:
    try:
        step(torch.ones(3))
    except RuntimeError as error:
        raise KeyError("of another shape") from error
except KeyError:
    try:
        loss = net(torch.ones(2)).sum()
        loss.backward()
        loss.backward()
    except RuntimeError:
        net(torch.ones(4)).sum().backward()
