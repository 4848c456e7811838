# expect: series Generator-1 Discriminator-1; steps 2; status 0
# expect: has Generator-1/000001/data/target; no Discriminator-1/000001/data/x#3; no Generator-1/000002/data/target
# expect: has Discriminator-1/000001/data/target; has Discriminator-1/000001/data/target#2; no Discriminator-1/000002/data/target; no Discriminator-1/000002/data/target#2
# A GAN whose discriminator's first labels are the generator's: `target#2` does not stand alone.
import torch
from torch import nn


class Generator(nn.Linear):
    pass


class Discriminator(nn.Linear):
    pass


torch.manual_seed(0)
G, D = Generator(2, 3), Discriminator(3, 1)
of_g, of_d = (torch.optim.SGD(net.parameters(), lr=0.1) for net in (G, D))
criterion = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(4, 1), torch.zeros(4, 1)
for _ in range(2):
    of_g.zero_grad()
    fake = G(torch.randn(4, 2))
    criterion(D(fake), ones).backward()
    of_g.step()
    of_d.zero_grad()
    (criterion(D(torch.randn(4, 3)), ones) + criterion(D(fake.detach()), zeros)).backward()
    of_d.step()
