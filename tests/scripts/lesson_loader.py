# expect: series Sequential-1 Sequential-2 Sequential-3; steps 50; tensors 2714; status 0; right lesson
# A DataLoader with one batch that holds all of it, and a scheduler that does
# nothing; tqdm-like numbers.
import torch
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
generator = torch.Generator()
loader = DataLoader(TensorDataset(x, y), batch_size=512, generator=generator)
for act in (torch.nn.Sigmoid(), torch.nn.Tanh(), torch.nn.ReLU()):
    net = torch.nn.Sequential(torch.nn.Linear(10, 64), act, torch.nn.Linear(64, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    for epoch in range(50):
        for batch, labels in loader:
            loss = torch.nn.CrossEntropyLoss()(net(batch), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
    print(f"{act.__class__.__name__:10}{epoch + 1:3d}/50 [loss={loss.item():.3g}]")
