//! Every function of `nn::init` against live PyTorch over random settings.

use crate::live;
use fastrand::Rng;
use serde_json::{Value, json};
use tch::Tensor;
use torch_parity::nn::init::{self, Fan, Nonlinearity};

fn nonlinearity(name: &str, a: f64) -> Nonlinearity {
    match name {
        "linear" | "conv2d" => Nonlinearity::Linear,
        "sigmoid" => Nonlinearity::Sigmoid,
        "tanh" => Nonlinearity::Tanh,
        "relu" => Nonlinearity::Relu,
        "leaky_relu" => Nonlinearity::LeakyRelu(a),
        "selu" => Nonlinearity::Selu,
        _ => panic!("no nonlinearity {name}"),
    }
}

fn run(case: &Value) -> Vec<(String, Tensor)> {
    tch::manual_seed(case["seed"].as_i64().unwrap());
    if case["fn"] == "calculate_gain" {
        let slopes: Vec<f64> = serde_json::from_value(case["slopes"].clone()).unwrap();
        let name = case["nonlinearity"].as_str().unwrap();
        let gain = |&slope: &f64| init::calculate_gain(nonlinearity(name, slope));
        let gains: Vec<f64> = slopes.iter().map(gain).collect();
        return vec![("gains".to_owned(), Tensor::from_slice(&gains))];
    }
    let shape: Vec<i64> = serde_json::from_value(case["shape"].clone()).unwrap();
    let mut tensor = Tensor::rand(shape, tch::kind::FLOAT_CPU).set_requires_grad(true);
    let kwargs = &case["kwargs"];
    let n = |key: &str| kwargs[key].as_f64().unwrap();
    let fan = if kwargs["mode"] == "fan_out" { Fan::Out } else { Fan::In };
    let kaiming = || nonlinearity(kwargs["nonlinearity"].as_str().unwrap(), n("a"));
    let t = &mut tensor;
    match case["fn"].as_str().unwrap() {
        "uniform_" => init::uniform_(t, n("a"), n("b")),
        "normal_" => init::normal_(t, n("mean"), n("std")),
        "trunc_normal_" => init::trunc_normal_(t, n("mean"), n("std"), n("a"), n("b")),
        "constant_" => init::constant_(t, n("val")),
        "ones_" => init::ones_(t),
        "zeros_" => init::zeros_(t),
        "eye_" => init::eye_(t),
        "dirac_" => init::dirac_(t, kwargs["groups"].as_i64().unwrap()),
        "xavier_uniform_" => init::xavier_uniform_(t, n("gain")),
        "xavier_normal_" => init::xavier_normal_(t, n("gain")),
        "kaiming_uniform_" => init::kaiming_uniform_(t, fan, kaiming()),
        "kaiming_normal_" => init::kaiming_normal_(t, fan, kaiming()),
        "orthogonal_" => init::orthogonal_(t, n("gain")),
        "sparse_" => init::sparse_(t, n("sparsity"), n("std")),
        name => panic!("no function {name}"),
    }
    let generator = Tensor::rand([3], tch::kind::FLOAT_CPU);
    vec![("tensor".to_owned(), tensor.detach()), ("generator".to_owned(), generator)]
}

/// A random case of each function.
fn cases(rng: &mut Rng) -> Vec<Value> {
    let shape = |rng: &mut Rng, least: usize, most: usize| -> Vec<i64> {
        let dims = rng.usize(least..=most);
        (0..dims).map(|_| rng.i64(1..if dims > 2 { 7 } else { 30 })).collect()
    };
    let names = ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"];
    let kaiming = |rng: &mut Rng| {
        json!({ "a": rng.f64(), "mode": rng.choice(["fan_in", "fan_out"]),
            "nonlinearity": rng.choice(names) })
    };
    let groups = rng.i64(1..4);
    let mut dirac = shape(rng, 3, 5);
    dirac[0] *= groups;
    let (low, mean) = (rng.f64() * 4.0 - 2.0, rng.f64() * 2.0 - 1.0);
    let narrow = low + rng.f64() * 0.5 + 0.01;
    let filled = [
        ("uniform_", shape(rng, 1, 4), json!({ "a": low, "b": low + rng.f64() })),
        ("normal_", shape(rng, 1, 4), json!({ "mean": mean, "std": rng.f64() })),
        (
            "trunc_normal_",
            shape(rng, 1, 4),
            json!({ "mean": mean, "std": rng.f64() + 0.1, "a": -2.0, "b": 2.0 }),
        ),
        (
            "trunc_normal_",
            shape(rng, 1, 4),
            json!({ "mean": mean, "std": rng.f64() + 0.5, "a": low, "b": narrow }),
        ),
        ("constant_", shape(rng, 1, 4), json!({ "val": low })),
        ("ones_", shape(rng, 1, 4), json!({})),
        ("zeros_", shape(rng, 1, 4), json!({})),
        ("eye_", shape(rng, 2, 2), json!({})),
        ("dirac_", dirac, json!({ "groups": groups })),
        ("xavier_uniform_", shape(rng, 2, 5), json!({ "gain": rng.f64() * 3.0 })),
        ("xavier_normal_", shape(rng, 2, 5), json!({ "gain": rng.f64() * 3.0 })),
        ("kaiming_uniform_", shape(rng, 2, 5), kaiming(rng)),
        ("kaiming_normal_", shape(rng, 2, 5), kaiming(rng)),
        ("orthogonal_", shape(rng, 2, 4), json!({ "gain": rng.f64() * 3.0 })),
        ("sparse_", shape(rng, 2, 2), json!({ "sparsity": rng.f64(), "std": rng.f64() })),
    ];
    let case = |(name, shape, kwargs): (&str, Vec<i64>, Value)| json!({ "fn": name, "shape": shape, "kwargs": kwargs, "seed": rng.u32(..) });
    filled.into_iter().map(case).collect()
}

#[test]
fn initialisers() {
    let mut rng = live::draws();
    let mut cases: Vec<_> = (0..60).flat_map(|_| cases(&mut rng)).collect();
    for name in ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"] {
        let slopes: Vec<_> = (0..20_000).map(|_| rng.f64() * 10.0).collect();
        cases.push(json!({ "fn": "calculate_gain", "nonlinearity": name, "slopes": slopes,
            "seed": 0 }));
    }
    live::assert_same_bits("init.py", &cases, run);
}

#[test]
fn another_setting_is_found() {
    let case = |name: &str, kwargs: Value| json!({ "fn": name, "shape": [3, 8], "kwargs": kwargs, "seed": 1 });
    let kaiming = |mode: &str| json!({ "a": 0.0, "mode": mode, "nonlinearity": "relu" });
    let cases = [
        case("kaiming_uniform_", kaiming("fan_in")),
        case("kaiming_normal_", kaiming("fan_in")),
        case("xavier_uniform_", json!({ "gain": 1.0 })),
        case("trunc_normal_", json!({ "mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0 })),
        case("sparse_", json!({ "sparsity": 0.3, "std": 0.01 })),
    ];
    let wrong = [
        case("kaiming_uniform_", kaiming("fan_out")),
        case("kaiming_normal_", kaiming("fan_out")),
        case("xavier_uniform_", json!({ "gain": 1.1 })),
        case("trunc_normal_", json!({ "mean": 0.0, "std": 1.0, "a": -0.2, "b": 0.2 })),
        case("sparse_", json!({ "sparsity": 0.7, "std": 0.01 })),
    ];
    live::assert_other_bits("init.py", &cases, &wrong, run);
}
