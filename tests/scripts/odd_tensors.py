# expect: series Odd-1; steps 2; status 0; has Odd-1/000001/data/x; has Odd-1/000001/data/flags; has Odd-1/000002/param/z; has Odd-1/000001/data/empty
# Complex parameters, views, bools, bytes, scalars, NaN and nothing at all.
import torch


class Odd(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.z = torch.nn.Parameter(torch.randn(3, dtype=torch.complex64))
        self.s = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, x, flags, empty, codes):
        return (self.z.conj() * x[:, 0]).abs().sum() * self.s + empty.sum() + codes.sum()


torch.manual_seed(0)
net = Odd()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(2):
    x = torch.randn(4, 3).T
    optimizer.zero_grad()
    net(x, x > 0, torch.empty(0, 3), torch.arange(4, dtype=torch.uint8)).backward()
    net.s.grad += float("nan") * 0
    optimizer.step()
print(net.z)
