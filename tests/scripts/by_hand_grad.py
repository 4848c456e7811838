# expect: series Linear-1; steps 3; status 0; has Linear-1/000003/grad/weight; has Linear-1/000002/loss/loss
# expect: unseen loss grad param
# torch.autograd.grad, then an update by hand.
import torch

torch.manual_seed(0)
net = torch.nn.Linear(3, 1)
x = torch.randn(9, 3)
for _ in range(3):
    loss = (net(x) - 1).square().mean()
    grads = torch.autograd.grad(loss, list(net.parameters()))
    with torch.no_grad():
        for p, g in zip(net.parameters(), grads, strict=True):
            p.sub_(g, alpha=0.1)
print(loss)
