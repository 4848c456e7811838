"""A character-level decoder, as small as one gets, of sentences that the script makes."""

import math

import torch
from torch import nn

T, C, HEADS, LAYERS, BATCH, STEPS = 32, 32, 4, 2, 8, 40

torch.set_num_threads(1)
torch.manual_seed(0)
words = ["cat", "dog", "fox", "hen", "owl"]
text = " ".join(f"the {a} sees the {b}." for a in words for b in words if a != b)
chars = sorted(set(text))
data = torch.tensor([chars.index(c) for c in text])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1 = nn.LayerNorm(C)
        self.qkv = nn.Linear(C, 3 * C)
        self.proj = nn.Linear(C, C)
        self.dropout = nn.Dropout(0.1)
        self.ln2 = nn.LayerNorm(C)
        self.mlp = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))

    def attend(self, x):
        qkv = self.qkv(x).view(BATCH, T, 3, HEADS, C // HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (B, H, T, C/H) each
        att = q @ k.transpose(-2, -1) / math.sqrt(C // HEADS)  # (B, H, T, T)
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        att = att.masked_fill(future, -math.inf).softmax(dim=-1)
        x = self.dropout(att) @ v  # (B, H, T, C/H)
        return self.proj(x.transpose(1, 2).reshape(BATCH, T, C))

    def forward(self, x):
        x = x + self.attend(self.ln1(x))
        return x + self.dropout(self.mlp(self.ln2(x)))


class GPT(nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.wte = nn.Embedding(vocab, C)
        self.wpe = nn.Embedding(T, C)
        self.dropout = nn.Dropout(0.1)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.ln_f = nn.LayerNorm(C)
        self.head = nn.Linear(C, vocab, bias=False)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.02)
        self.head.weight = self.wte.weight

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(T))  # (B, T, C)
        x = self.blocks(self.dropout(x))
        return self.head(self.ln_f(x)).transpose(1, 2)  # (B, V, T)


def batch():
    start = torch.randint(len(data) - T, (BATCH, 1))
    places = start + torch.arange(T)  # (B, T)
    return data[places], data[places + 1]


def warmup_cosine(step):
    if step < 8:
        return (step + 1) / 8
    return 0.5 * (1 + math.cos(math.pi * (step - 8) / (STEPS - 8)))


model = GPT(len(chars))
criterion = nn.CrossEntropyLoss()
decay = [p for p in model.parameters() if p.dim() >= 2]
others = [p for p in model.parameters() if p.dim() < 2]
groups = [{"params": decay, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}]
optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95))
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_cosine)

for step in range(STEPS):
    optimizer.zero_grad()
    for _ in range(2):
        tokens, following = batch()
        logits = model(tokens)
        loss = criterion(logits, following) / 2
        loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    optimizer.step()
    scheduler.step()
    if step % 10 == 9:
        print(f"step {step + 1}: loss {2 * loss.item():.4f}, norm {norm.item():.4f}")
