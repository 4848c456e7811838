# expect: series Net-1; steps 3; status 0; tensors 30; has Net-1/000001/data/target; no Net-1/000001/data/x; has Net-1/000002/data/x; has Net-1/000003/forward/logits
# expect: says   Net-1 lacks data in 1 of 3 steps: what its modules got, autograd made
# Calls forward itself, which uses a parameter of its own: seen from the second step on.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w, self.fc = nn.Parameter(torch.randn(3, 2)), nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(x @ self.w)


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    x, y = torch.randn(4, 3), torch.tensor([0, 1, 0, 1])
    optimizer.zero_grad()
    nn.functional.cross_entropy(net.forward(x), y).backward()
    optimizer.step()
print(net.w, Net.forward.__name__)
