# expect: series Net-1; steps 2; status 0; has Net-1/000001/param/fc.weight; has Net-1/000001/data/x
# DataParallel around the model: the names are the model's.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x):
        return self.fc(x)


torch.manual_seed(0)
model = nn.DataParallel(Net())
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    model(torch.randn(2, 3)).sum().backward()
    optimizer.step()
print(list(model.state_dict()))
