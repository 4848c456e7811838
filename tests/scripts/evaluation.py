# expect: series Net-1; steps 3; status 0; no Net-1/000002/data/x#2; no Net-1/000002/forward/logits#2; has Net-1/000003/data/x
# expect: has Net-1/000000/eval/x; no Net-1/000001/eval/x; no Net-1/000002/eval/x
# expect: has Net-1/000003/eval/logits; has Net-1/000003/eval/logits#2; has Net-1/000001/eval/loss; has Net-1/000001/eval/target
# expect: has Net-1/000000/eval/loss; has Net-1/000000/eval/target; no Net-1/000000/eval/input; no Net-1/000001/eval/input
# Evaluates before the steps and between them, with and without no_grad, and on other data.
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.drop = nn.Linear(4, 2), nn.Dropout(0.5)

    def forward(self, x):
        return self.fc(self.drop(x))


torch.manual_seed(0)
net, criterion = Net(), nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(net.parameters())
held = torch.randn(6, 4), torch.tensor([0, 1, 0, 1, 0, 1])
with torch.no_grad():
    net.eval()
    print(criterion(net(held[0])[:4], held[1][:4]).item())
for _ in range(3):
    net.train()
    x, y = torch.randn(8, 4), torch.randint(2, (8,))
    optimizer.zero_grad()
    criterion(net(x), y).backward()
    optimizer.step()
    net.eval()
    careless = criterion(net(held[0]), held[1])
    with torch.no_grad():
        careful = criterion(net(held[0])[:], held[1])
        criterion(net(held[0])[1:], held[1][1:])
    print(careless.item() == careful.item(), careful.item())
