# first: Sequential-3/000031/forward/logits
# One bit of one parameter, late and once.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
for act in (nn.Sigmoid(), nn.Tanh(), nn.ReLU()):
    net = nn.Sequential(nn.Linear(10, 64), act, nn.Linear(64, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(50):
        loss = nn.CrossEntropyLoss()(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if isinstance(act, nn.ReLU) and epoch == 29:
            bias = net[2].bias.data
            bias[0] = torch.nextafter(bias[0], torch.tensor(9.0))
    print(f"{act}: {loss.item()}")
