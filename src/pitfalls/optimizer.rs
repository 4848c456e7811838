//! Mistakes in the choice and the use of the optimizer.

use tch::Tensor;
use torch_parity::optim::{Adam, Optimizer, Parameters, Steps};

use super::adam_rule::Rule;
use super::tch_adam::TchAdam;
use super::{Code, Parts, Pitfall, Shows, fused_adam};

pub const RIGHT_ADAM: Code = Code {
    rust: "let mut optimizer = Adam::new(model.named_parameters(), lr);",
    pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr)",
};

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "grads-not-zeroed",
        mistake: "gradients not zeroed between steps",
        origin: "zero_grad() forgotten; PyTorch and tch accumulate",
        wrong: Code {
            rust: "loss.backward();\noptimizer.step();",
            pytorch: "loss.backward()\noptimizer.step()",
        },
        right: Code {
            rust: "optimizer.zero_grad();\nloss.backward();\noptimizer.step();",
            pytorch: "optimizer.zero_grad()\nloss.backward()\noptimizer.step()",
        },
        found: "The first step is right, since nothing is there to be added to. From the \
                second on the gradient is the sum of all so far.",
        shows: Shows::Where {
            needs: "two epochs, and an lr up to 1",
            holds: |s| s.run.epochs > 1 && s.run.lr <= 1.0,
        },
        parts: &Parts {
            optimizer: |params, lr| Box::new(NeverZeroed(Adam::new(params, lr))),
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "tch-adam",
        mistake: "tch::nn::Adam",
        origin: "tch's own optimizer, as its examples use it",
        wrong: Code {
            rust: "let mut optimizer = tch::nn::Adam::default().build(&vs, lr)?;",
            pytorch: "exp_avg.mul_(beta1).add_(grad, alpha=1 - beta1)  # as the C++ has it",
        },
        right: Code {
            rust: "let mut optimizer = Adam::new(model.named_parameters(), lr);",
            pytorch: "exp_avg.lerp_(grad, 1 - beta1)  # as torch/optim/adam.py has it",
        },
        found: "It is libtorch's C++ Adam, equal on paper. tch does not let exp_avg be \
                read, so the first to be seen is a parameter; nor can a resync put it \
                right, so what is wrong in each step includes what the moments inherited.",
        shows: Shows::ROUNDED,
        parts: &Parts {
            optimizer: |params, lr| Box::new(TchAdam::new(params, lr)),
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "fused-adam",
        mistake: "the fused Adam",
        origin: "fused=True, for its speed",
        wrong: Code {
            rust: "v = ((1.0 - beta2) * g).mul_add(g, v * beta2); // rounds once less",
            pytorch: "optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)",
        },
        right: RIGHT_ADAM,
        found: "Same formula, other roundings: a product and a sum become one instruction. \
                A test holds this one to PyTorch's fused=True, bit for bit.",
        shows: Shows::ROUNDED,
        parts: &Parts {
            optimizer: |params, lr| Rule { step: fused_adam::step, ..Rule::RIGHT }.adam(params, lr),
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "bias-not-trained",
        mistake: "an optimizer that misses the biases",
        origin: "parameters listed by hand, or registered too late",
        wrong: Code {
            rust: "let mut optimizer = Adam::new(vec![fc1.weight, fc2.weight], lr);",
            pytorch: "optimizer = torch.optim.Adam([fc1.weight, fc2.weight], lr=lr)",
        },
        right: RIGHT_ADAM,
        found: "The gradients of the first step are right, but the bias has no moments \
                after it, and never moves.",
        shows: Shows::Always,
        parts: &Parts {
            optimizer: |params, lr| {
                Rule { trains: |dimensions| dimensions > 1, ..Rule::RIGHT }.adam(params, lr)
            },
            ..Parts::RIGHT
        },
    },
];

/// The right Adam on gradients that add up.
struct NeverZeroed(Adam);

impl Optimizer for NeverZeroed {
    fn parameters(&self) -> &Parameters {
        self.0.parameters()
    }

    fn parameters_mut(&mut self) -> &mut Parameters {
        self.0.parameters_mut()
    }

    fn zero_grad(&mut self) {}

    fn state(&self, i: usize) -> Vec<(&'static str, Tensor)> {
        self.0.state(i)
    }
}

impl Steps for NeverZeroed {
    fn step(&mut self) {
        self.0.step();
    }
}
