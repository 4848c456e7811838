# expect: series Linear-1 Linear-2 Linear-3; steps 2; status 0
# float64, bfloat16 and autocast.
import torch

torch.manual_seed(0)
for dtype in (torch.float64, torch.bfloat16):
    net = torch.nn.Linear(4, 2, dtype=dtype)
    optimizer = torch.optim.Adam(net.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.randn(3, 4, dtype=dtype)).sum().backward()
        optimizer.step()
    print(net.weight.dtype, net.weight.sum().item())
net = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(torch.randn(3, 4))
    out.float().sum().backward()
    optimizer.step()
print(out.dtype)
