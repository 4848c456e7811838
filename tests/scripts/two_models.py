# expect: series Encoder-1 Decoder-1; steps 3; status 0; has Encoder-1/000001/loss/loss; has Decoder-1/000003/loss/loss; has Decoder-1/000002/data/code
# One optimizer over two networks that no module holds.
import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 2)

    def forward(self, image):
        return self.fc(image).tanh()


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 6)

    def forward(self, code):
        return self.fc(code)


torch.manual_seed(0)
encoder, decoder = Encoder(), Decoder()
both = [*encoder.parameters(), *decoder.parameters()]
optimizer = torch.optim.RMSprop(both, lr=1e-2)
for _ in range(3):
    image = torch.rand(5, 6)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(decoder(encoder(image)), image)
    loss.backward()
    optimizer.step()
print(loss.item())
