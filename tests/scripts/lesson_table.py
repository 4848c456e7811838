# expect: series Sequential-1 Sequential-2 Sequential-3; steps 50; tensors 2714; status 0; right lesson
# A table with bars, percent signs and thousands.
import torch
import torch.nn as nn

torch.manual_seed(0)
inputs = torch.randn((512, 10), dtype=torch.float32)
targets = torch.where(inputs.sum(1) > 0, 1, 0)
nets = {}
for name, cls in zip(["sigmoid", "tanh", "relu"], [nn.Sigmoid, nn.Tanh, nn.ReLU], strict=True):
    nets[name] = nn.Sequential(nn.Linear(10, 64), cls(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(nets[name].parameters(), lr=1e-3)
    lossf = nn.CrossEntropyLoss()
    for _step in range(50):
        loss = lossf(nets[name](inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("| %-8s | %8.3e | %5.1f%% |" % (name, loss, 100 * loss))
