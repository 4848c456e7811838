# expect: series Linear-1 Sequential-1; steps 2; status 0
# expect: has Sequential-1/000001/data/input; has Sequential-1/000002/data/input
# expect: has Sequential-1/000002/forward/output; no Sequential-1/000002/loss/loss#2
# A GAN whose generator runs once for both updates.
import torch
from torch import nn

torch.manual_seed(0)
G, D = nn.Sequential(nn.Linear(2, 4)), nn.Linear(4, 1)
criterion = nn.BCEWithLogitsLoss()
of_g, of_d = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
for _ in range(2):
    fake, real = G(torch.randn(5, 2)), torch.randn(5, 4)
    of_d.zero_grad()
    right, wrong = criterion(D(real), torch.ones(5, 1)), criterion(D(fake), torch.zeros(5, 1))
    (right + wrong).backward(retain_graph=True)
    of_d.step()
    of_g.zero_grad()
    loss = criterion(D(fake), torch.ones(5, 1))
    loss.backward()
    of_g.step()
    print(loss.item())
