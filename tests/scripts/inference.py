# expect: series Net-1; steps 4; tensors 16; status 0; seed 0
# expect: has Net-1/000000/init/norm.running_mean; has Net-1/000001/data/x; no Net-1/000003/data/x; has Net-1/000004/data/x
# expect: has Net-1/000004/forward/output; has Net-1/000004/data/target; has Net-1/000004/loss/loss
# expect: unseen loss
# Calls a model only, with gradients and without.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm = nn.Linear(4, 3), nn.BatchNorm1d(3)

    def forward(self, x):
        return self.norm(self.fc(x))


def main():
    torch.manual_seed(0)
    net = Net().eval()
    x = torch.randn(5, 4)
    print(net(x).sum().item())
    with torch.no_grad():
        print(net(2 * x).sum().item(), net(2 * x).sum().item())
    with torch.inference_mode():
        loss = nn.CrossEntropyLoss()(net(3 * x), torch.tensor([0, 1, 2, 0, 1]))
        print(loss.item())


main()
