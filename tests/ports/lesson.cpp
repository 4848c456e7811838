// The lesson's script in C++, with libtorch's own layers and its own Adam.
#include <torch/torch.h>

#include <cstdio>

namespace nn = torch::nn;

using Activation = torch::Tensor (*)(const torch::Tensor&);

struct Net : nn::Module {
  nn::Linear fc1{register_module("fc1", nn::Linear(10, 64))};
  nn::Linear fc2{register_module("fc2", nn::Linear(64, 2))};
  Activation act;

  explicit Net(Activation act) : act(act) {}

  torch::Tensor forward(const torch::Tensor& x) { return fc2(act(fc1(x))); }
};

int main() {
  torch::manual_seed(0);
  auto x = torch::randn({512, 10});
  auto labels = (x.sum(1) > 0).to(torch::kLong);

  std::pair<const char*, Activation> activations[] = {
      {"sigmoid", torch::sigmoid}, {"tanh", torch::tanh}, {"relu", torch::relu}};
  for (auto [name, act] : activations) {
    Net net(act);
    torch::optim::Adam opt(net.parameters(), torch::optim::AdamOptions(1e-3));
    torch::Tensor loss;
    for (int epoch = 0; epoch < 50; epoch++) {
      opt.zero_grad();
      loss = nn::functional::cross_entropy(net.forward(x), labels);
      loss.backward();
      opt.step();
    }
    std::printf("%s: %.9g\n", name, loss.item<double>());
  }
}
