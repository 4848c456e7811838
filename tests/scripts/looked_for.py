# expect: series Linear-1; steps 1; tensors 9; status 0
# Looks for PyTorch before it imports it.
import importlib.util

if importlib.util.find_spec("torch") is None:
    raise SystemExit("install torch")
print(importlib.util.find_spec("torch").name)
import torch  # noqa: E402

torch.manual_seed(0)
net = torch.nn.Linear(3, 1)
net(torch.randn(4, 3)).mean().backward()
torch.optim.SGD(net.parameters(), lr=0.1).step()
