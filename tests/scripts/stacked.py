# expect: series params-1; steps 2; status 0; seed 0; whole yes
# expect: has params-1/000002/data/input; has params-1/000002/data/input#2; has params-1/000002/data/target
# Several models as one, by vmap over their stacked parameters, which the optimizer holds.
import copy

import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

torch.manual_seed(0)
nets = [nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)) for _ in range(3)]
params, buffers = stack_module_state(nets)
base = copy.deepcopy(nets[0]).to("meta")
optimizer = torch.optim.SGD(params.values(), lr=0.1)
for _ in range(2):
    x, own, y = torch.randn(5, 3), torch.randn(3, 2, 3), torch.randint(0, 2, (21,))

    def run(params, buffers, own, x=x):
        found = functional_call(base, (params, buffers), (x,))
        return torch.cat([found, functional_call(base, (params, buffers), (own,))])

    out = vmap(run)(params, buffers, own)
    loss = nn.functional.cross_entropy(out.flatten(0, 1), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
