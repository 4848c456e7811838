# expect: series Encoder-1 Decoder-1; steps 6 3; status 0; has Decoder-1/000002/loss/loss#2; no Decoder-1/000002/loss/loss#3; has Decoder-1/000003/data/input#2; no Encoder-1/000003/loss/loss#2
# One optimizer steps with every batch, another one with every second.
import torch
from torch import nn


class Encoder(nn.Linear):
    pass


class Decoder(nn.Linear):
    pass


torch.manual_seed(0)
encoder, decoder = Encoder(3, 2), Decoder(2, 1)
often = torch.optim.SGD(encoder.parameters(), lr=0.1)
rarely = torch.optim.SGD(decoder.parameters(), lr=0.1)
for i in range(6):
    decoder(encoder(torch.randn(4, 3))).square().mean().backward()
    often.step()
    often.zero_grad()
    if i % 2:
        rarely.step()
        rarely.zero_grad()
