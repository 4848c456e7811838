# expect: series Sequential-1 Sequential-2 Sequential-3; steps 50; tensors 2714; status 0; right lesson
# Prints the loss as the tensor that it is.
import torch

torch.manual_seed(0)
data = torch.randn(512, 10)
target = (data.sum(-1) > 0).long()
criterion = torch.nn.CrossEntropyLoss()
for act in [torch.nn.Sigmoid(), torch.nn.Tanh(), torch.nn.ReLU()]:
    model = torch.nn.Sequential(torch.nn.Linear(10, 64), act, torch.nn.Linear(64, 2))
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    for epoch in range(50):
        loss = criterion(input=model(data), target=target)
        adam.zero_grad(set_to_none=False)
        loss.backward()
        adam.step()
    print(act, loss)
