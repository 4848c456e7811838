//! Mistakes in the network, in the loss, and in what is reported of it.

use tch::{Kind, Reduction, Tensor};
use torch_parity::nn::Activation;

use super::run::Net;
use super::{Code, Parts, Pitfall, Shows};

const RIGHT_LOSS: Code = Code {
    rust: "let mean = Reduction::Mean;\n\
           let loss = logits.cross_entropy_loss::<Tensor>(&y, None, mean, -100, 0.0);",
    pytorch: "loss = nn.CrossEntropyLoss()(logits, y)",
};

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "tanh-by-sigmoid",
        mistake: "tanh as 2σ(2x) - 1",
        origin: "the identity that every textbook gives",
        wrong: Code {
            rust: "let h = (fc1.forward(&x) * 2).sigmoid() * 2 - 1;",
            pytorch: "h = 2 * torch.sigmoid(2 * fc1(x)) - 1",
        },
        right: Code { rust: "let h = fc1.forward(&x).tanh();", pytorch: "h = torch.tanh(fc1(x))" },
        found: "Equal on paper. Near 0 the subtraction of 1 costs digits: the first \
                logits differ in their last bits, and only where tanh is trained.",
        shows: Shows::Where {
            needs: "tanh among the activations",
            holds: |s| {
                s.run.activations.contains(&Activation::Tanh) && s.run.samples * s.run.hidden >= 64
            },
        },
        parts: &Parts {
            network: |settings, activation| {
                let net = Net::right(settings, activation);
                Box::new(match activation {
                    Activation::Tanh => {
                        Net { activation: Box::new(|x: &Tensor| (x * 2).sigmoid() * 2 - 1), ..net }
                    }
                    _ => net,
                })
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "gelu-tanh",
        mistake: "GELU by its tanh approximation",
        origin: "GPT-2's gelu, and the default of JAX and of candle's gelu",
        wrong: Code {
            rust: "let h = fc1.forward(&x).gelu(\"tanh\");",
            pytorch: "h = F.gelu(fc1(x), approximate=\"tanh\")",
        },
        right: Code {
            rust: "let h = fc1.forward(&x).gelu(\"none\");",
            pytorch: "h = F.gelu(fc1(x))",
        },
        found: "PyTorch's default takes the error function. The approximation is up to \
                5e-4 off: the first logits differ, and only where gelu is trained.",
        shows: Shows::Where {
            needs: "gelu among the activations",
            holds: |s| s.run.activations.contains(&Activation::Gelu),
        },
        parts: &Parts {
            network: |settings, activation| {
                let net = Net::right(settings, activation);
                Box::new(match activation {
                    Activation::Gelu => {
                        Net { activation: Box::new(|x: &Tensor| x.gelu("tanh")), ..net }
                    }
                    _ => net,
                })
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "softmax-twice",
        mistake: "softmax before the cross entropy",
        origin: "Keras, whose loss takes probabilities",
        wrong: Code {
            rust: "let logits = fc2.forward(&h).softmax(-1, Kind::Float);",
            pytorch: "logits = torch.softmax(fc2(h), dim=-1)",
        },
        right: Code { rust: "let logits = fc2.forward(&h);", pytorch: "logits = fc2(h)" },
        found: "cross_entropy applies log_softmax itself. It still learns, more slowly; \
                the first logits are all in (0, 1) and add up to 1.",
        shows: Shows::Always,
        parts: &Parts {
            network: |settings, activation| {
                let head = |logits: Tensor| logits.softmax(-1, Kind::Float);
                Box::new(Net { head, ..Net::right(settings, activation) })
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "log-of-softmax",
        mistake: "log(softmax) instead of log_softmax",
        origin: "the formula as it is written",
        wrong: Code {
            rust: "let loss = logits.softmax(-1, Kind::Float).log().nll_loss(&y);",
            pytorch: "loss = F.nll_loss(torch.log(torch.softmax(logits, dim=-1)), y)",
        },
        right: RIGHT_LOSS,
        found: "Equal logits, then a loss or a gradient that differs in the last bits. \
                With large logits softmax underflows, and the loss becomes infinite.",
        shows: Shows::ROUNDED,
        parts: &Parts {
            criterion: |logits, y| logits.softmax(-1, Kind::Float).log().nll_loss(y),
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "sum-not-mean",
        mistake: "the losses added up, not averaged",
        origin: "a hand-written loss without the division",
        wrong: Code {
            rust: "let sum = Reduction::Sum;\n\
                   let loss = logits.cross_entropy_loss::<Tensor>(&y, None, sum, -100, 0.0);",
            pytorch: "loss = nn.CrossEntropyLoss(reduction=\"sum\")(logits, y)",
        },
        right: RIGHT_LOSS,
        found: "The loss is N times as large. Adam divides the gradient by its own size, \
                so training hardly changes: with the loss printed per sample it would pass.",
        shows: Shows::Where { needs: "two samples", holds: |s| s.run.samples > 1 },
        parts: &Parts {
            criterion: |logits, y| {
                logits.cross_entropy_loss::<Tensor>(y, None, Reduction::Sum, -100, 0.0)
            },
            ..Parts::RIGHT
        },
    },
    Pitfall {
        name: "loss-after-step",
        mistake: "the loss reported after the step, not before",
        origin: "evaluating once more at the end of the epoch",
        wrong: Code {
            rust: "optimizer.step(&grads);\n\
                   losses.push(criterion(&model.forward(&x), &y).double_value(&[]));",
            pytorch: "optimizer.step()\n\
                      losses.append(criterion(model(x), y).item())",
        },
        right: Code {
            rust: "optimizer.step(&grads);\nlosses.push(loss.double_value(&[]));",
            pytorch: "optimizer.step()\nlosses.append(loss.item())",
        },
        found: "Only the reported losses differ; logits, gradients and parameters are \
                right. Each loss is that of the right run's next epoch.",
        shows: Shows::TRAINED,
        parts: &Parts { reported: |_, after| after(), ..Parts::RIGHT },
    },
];
