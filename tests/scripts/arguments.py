# expect: series Linear-1; steps 4; status 0; args --epochs 4 --trace mine.txt -v --steps 7
# Takes arguments, some of them named as the recorder's.
import argparse
import sys

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--steps", type=int)
parser.add_argument("--trace")
parser.add_argument("-v", action="store_true")
args = parser.parse_args()
print(args, len(sys.argv), __name__)
torch.manual_seed(0)
net = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(args.epochs):
    optimizer.zero_grad()
    net(torch.ones(2)).sum().backward()
    optimizer.step()
