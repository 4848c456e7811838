//! A generator that ends in tanh, against a discriminator: gan.py in Rust.

use std::f64::consts::PI;

use tch::Tensor;
use tch::kind::FLOAT_CPU;
use torch_parity::Result;
use torch_parity::nn::{
    BatchNorm1d, Children, Dropout, Layer, LeakyReLU, Linear, Module, ReLU, Sequential, Tanh,
    binary_cross_entropy_with_logits,
};
use torch_parity::optim::{Adam, AdamSettings, Optimizer};
use torch_parity::trace::Recorder;
use torch_parity::{children, sequential};

struct Generator {
    net: Sequential,
}

impl Generator {
    fn new() -> Self {
        let net =
            sequential![Linear::new(8, 32), BatchNorm1d::new(32), ReLU, Linear::new(32, 2), Tanh];
        Self { net }
    }

    fn forward(&self, z: &Tensor) -> Tensor {
        self.net.forward(z) // (N, 2), in (-1, 1)
    }
}

impl Module for Generator {
    fn children(&self) -> Children<'_> {
        children!(self.net)
    }
}

struct Discriminator {
    net: Sequential,
}

impl Discriminator {
    fn new() -> Self {
        let net =
            sequential![Linear::new(2, 32), LeakyReLU(0.2), Dropout::new(0.1), Linear::new(32, 1)];
        Self { net }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        self.net.forward(x) // (N, 1)
    }
}

impl Module for Discriminator {
    fn children(&self) -> Children<'_> {
        children!(self.net)
    }
}

fn ring(n: i64) -> Tensor {
    let angle = 2.0 * PI * Tensor::rand([n], FLOAT_CPU);
    let points = Tensor::stack(&[angle.cos(), angle.sin()], 1);
    0.7 * points + 0.05 * Tensor::randn([n, 2], FLOAT_CPU) // (N, 2)
}

fn main() -> Result<()> {
    tch::set_num_threads(1);
    tch::manual_seed(0);
    let recorder = Recorder::from_env("gan.py in Rust")?;
    let generator = Generator::new();
    let discriminator = Discriminator::new();
    let criterion = binary_cross_entropy_with_logits;
    let settings = AdamSettings { lr: 2e-3, betas: (0.5, 0.999), ..Default::default() };
    let mut optimizer_g = Adam::with(generator.named_parameters(), settings);
    let mut optimizer_d = Adam::with(discriminator.named_parameters(), settings);
    let (ones, zeros) = (Tensor::ones([64, 1], FLOAT_CPU), Tensor::zeros([64, 1], FLOAT_CPU));
    let mut series_d = recorder.series("Discriminator-1", discriminator.named_parameters())?;
    let mut series_g = recorder.series("Generator-1", generator.named_parameters())?;

    for step in 0..100 {
        // The discriminator learns to tell real from fake.
        let real = ring(64);
        let z = Tensor::randn([64, 8], FLOAT_CPU);
        let fake = generator.forward(&z);
        let of_real = discriminator.forward(&real);
        let of_fake = discriminator.forward(&fake.detach());
        let loss_d = criterion(&of_real, &ones) + criterion(&of_fake, &zeros);
        optimizer_d.zero_grad();
        optimizer_d.backward(&loss_d);
        optimizer_d.step();
        series_d.data(&[("x", &real), ("target", &ones), ("x", &fake), ("target", &zeros)])?;
        series_d.step(&[("logits", &of_real), ("logits#2", &of_fake)], &loss_d, &optimizer_d)?;

        // The generator learns to be taken for real.
        let loss_g = criterion(&discriminator.forward(&fake), &ones);
        optimizer_g.zero_grad();
        optimizer_g.backward(&loss_g);
        optimizer_g.step();
        series_g.data(&[("z", &z), ("target", &ones)])?;
        series_g.step(&[("output", &fake)], &loss_g, &optimizer_g)?;
        series_g.buffers(&generator.named_buffers())?;
        if step % 20 == 19 {
            let [d, g] = [&loss_d, &loss_g].map(|loss| loss.double_value(&[]));
            println!("step {}: {d:.4} against {g:.4}", step + 1);
        }
    }
    recorder.finish()
}
