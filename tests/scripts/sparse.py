# expect: series Embedding-1; steps 2; status 0; has Embedding-1/000001/grad/weight; has Embedding-1/000002/state/weight.exp_avg
# expect: unseen grad
# Sparse gradients.
import torch

torch.manual_seed(0)
table = torch.nn.Embedding(10, 3, sparse=True)
optimizer = torch.optim.SparseAdam(list(table.parameters()), lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    table(torch.tensor([1, 2, 2, 7])).square().sum().backward()
    optimizer.step()
print(table.weight.norm().item())
