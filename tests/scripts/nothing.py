# expect: status 2; says nothing to record
# Trains nothing, and calls no model.
import torch

net = torch.nn.Linear(2, 2)
print(net.weight.shape)
