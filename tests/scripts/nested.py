# expect: series Linear-1; steps 2; tensors 12; status 0
# expect: unseen loss grad param
# A batch of sequences of several lengths as one nested tensor.
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    x = torch.nested.nested_tensor([torch.randn(2, 4), torch.randn(3, 4)])
    optimizer.zero_grad()
    net(x).to_padded_tensor(0.0).square().mean().backward()
    optimizer.step()
print(net.weight.sum().item())
