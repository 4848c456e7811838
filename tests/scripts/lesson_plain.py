# expect: series Sequential-1 Sequential-2 Sequential-3; steps 50; tensors 2714; status 0; right lesson
# As someone types it in; all digits.
import torch
import torch.nn as nn

torch.manual_seed(0)
X = torch.randn(512, 10)
labels = (X.sum(dim=1) > 0).long()

for name, act in {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU()}.items():
    net = nn.Sequential(nn.Linear(10, 64), act, nn.Linear(64, 2))
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    loss_fn = nn.CrossEntropyLoss()
    for _ in range(50):
        opt.zero_grad()
        loss = loss_fn(net(X), labels)
        loss.backward()
        opt.step()
    print(f"{name}: {loss.item()}")
