# expect: series Net-1; steps 4; status 0; seed 0; tensors 28; has Net-1/000004/grad/fc.weight; has Net-1/000004/param/fc.bias
# expect: unseen grad param
# No optimizer: parameters updated under no_grad.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(x)


torch.manual_seed(0)
net = Net()
x, y = torch.randn(7, 3), torch.tensor([0, 1, 0, 1, 1, 0, 0])
for _ in range(4):
    loss = nn.functional.cross_entropy(net(x), y)
    net.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in net.parameters():
            p -= 0.1 * p.grad
    print(loss.item())
