# The lesson's script, as someone types it in: shares no line with python_ref.
import torch
import torch.nn as nn

torch.manual_seed(0)
X = torch.randn(512, 10)
labels = (X.sum(dim=1) > 0).long()

activations = {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU()}
for name, act in activations.items():
    net = nn.Sequential(nn.Linear(10, 64), act, nn.Linear(64, 2))
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    loss_fn = nn.CrossEntropyLoss()
    for _ in range(50):
        opt.zero_grad()
        loss = loss_fn(net(X), labels)
        loss.backward()
        opt.step()
    print(f"{name}: {loss.item()}")
