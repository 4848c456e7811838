# expect: series AE-1; steps 3; status 0; has AE-1/000001/param/encoder.weight; has AE-1/000002/forward/decoder; has AE-1/000002/data/encoder.input
# One optimizer over the parts of a module that is never called itself.
import torch
from torch import nn


class AE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(6, 2), nn.Linear(2, 6)


torch.manual_seed(0)
net = AE()
optimizer = torch.optim.Adam(net.parameters())
for _ in range(3):
    x = torch.rand(5, 6)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net.decoder(net.encoder(x)), x)
    loss.backward()
    optimizer.step()
print(loss.item())
