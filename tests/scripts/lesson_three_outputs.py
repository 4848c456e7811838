# expect: series Net-1 Net-2 Net-3; steps 50; tensors 3014; status 0
# The network returns its hidden layer, and what that is on average, too.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(10, 64), act, nn.Linear(64, 2)

    def forward(self, x):
        hidden = self.act(self.fc1(x))
        return self.fc2(hidden), hidden, hidden.mean(dim=1)


torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
for act in (nn.Sigmoid(), nn.Tanh(), nn.ReLU()):
    net = Net(act)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(50):
        logits, *_ = net(x)
        loss = nn.CrossEntropyLoss()(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{act}: {loss.item()}")
