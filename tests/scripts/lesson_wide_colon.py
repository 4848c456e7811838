# expect: series Sequential-1 Sequential-2 Sequential-3; steps 50; tensors 2714; status 0; right lesson
# The full-width colon, and words that are not English.
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(512, 10)
y = (x.sum(dim=1) > 0).long()
for 名, 激活 in (("sigmoid", nn.Sigmoid()), ("tanh", nn.Tanh()), ("relu", nn.ReLU())):
    模型 = nn.Sequential(nn.Linear(10, 64), 激活, nn.Linear(64, 2))
    优化器 = torch.optim.Adam(模型.parameters(), lr=1e-3)
    for 轮 in range(50):
        损失 = nn.CrossEntropyLoss()(模型(x), y)
        优化器.zero_grad()
        损失.backward()
        优化器.step()
    print(f"{名}：{损失.item():.4f}")
