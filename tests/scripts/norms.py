# expect: series Net-1; steps 3; status 0; seed 0; has Net-1/000001/state/bn.running_mean; has Net-1/000003/state/bn.num_batches_tracked; no Net-1/000001/state/mask
# BatchNorm's buffers change, another does not; dropout draws.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.bn, self.drop = nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.3)
        self.register_buffer("mask", torch.ones(6))

    def forward(self, x):
        return self.drop(self.bn(self.fc(x))) * self.mask


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.NAdam(net.parameters())
for _ in range(3):
    optimizer.zero_grad()
    loss = net(torch.randn(8, 4)).abs().mean()
    loss.backward()
    optimizer.step()
    print(loss.item())
