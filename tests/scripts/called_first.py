# expect: series Linear-1 Net-1 Net-2; steps 1 1 2; status 0; tensors 40; whole yes
# expect: has Net-2/000002/grad/body.weight; has Net-2/000002/eval/logits; no Net-2/000002/end/body.weight
# A part is called alone, and the whole, before there is an optimizer; then it is trained.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


@torch.no_grad()
def test():
    print(net(held).argmax(1).tolist())


torch.manual_seed(0)
net, held = Net(), torch.randn(5, 3)
with torch.no_grad():
    print(net.body(held[:1]).shape)
test()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    x, y = torch.randn(4, 3), torch.randint(0, 2, (4,))
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
    test()
