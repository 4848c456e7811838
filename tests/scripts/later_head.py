# A head that is made early, and trained when the trunk below it is.
# expect: series Linear-1 Linear-2; steps 4 2; whole yes
import torch

torch.manual_seed(0)
trunk, first, head = (torch.nn.Linear(4, 4) for _ in range(3))
x, y = torch.randn(8, 4), torch.randint(4, (8,))
criterion = torch.nn.CrossEntropyLoss()


def train(module, through, steps):
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(steps):
        loss = criterion(through(trunk(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


train(trunk, first, 4)
train(head, head, 2)
