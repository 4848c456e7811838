//! The lesson's script in plain tch, as someone ports it who trusts tch's layers.
#![allow(clippy::default_trait_access, clippy::type_complexity)] // as people write
use tch::nn::{self, Module, OptimizerConfig};
use tch::{Device, Kind, Tensor};

/// A network: its first layer, its activation, its second layer.
fn net(path: &nn::Path, act: fn(&Tensor) -> Tensor) -> impl Module + use<> {
    let fc1 = nn::linear(path / "fc1", 10, 64, Default::default());
    let fc2 = nn::linear(path / "fc2", 64, 2, Default::default());
    nn::seq().add(fc1).add_fn(act).add(fc2)
}

fn main() -> anyhow::Result<()> {
    tch::manual_seed(0);
    let x = Tensor::randn([512, 10], (Kind::Float, Device::Cpu));
    let labels = x.sum_dim_intlist(1, false, Kind::Float).gt(0).to_kind(Kind::Int64);

    let activations: [(&str, fn(&Tensor) -> Tensor); 3] =
        [("sigmoid", Tensor::sigmoid), ("tanh", Tensor::tanh), ("relu", Tensor::relu)];
    for (name, act) in activations {
        let vs = nn::VarStore::new(Device::Cpu);
        let net = net(&vs.root(), act);
        let mut opt = nn::Adam::default().build(&vs, 1e-3)?;
        let mut last = f64::NAN;
        for _ in 0..50 {
            let loss = net.forward(&x).cross_entropy_for_logits(&labels);
            opt.backward_step(&loss);
            last = loss.double_value(&[]);
        }
        println!("{name}: {last}");
    }
    Ok(())
}
