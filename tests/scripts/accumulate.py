# expect: series Net-1; steps 3; status 0
# expect: has Net-1/000001/data/x#4; has Net-1/000003/loss/loss#4; has Net-1/000002/forward/logits#3
# Four small batches for each update.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5, 3)

    def forward(self, x):
        return self.fc(x)


torch.manual_seed(1)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
criterion = nn.CrossEntropyLoss()
for step in range(3):
    optimizer.zero_grad()
    for _ in range(4):
        x, y = torch.randn(6, 5), torch.randint(3, (6,))
        loss = criterion(net(x), y) / 4
        loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
print(loss)
