# expect: series Sequential-1 Sequential-2 Sequential-3; steps 50; tensors 2714; status 0; right lesson
# Prints nothing.
import torch

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
for act in (torch.nn.Sigmoid(), torch.nn.Tanh(), torch.nn.ReLU()):
    net = torch.nn.Sequential(torch.nn.Linear(10, 64), act, torch.nn.Linear(64, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(50):
        loss = torch.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
