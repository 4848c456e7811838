//! A small convolutional network that tells stripes from diagonals: cnn.py in
//! Rust.

use tch::kind::{FLOAT_CPU, INT64_CPU};
use tch::{Tensor, no_grad};
use torch_parity::Result;
use torch_parity::children;
use torch_parity::data::{DataLoader, TensorDataset};
use torch_parity::lr_scheduler::{LrScheduler, StepLr};
use torch_parity::nn::{
    BatchNorm2d, Children, Conv2d, ConvOptions, Dropout, Layer, Linear, MaxPool2d, Module,
    cross_entropy,
};
use torch_parity::optim::{Optimizer, Sgd, SgdSettings};
use torch_parity::trace::{Recorder, Series};

fn pictures(n: i64) -> TensorDataset<2> {
    let shapes = Tensor::zeros([3, 12, 12], FLOAT_CPU);
    let _ = shapes.get(0).narrow(0, 4, 4).fill_(1);
    let _ = shapes.get(1).narrow(1, 4, 4).fill_(1);
    shapes.get(2).copy_(&Tensor::eye(12, FLOAT_CPU));
    let y = Tensor::randint(3, [n], INT64_CPU);
    let strength = 0.5 + Tensor::rand([n, 1, 1, 1], FLOAT_CPU);
    let noise = Tensor::randn([n, 1, 12, 12], FLOAT_CPU);
    let x = shapes.index_select(0, &y).unsqueeze(1) * strength + 0.8 * noise; // (N, 1, 12, 12)
    TensorDataset([x, y])
}

struct Net {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    pool: MaxPool2d,
    dropout: Dropout,
    fc: Linear,
}

impl Net {
    fn new() -> Self {
        let padded = ConvOptions { padding: [1, 1], ..Default::default() };
        Self {
            conv1: Conv2d::with(1, 8, [3, 3], padded),
            bn1: BatchNorm2d::new(8),
            conv2: Conv2d::with(8, 16, [3, 3], ConvOptions { bias: false, ..padded }),
            bn2: BatchNorm2d::new(16),
            pool: MaxPool2d::new([2, 2]),
            dropout: Dropout::new(0.25),
            fc: Linear::new(16 * 3 * 3, 3),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.pool.forward(&self.bn1.forward(&self.conv1.forward(x)).relu()); // (N, 8, 6, 6)
        let x = self.pool.forward(&self.bn2.forward(&self.conv2.forward(&x)).relu()); // (N, 16, 3, 3)
        self.fc.forward(&self.dropout.forward(&x.flatten(1, -1))) // (N, 3)
    }
}

impl Module for Net {
    fn children(&self) -> Children<'_> {
        children!(self.conv1, self.bn1, self.conv2, self.bn2, self.pool, self.dropout, self.fc)
    }
}

fn accuracy(
    model: &Net,
    loader: &DataLoader<'_, TensorDataset<2>>,
    series: &mut Series,
) -> Result<f64> {
    model.eval();
    let (mut correct, mut total) = (0, 0);
    for [x, y] in loader {
        let logits = no_grad(|| model.forward(&x));
        series.eval(&[("x", &x)], &[("logits", &logits)])?;
        correct += logits.argmax(1, false).eq_tensor(&y).sum(None).int64_value(&[]);
        total += y.size()[0];
    }
    Ok(correct as f64 / total as f64)
}

fn main() -> Result<()> {
    tch::set_num_threads(1);
    tch::manual_seed(0);
    let recorder = Recorder::from_env("cnn.py in Rust")?;
    let (train_set, test_set) = (pictures(300), pictures(100));
    let train_loader = DataLoader::new(&train_set, 32).shuffle();
    let test_loader = DataLoader::new(&test_set, 50);

    let model = Net::new();
    let settings =
        SgdSettings { lr: 0.02, momentum: 0.9, weight_decay: 5e-4, ..Default::default() };
    let mut optimizer = Sgd::with(model.named_parameters(), settings);
    let mut scheduler = StepLr::new(&mut optimizer, 2, 0.5);
    let mut series = recorder.series("Net-1", model.named_parameters())?;

    for epoch in 0..6 {
        model.train(true);
        let mut last = 0.0;
        for [x, y] in &train_loader {
            let logits = model.forward(&x);
            let loss = cross_entropy(&logits, &y);
            optimizer.zero_grad();
            optimizer.backward(&loss);
            optimizer.step();
            series.data(&[("x", &x), ("target", &y)])?;
            series.step(&[("logits", &logits)], &loss, &optimizer)?;
            series.buffers(&model.named_buffers())?;
            last = loss.double_value(&[]);
        }
        scheduler.step(&mut optimizer);
        let score = accuracy(&model, &test_loader, &mut series)?;
        println!("epoch {}: loss {last:.4}, accuracy {score:.2}", epoch + 1);
    }
    recorder.finish()
}
