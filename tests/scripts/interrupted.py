# expect: status -2; says not recorded, for it was interrupted: --keep-partial keeps
# Is stopped by hand, and stops again while it tidies up.
import torch

net = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


class Stop(torch.nn.Module):
    def forward(self, x):
        raise KeyboardInterrupt


def step(module):
    optimizer.zero_grad()
    module(net(torch.ones(2))).sum().backward()
    optimizer.step()


torch.manual_seed(0)
step(torch.nn.Identity())
try:
    step(Stop())
except KeyboardInterrupt:
    print("interrupted")
step(torch.nn.Identity())
step(Stop())
