# expect: series Linear-1; steps 4; status 0; tensors 34
# A DataLoader with worker processes that transform with a module of their own.
import torch
from torch.utils.data import DataLoader, Dataset

scale = torch.nn.Linear(1, 1)


class Squares(Dataset):
    def __len__(self):
        return 16

    def __getitem__(self, i):
        x = torch.full((1,), i / 16)
        with torch.no_grad():
            scale(x)
        return x, x * x


if __name__ == "__main__":
    torch.manual_seed(0)
    net = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    criterion = torch.nn.MSELoss()
    for _ in range(2):
        for x, y in DataLoader(Squares(), batch_size=8, shuffle=True, num_workers=2):
            optimizer.zero_grad()
            criterion(net(x), y).backward()
            optimizer.step()
    print([p.item() for p in net.parameters()])
