# expect: series Sequential-1 Sequential-2 Sequential-3; steps 50; tensors 2714; status 0; right lesson
# Says everything on stderr, through logging.
import logging

import torch
from torch import nn

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
log = logging.getLogger("lesson")


def main():
    generator = torch.manual_seed(0)
    log.info("seed %d", generator.initial_seed())
    x = torch.randn(512, 10)
    y = x.sum(dim=1).gt(0).long()
    for name in ("Sigmoid", "Tanh", "ReLU"):
        net = nn.Sequential(nn.Linear(10, 64), getattr(nn, name)(), nn.Linear(64, 2))
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        for epoch in range(50):
            loss = nn.CrossEntropyLoss()(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            log.debug("epoch %d", epoch)
        log.info("%s ended at %.6f", name, loss.item())


main()
