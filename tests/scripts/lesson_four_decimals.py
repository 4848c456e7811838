# expect: series MLP-1 MLP-2 MLP-3; steps 50; tensors 2714; status 0; right lesson
# A class, a function for each run, four decimals every ten epochs.
import torch
from torch import nn, optim


class MLP(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.fc1 = nn.Linear(10, 64)
        self.fc2 = nn.Linear(64, 2)
        self.activation = activation

    def forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))


def train(model, x, y, epochs=50):
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (epoch + 1) % 10 == 0:
            print(f"Epoch [{epoch + 1}/{epochs}], Loss: {loss.item():.4f}")
    return loss.item()


if __name__ == "__main__":
    torch.manual_seed(0)
    x = torch.randn(512, 10)
    y = (x.sum(dim=1) > 0).long()
    for f in (torch.sigmoid, torch.tanh, torch.relu):
        print(f"{f.__name__:>10} final loss = {train(MLP(f), x, y):.4f}")
