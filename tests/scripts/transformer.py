# expect: series GPT-1; steps 3; status 0; has GPT-1/000001/forward/output.0; has GPT-1/000002/data/idx; has GPT-1/000003/data/targets
# A small language model that returns logits and loss, with weights tied.
import torch
import torch.nn.functional as F
from torch import nn


class GPT(nn.Module):
    def __init__(self, vocab=17, width=8):
        super().__init__()
        self.wte = nn.Embedding(vocab, width)
        self.block = nn.TransformerEncoderLayer(width, 2, 16, batch_first=True)
        self.head = nn.Linear(width, vocab, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, idx, targets=None):
        mask = nn.Transformer.generate_square_subsequent_mask(idx.shape[1])
        logits = self.head(self.block(self.wte(idx), src_mask=mask))
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return logits, loss


torch.manual_seed(1337)
text = torch.randint(17, (200,))
model = GPT()
decay = [p for p in model.parameters() if p.dim() > 1]
other = [p for p in model.parameters() if p.dim() < 2]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": other}])
for _ in range(3):
    at = torch.randint(190, (4,))
    x = torch.stack([text[i : i + 8] for i in at])
    y = torch.stack([text[i + 1 : i + 9] for i in at])
    _, loss = model(x, y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.4f}")
