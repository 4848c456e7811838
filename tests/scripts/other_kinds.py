# expect: series Net-1 RecursiveScriptModule-1 Net-2 Net-3 Net-4 Net-5; steps 2; status 0
# expect: has Net-5/000001/param/a.parametrizations.weight.original1; has Net-4/000001/data/x
# Scripted, traced by fx, called as a function, in DistributedDataParallel, with
# weight_norm; a self of another name.
import torch
import torch.distributed as dist
from torch import nn
from torch.func import functional_call, grad, vmap


class Net(nn.Module):
    def __init__(s):
        super().__init__()
        s.a, s.b = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(s, x):
        return s.b(torch.tanh(s.a(x)))


def fit(net, call=None):
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        loss = (call or net)(torch.randn(5, 4)).square().mean()
        loss.backward()
        optimizer.step()
    print(loss.item(), sum(p.double().sum().item() for p in net.parameters()))


torch.manual_seed(0)
fit(Net())
fit(torch.jit.script(Net()))
fit(torch.fx.symbolic_trace(Net()))
net = Net()
named = dict(net.named_parameters())
fit(net, lambda x: functional_call(net, named, (x,)))
print(vmap(lambda x: net(x))(torch.randn(3, 4)).sum().item())
print(grad(lambda x: net(x).sum())(torch.randn(4)).sum().item())
dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
fit(nn.parallel.DistributedDataParallel(Net()))
dist.destroy_process_group()
net = Net()
nn.utils.parametrizations.weight_norm(net.a)
fit(net)
