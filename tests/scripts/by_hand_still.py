# expect: series Linear-1 params-1; steps 3; status 0; tensors 40; has params-1/000002/param/param0; has params-1/000003/grad/param1; has Linear-1/000003/param/bias
# expect: unseen grad param
# By hand: one of two bare tensors never changes, nor does one of two models.
import torch

torch.manual_seed(0)
still = torch.ones(2, requires_grad=True)
moves = torch.zeros(2, requires_grad=True)
net, same = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
for _ in range(3):
    loss = (same(net(torch.randn(4, 2) + moves)) * still).square().mean()
    loss.backward()
    with torch.no_grad():
        for p in (moves, net.weight):
            p -= 0.1 * p.grad
        for p in (still, moves, *net.parameters(), *same.parameters()):
            p.grad = None
print(moves, net.weight)
