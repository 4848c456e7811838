# expect: series Tagger-1; steps 3; status 0; has Tagger-1/000001/data/tokens; has Tagger-1/000003/param/lstm.weight_hh_l0; has Tagger-1/000001/grad/embed.weight
# Embedding, LSTM and RNN; gradients clipped; a learning rate that changes.
import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 5, batch_first=True)
        self.rnn = nn.RNN(5, 5, batch_first=True)
        self.out = nn.Linear(5, 4)

    def forward(self, tokens):
        hidden, _ = self.lstm(self.embed(tokens))
        return self.out(self.rnn(hidden)[0])


torch.manual_seed(0)
net = Tagger()
optimizer = torch.optim.Adagrad(net.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
criterion = nn.CrossEntropyLoss()
for _ in range(3):
    tokens, tags = torch.randint(20, (3, 7)), torch.randint(4, (3, 7))
    optimizer.zero_grad()
    loss = criterion(net(tokens).flatten(0, 1), tags.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    optimizer.step()
    scheduler.step()
    print(f"{loss:.5f} {scheduler.get_last_lr()}")
