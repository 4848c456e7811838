# expect: series Sequential-1; steps 2; tensors 18; status 0
# expect: has Sequential-1/000002/data/input; has Sequential-1/000002/forward/logits
# A module called after the model that hands on what it got.
import torch
from torch import nn

torch.manual_seed(0)
net, post = nn.Sequential(nn.Linear(4, 3)), nn.Identity()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    x, y = torch.randn(5, 4), torch.randint(0, 3, (5,))
    loss = nn.CrossEntropyLoss()(post(net(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
