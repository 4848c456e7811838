# expect: status 2; says nothing to record
# Trains nothing.
import torch

net = torch.nn.Linear(2, 2)
print(net(torch.ones(2)).shape)
