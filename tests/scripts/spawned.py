# expect: series Linear-1; steps 1; status 0; says   the record lacks 2 spawned processes:
# Worker processes that are spawned import this file again; they record nothing.
import multiprocessing

import torch
import torch.multiprocessing as mp


def work(i):
    net = torch.nn.Linear(1, 1)
    net(torch.ones(1)).sum().backward()
    torch.optim.SGD(net.parameters(), lr=0.1).step()
    return i * i


if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.map(work, range(3)))
    work(1)
    mp.start_processes(work, nprocs=2, start_method="fork")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(work, range(2)))
