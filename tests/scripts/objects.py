# expect: series Policy-1; steps 2; tensors 39; status 0
# expect: has Policy-1/000001/data/batch.obs; has Policy-1/000002/data/batch.inner.x
# expect: has Policy-1/000001/forward/output.loc
# expect: has Policy-1/000001/forward/output.scale
# expect: unseen forward
# What goes in is an object with a way back to itself; out comes a distribution.
import torch
from torch import nn
from torch.distributions import Normal


class Batch:
    def __init__(self, obs, around=None):
        self.obs, self.around = obs, around
        self.library, self.name = torch, "batch"
        self.inner = self if around is None else {"x": obs + 1, "batch": around}


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.mu = nn.Linear(4, 2)
        self.log_std = nn.Parameter(torch.zeros(2))

    def forward(self, batch):
        return Normal(self.mu(batch.obs), self.log_std.exp())


torch.manual_seed(0)
policy = Policy()
optimizer = torch.optim.Adam(policy.parameters())
for _ in range(2):
    batch = Batch(torch.randn(5, 4), Batch(torch.randn(5, 4)))
    found = policy(batch)
    loss = -found.log_prob(found.sample()).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss.item())
