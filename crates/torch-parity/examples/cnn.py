"""A small convolutional network that tells stripes from diagonals."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)
torch.manual_seed(0)


def pictures(n):
    shapes = torch.zeros(3, 12, 12)
    shapes[0, 4:8, :] = 1
    shapes[1, :, 4:8] = 1
    shapes[2] = torch.eye(12)
    y = torch.randint(3, (n,))
    strength = 0.5 + torch.rand(n, 1, 1, 1)
    noise = torch.randn(n, 1, 12, 12)
    x = shapes[y].unsqueeze(1) * strength + 0.8 * noise  # (N, 1, 12, 12)
    return TensorDataset(x, y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.25)
        self.fc = nn.Linear(16 * 3 * 3, 3)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))  # (N, 8, 6, 6)
        x = self.pool(F.relu(self.bn2(self.conv2(x))))  # (N, 16, 3, 3)
        return self.fc(self.dropout(x.flatten(1)))  # (N, 3)


def accuracy(model, loader):
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum().item()
            total += len(y)
    return correct / total


train_set, test_set = pictures(300), pictures(100)
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
test_loader = DataLoader(test_set, batch_size=50)

model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(
    model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4
)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)

for epoch in range(6):
    model.train()
    for x, y in train_loader:
        logits = model(x)
        loss = criterion(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    score = accuracy(model, test_loader)
    print(f"epoch {epoch + 1}: loss {loss.item():.4f}, accuracy {score:.2f}")
