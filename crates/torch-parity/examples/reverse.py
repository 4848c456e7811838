"""An encoder and a decoder that learn to say a row of digits backwards."""

import torch
from torch import nn

DIGITS, START, LENGTH, HIDDEN, BATCH, STEPS = 10, 10, 6, 32, 16, 60

torch.set_num_threads(1)
torch.manual_seed(0)


class Reverser(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(DIGITS + 1, HIDDEN)
        self.encoder = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.decoder = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
        self.similar = nn.Bilinear(HIDDEN, HIDDEN, DIGITS)

    def forward(self, src, tgt):
        src, tgt = self.embedding(src), self.embedding(tgt)
        memory, state = self.encoder(src)  # (B, T, H), (1, B, H)
        x, _ = self.decoder(tgt, state)  # (B, T, H)
        return self.similar(x, memory.flip(1)).transpose(1, 2)  # (B, DIGITS, T)


def batch():
    src = torch.randint(DIGITS, (BATCH, LENGTH))
    reverse = src.flip(1)
    start = torch.full((BATCH, 1), START)
    return src, torch.cat([start, reverse[:, :-1]], dim=1), reverse


model = Reverser()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, STEPS)

for step in range(STEPS):
    src, tgt, following = batch()
    logits = model(src, tgt)
    loss = criterion(logits, following)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 20 == 19:
        right = (logits.argmax(1) == following).float().mean()
        print(f"step {step + 1}: loss {loss.item():.4f}, right {right.item():.2f}")
