# expect: status 0; tensors 6; has data/000000/data/x; has data/000000/data/w; has data/000003/data/w; no data/000001/data/x; no data/000004/data/w
# Gradients worked out by hand, without autograd: the script names what it trains.
import torch

try:
    from parity_recorder import data
except ImportError:  # it is not recorded

    def data(**_):
        pass


torch.manual_seed(0)
x = torch.randn(20, 3)
y = x @ torch.tensor([[1.0], [2.0], [3.0]])
w = torch.zeros(3, 1)
data(x=x)
data(y=y, w=w)
for _ in range(3):
    w -= 0.1 * 2 * x.T @ (x @ w - y) / len(x)
    data(x=x, y=y, w=w)
print(w)
