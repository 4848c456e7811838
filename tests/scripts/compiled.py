# expect: series Net-1; steps 3; status 0; has Net-1/000001/data/x; has Net-1/000003/grad/fc.weight; has Net-1/000001/forward/output
# torch.compile: names are the model's own.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(x).tanh()


torch.manual_seed(0)
model = torch.compile(Net(), backend="eager")
optimizer = torch.optim.Adam(model.parameters())
for _ in range(3):
    optimizer.zero_grad()
    loss = model(torch.randn(5, 4)).square().mean()
    loss.backward()
    optimizer.step()
print(loss.item())
