# expect: series Critic-1 Actor-1; steps 150 1; status 0; has Actor-1/000001/data/input#149; has Actor-1/000001/forward/output#150
# An actor that learns at the episode's end, a critic that does at each step.
import torch
from torch import nn


class Actor(nn.Linear):
    pass


class Critic(nn.Linear):
    pass


torch.manual_seed(0)
actor, critic = Actor(3, 2), Critic(3, 1)
acts = torch.optim.SGD(actor.parameters(), lr=0.1)
judges = torch.optim.SGD(critic.parameters(), lr=0.1)
kept = []
for _ in range(150):
    seen = torch.randn(3)
    kept.append(actor(seen).square().sum())
    judges.zero_grad()
    critic(seen).square().mean().backward()
    judges.step()
torch.stack(kept).sum().backward()
acts.step()
