"""A generator that ends in tanh, against a discriminator: points on a ring."""

import math

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2), nn.Tanh()
        )

    def forward(self, z):
        return self.net(z)  # (N, 2), in (-1, 1)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(32, 1)
        )

    def forward(self, x):
        return self.net(x)  # (N, 1)


def ring(n):
    angle = 2 * math.pi * torch.rand(n)
    points = torch.stack([angle.cos(), angle.sin()], dim=1)
    return 0.7 * points + 0.05 * torch.randn(n, 2)  # (N, 2)


generator = Generator()
discriminator = Discriminator()
criterion = nn.BCEWithLogitsLoss()
optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-3, betas=(0.5, 0.999))
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(100):
    # The discriminator learns to tell real from fake.
    real = ring(64)
    fake = generator(torch.randn(64, 8))
    of_real = discriminator(real)
    of_fake = discriminator(fake.detach())
    loss_d = criterion(of_real, ones) + criterion(of_fake, zeros)
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()

    # The generator learns to be taken for real.
    loss_g = criterion(discriminator(fake), ones)
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    if step % 20 == 19:
        print(f"step {step + 1}: {loss_d.item():.4f} against {loss_g.item():.4f}")
