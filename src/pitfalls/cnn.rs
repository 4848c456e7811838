//! Mistakes with batches, batch norm, dropout, `RMSprop` and its scheduler, made in
//! a small convolutional network.
//!
//! The right lines in Python stand in `python_ref/cnn.py`; a test puts the wrong
//! ones in their place.

use tch::Tensor;
use tch::kind::INT64_CPU;
use torch_parity::data::{DataLoader, Dataset};
use torch_parity::lr_scheduler::LrScheduler;
use torch_parity::nn::{BatchNorm2d, BatchNormOptions};
use torch_parity::optim::{RmsProp, RmsPropSettings};

use super::cnn_run::Cnn;
use super::{Code, Pitfall, Shows};

const RIGHT_LOADER: Code = Code {
    rust: "for [x, y] in &DataLoader::new(&train_set, 32).shuffle() {",
    pytorch: "for x, y in DataLoader(train_set, batch_size=32, shuffle=True):",
};

const RIGHT_RMSPROP: Code = Code {
    rust: "let mut optimizer = RmsProp::new(model.named_parameters(), 1e-2);",
    pytorch: "optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)",
};

pub const MISTAKES: &[Pitfall] = &[
    Pitfall {
        name: "batch-order",
        mistake: "batches in an order of one's own",
        origin: "tch's Iter2, or randperm from the default generator",
        wrong: Code {
            rust: "for places in Tensor::randperm(n, INT64_CPU).split(32, 0) {\n\
                   \u{20}   let (x, y) = (x.index_select(0, &places), y.index_select(0, &places));",
            pytorch: "order = torch.randperm(len(train_set))\n\
                      for x, y in (train_set[places] for places in order.split(32)):",
        },
        right: RIGHT_LOADER,
        found: "DataLoader draws one seed for its workers, then one for a generator of the \
                sampler's own, which shuffles. The first batch differs, and so do all \
                numbers that dropout draws after it.",
        shows: Shows::Always,
        parts: &Cnn {
            batches: |set| {
                let order = Tensor::randperm(set.len() as i64, INT64_CPU).split(32, 0);
                let batch = |places: &Tensor| set.0.each_ref().map(|t| t.index_select(0, places));
                order.iter().map(batch).collect()
            },
            ..Cnn::RIGHT
        },
    },
    Pitfall {
        name: "drop-last",
        mistake: "the last smaller batch dropped",
        origin: "the default of tch's Iter2",
        wrong: Code {
            rust: "for [x, y] in &DataLoader::new(&train_set, 32).shuffle().drop_last() {",
            pytorch: "for x, y in DataLoader(\n\
                      \u{20}   train_set, batch_size=32, shuffle=True, drop_last=True\n\
                      ):",
        },
        right: RIGHT_LOADER,
        found: "Right up to the last batch of the first epoch, which has 4 pictures; in its \
                place stands the first batch of the next epoch, which has 32.",
        shows: Shows::Always,
        parts: &Cnn {
            batches: |set| DataLoader::new(set, 32).shuffle().drop_last().iter().collect(),
            ..Cnn::RIGHT
        },
    },
    Pitfall {
        name: "batch-norm-momentum",
        mistake: "batch norm's momentum taken the other way round",
        origin: "Keras and Flax, where it is the share of the old statistics",
        wrong: Code {
            rust: "let momentum = Some(0.9);\n\
                   let options = BatchNormOptions { momentum, ..Default::default() };\n\
                   let bn = BatchNorm2d::with(4, options);",
            pytorch: "self.bn = nn.BatchNorm2d(4, momentum=0.9)",
        },
        right: Code {
            rust: "let bn = BatchNorm2d::new(4); // momentum 0.1: the share of the new batch",
            pytorch: "self.bn = nn.BatchNorm2d(4)",
        },
        found: "Training never uses the running statistics: logits, losses, gradients and \
                parameters stay right to the last bit. The buffers are wrong from the first \
                step on, and with them every evaluation.",
        shows: Shows::Always,
        parts: &Cnn {
            batch_norm: |channels| {
                let options = BatchNormOptions { momentum: Some(0.9), ..Default::default() };
                BatchNorm2d::with(channels, options)
            },
            ..Cnn::RIGHT
        },
    },
    Pitfall {
        name: "dropout-in-evaluation",
        mistake: "dropout left on in evaluation",
        origin: "model.eval() forgotten",
        wrong: Code { rust: "no_grad(|| model.forward(&x));", pytorch: "with torch.no_grad():" },
        right: Code {
            rust: "model.eval();\nno_grad(|| model.forward(&x));",
            pytorch: "model.eval()\nwith torch.no_grad():",
        },
        found: "Every step of the first epoch is right. Then the evaluation draws numbers \
                for dropout that the next epoch's order would have had: its first batch \
                differs. Batch norm takes the test pictures into its statistics as well.",
        shows: Shows::Always,
        parts: &Cnn { before_evaluation: |_| {}, ..Cnn::RIGHT },
    },
    Pitfall {
        name: "rmsprop-alpha",
        mistake: "RMSprop's alpha of 0.9 instead of 0.99",
        origin: "Hinton's lecture and Keras, whose rho is 0.9",
        wrong: Code {
            rust: "let settings =\n\
                   \u{20}   RmsPropSettings { lr: 1e-2, alpha: 0.9, ..Default::default() };\n\
                   let mut optimizer = RmsProp::with(model.named_parameters(), settings);",
            pytorch: "optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2, alpha=0.9)",
        },
        right: RIGHT_RMSPROP,
        found: "square_avg is ten times as large after the first step, which therefore moves \
                the parameters √10 times less far.",
        shows: Shows::Always,
        parts: &Cnn {
            optimizer: |params| {
                let settings = RmsPropSettings { lr: 1e-2, alpha: 0.9, ..Default::default() };
                RmsProp::with(params, settings)
            },
            ..Cnn::RIGHT
        },
    },
    Pitfall {
        name: "rmsprop-eps",
        mistake: "RMSprop's eps of 1e-7 instead of 1e-8",
        origin: "Keras' default",
        wrong: Code {
            rust: "let settings =\n\
                   \u{20}   RmsPropSettings { lr: 1e-2, eps: 1e-7, ..Default::default() };\n\
                   let mut optimizer = RmsProp::with(model.named_parameters(), settings);",
            pytorch: "optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2, eps=1e-7)",
        },
        right: RIGHT_RMSPROP,
        found: "square_avg is right, a parameter is not. It shows most in the bias of the \
                convolution: batch norm takes a bias out again, so its gradient is nothing \
                but rounding error, about as small as eps.",
        shows: Shows::Always,
        parts: &Cnn {
            optimizer: |params| {
                let settings = RmsPropSettings { lr: 1e-2, eps: 1e-7, ..Default::default() };
                RmsProp::with(params, settings)
            },
            ..Cnn::RIGHT
        },
    },
    Pitfall {
        name: "scheduler-each-batch",
        mistake: "the scheduler stepped after each batch",
        origin: "schedules that are meant for it, such as OneCycleLR",
        wrong: Code {
            rust: "    optimizer.step();\n    scheduler.step(&mut optimizer);\n}",
            pytorch: "    optimizer.step()\n    scheduler.step()",
        },
        right: Code {
            rust: "    optimizer.step();\n}\nscheduler.step(&mut optimizer);",
            pytorch: "    optimizer.step()\nscheduler.step()",
        },
        found: "The rate is halved after two batches and not after two epochs: the third \
                step has the right gradients and the right square_avg, and moves the \
                parameters half as far.",
        shows: Shows::Always,
        parts: &Cnn {
            after_batch: |scheduler, optimizer| scheduler.step(optimizer),
            after_epoch: |_, _| {},
            ..Cnn::RIGHT
        },
    },
];
