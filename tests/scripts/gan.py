# expect: series Discriminator-1 Generator-1; steps 3; status 0
# expect: has Discriminator-1/000002/forward/logits#2; no Discriminator-1/000002/forward/logits#3; no Discriminator-1/000002/loss/loss#2; has Generator-1/000003/loss/loss; has Generator-1/000003/forward/output; no Generator-1/000003/forward/logits; has Generator-1/000002/data/z
# Two networks, two optimizers: each loss is for one of them.
import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3))

    def forward(self, z):
        return self.net(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))

    def forward(self, x):
        return self.net(x)


torch.manual_seed(0)
G, D = Generator(), Discriminator()
opt_g = torch.optim.Adam(G.parameters(), betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
for _ in range(3):
    real, z = torch.randn(6, 3), torch.randn(6, 2)
    opt_d.zero_grad()
    fake = G(z)
    d_loss = criterion(D(real), torch.ones(6, 1)) + criterion(D(fake.detach()), torch.zeros(6, 1))
    d_loss.backward()
    opt_d.step()
    opt_g.zero_grad()
    g_loss = criterion(D(fake), torch.ones(6, 1))
    g_loss.backward()
    opt_g.step()
    print(d_loss.item(), g_loss.item())
