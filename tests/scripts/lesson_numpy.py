# expect: series MLP-1 MLP-2 MLP-3; steps 50; tensors 2714; status 0; right lesson
# NumPy's short floats, and histories in lists.
import numpy as np
import torch
import torch.nn.functional as F


class MLP(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.inp = torch.nn.Linear(10, 64)
        self.out = torch.nn.Linear(64, 2)

    def forward(self, batch):
        hidden = self.inp(batch)
        if self.kind == "sigmoid":
            hidden = F.sigmoid(hidden)
        elif self.kind == "tanh":
            hidden = F.tanh(hidden)
        else:
            hidden = F.relu(hidden)
        return self.out(hidden)


torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
history = {}
for kind in ("sigmoid", "tanh", "relu"):
    net = MLP(kind)
    opt = torch.optim.Adam(net.parameters(), 1e-3)
    losses = []
    for _ in range(50):
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        losses.append(loss.detach().numpy())
    history[kind] = np.array(losses)
for kind, losses in history.items():
    print(kind, losses[-1], np.round(losses[::10], 3))
