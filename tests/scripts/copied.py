# expect: series Agent-1 Agent-2; steps 2; status 0
# expect: has Agent-1/000001/grad/actor.weight; has Agent-2/000002/param/critic.bias
# expect: has Agent-1/000001/state/norm.running_mean
# Models whose methods are called, not they themselves: one is a copy, one
# was pickled.
import copy
import pickle

import torch
from torch import nn


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.actor, self.critic = nn.Linear(4, 2), nn.Linear(4, 1)

    def act(self, x):
        return self.actor(self.norm(x))

    def value(self, x):
        return self.critic(x)


torch.manual_seed(0)
for agent in (copy.deepcopy(Agent()), pickle.loads(pickle.dumps(Agent()))):
    optimizer = torch.optim.Adam(agent.parameters())
    for _ in range(2):
        x = torch.randn(5, 4)
        loss = agent.act(x).square().mean() + agent.value(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(loss.item())
