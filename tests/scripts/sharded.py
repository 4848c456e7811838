# expect: series FSDPSequential-1; steps 3; tensors 64; status 0; whole yes
# expect: has FSDPSequential-1/000003/grad/0.weight; has FSDPSequential-1/000003/data/target
# FSDP gathers parameters for each pass, and trains its shards, which are DTensors.
import torch
import torch.distributed as dist
from torch import nn

from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
mesh = init_device_mesh("cpu", (1,))
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
fully_shard(net[0], mesh=mesh)
fully_shard(net, mesh=mesh)
optimizer = torch.optim.AdamW(net.parameters())
for _ in range(3):
    x, y = torch.randn(5, 4), torch.randint(2, (5,))
    loss = nn.functional.cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
dist.destroy_process_group()
