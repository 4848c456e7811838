//! LBFGS against PyTorch's: over random settings and small networks, every loss
//! that its closure computes, and gradients, states and parameters of every step.

use crate::live::resumed::{Record, Runs, key};
use crate::live::{alone, assert_same_bits, draws};
use fastrand::Rng;
use serde_json::{Value, json};
use tch::{Device, Kind, Reduction, Tensor};
use torch_parity::optim::{Lbfgs, LbfgsSettings, LineSearch, Optimizer};

const CASES: usize = 120;

#[test]
fn lbfgs_takes_pytorchs_steps() {
    assert_same_bits(RUNS.script, &cases(), |case| RUNS.whole(case));
}

#[test]
fn a_run_saved_by_python_is_finished_here_with_the_same_bits() {
    RUNS.assert_finished_here(&cases());
}

#[test]
fn a_run_saved_here_is_finished_by_python_with_the_same_bits() {
    RUNS.assert_finished_by_python(cases());
}

const RUNS: Runs<Lbfgs> = Runs { script: "lbfgs.py", make, other, train, told: unsigned_nan };

#[test]
fn a_setting_that_is_a_little_off_shows() {
    let _alone = alone();
    let learned = |case: &Value| {
        let mut record = RUNS.whole(case);
        record.retain(|(key, _)| !key.contains("/saved/"));
        record
    };
    let cases = cases();
    for (name, off) in [
        ("lr", json!(0.77)),
        ("max_iter", json!(2)),
        ("max_eval", json!(9)),
        ("tolerance_grad", json!(1e-3)),
        ("tolerance_change", json!(1e-4)),
        ("history_size", json!(1)),
        ("line_search_fn", json!("strong_wolfe")),
    ] {
        let shows = |case: &Value| {
            let mut other = case.clone();
            other["settings"][name] = off.clone();
            learned(case) != learned(&other)
        };
        assert!(cases.iter().any(shows), "LBFGS without {name}");
    }
}

fn cases() -> Vec<Value> {
    let mut rng = draws();
    (0..CASES).map(|_| case(&mut rng)).collect()
}

/// A network and random settings, each left out half of the time.
fn case(rng: &mut Rng) -> Value {
    let mut settings = json!({});
    let mut half = |name: &str, value: &dyn Fn(&mut Rng) -> Value| {
        if rng.bool() {
            settings[name] = value(rng);
        }
    };
    half("lr", &|rng| json!(10_f64.powf(0.5 - 2.0 * rng.f64())));
    half("max_iter", &|rng| json!(rng.u8(1..30)));
    half("max_eval", &|rng| json!(rng.u8(1..40)));
    half("tolerance_grad", &|rng| json!(10_f64.powf(-8.0 + 6.0 * rng.f64())));
    half("tolerance_change", &|rng| json!(10_f64.powf(-10.0 + 6.0 * rng.f64())));
    half("history_size", &|rng| json!(rng.u8(1..12)));
    half("line_search_fn", &|_| json!("strong_wolfe"));
    json!({
        "seed": rng.u32(..1 << 20), "settings": settings, "steps": rng.u8(6..10),
        "dtype": if rng.u8(..3) == 0 { "float64" } else { "float32" },
        "n": rng.choice([1, 7, 16, 33]), "features": rng.choice([1, 2, 8, 17]),
        "hidden": rng.choice([1, 3, 15, 16, 65]), "new_data": rng.bool(),
        "scale": 10_f64.powi(rng.i32(-2..4)),
    })
}

fn number(case: &Value, name: &str) -> i64 {
    case[name].as_i64().unwrap()
}

fn settings(case: &Value) -> LbfgsSettings {
    let given = &case["settings"];
    let float = |name: &str, default| given[name].as_f64().unwrap_or(default);
    let count = |name: &str| given[name].as_u64().map(|x| x as usize);
    let by_default = LbfgsSettings::default();
    LbfgsSettings {
        lr: float("lr", by_default.lr),
        max_iter: count("max_iter").unwrap_or(by_default.max_iter),
        max_eval: count("max_eval"),
        tolerance_grad: float("tolerance_grad", by_default.tolerance_grad),
        tolerance_change: float("tolerance_change", by_default.tolerance_change),
        history_size: count("history_size").unwrap_or(by_default.history_size),
        line_search_fn: given["line_search_fn"].as_str().map(|_| LineSearch::StrongWolfe),
    }
}

fn kind(case: &Value) -> Kind {
    if case["dtype"] == "float64" { Kind::Double } else { Kind::Float }
}

fn make(case: &Value) -> Box<Lbfgs> {
    let (hidden, features) = (number(case, "hidden"), number(case, "features"));
    tch::manual_seed(number(case, "seed"));
    let shapes = [vec![hidden, features], vec![hidden], vec![hidden]];
    let param = |(i, shape): (usize, Vec<i64>)| {
        let param = Tensor::randn(shape, (kind(case), Device::Cpu));
        (format!("p{i}"), param.set_requires_grad(true))
    };
    let named = shapes.into_iter().enumerate().map(param).collect();
    Box::new(Lbfgs::with(named, settings(case)))
}

fn other(case: &Value) -> Box<Lbfgs> {
    let mut other = case.clone();
    other["seed"] = 1.into();
    other["settings"] = json!({});
    make(&other)
}

/// The sign of NaN is not compared: see lbfgs.py.
fn unsigned_nan(x: &Tensor) -> Tensor {
    x.detach().masked_fill(&x.isnan(), f64::NAN)
}

fn train(case: &Value, optimizer: &mut Lbfgs, from: u64, record: &mut Record) {
    let (n, scale) = (number(case, "n"), case["scale"].as_f64().unwrap());
    for step in from..=case["steps"].as_u64().unwrap() {
        let mut push = |phase: &str, name: &str, x: &Tensor| {
            record.push((key(step, phase, name), unsigned_nan(x)));
        };
        let seed = number(case, "seed");
        tch::manual_seed(if case["new_data"] == true { seed + step as i64 } else { seed });
        let x = Tensor::randn([n, number(case, "features")], (kind(case), Device::Cpu));
        let y = Tensor::randn([n], (kind(case), Device::Cpu));
        let mut losses = vec![];
        let returned = optimizer.step(|parameters| {
            parameters.zero_grad();
            let [weight, bias, out] = parameters.tensors() else { unreachable!() };
            let hidden = (x.matmul(&weight.tr()) + bias).tanh();
            let loss = hidden.matmul(out).mse_loss(&y, Reduction::Mean) * scale;
            parameters.backward(&loss);
            losses.push(loss.detach());
            loss
        });
        push("measure", "returned", &returned);
        push("loss", "all", &Tensor::stack(&losses, 0));
        let parameters = optimizer.parameters();
        for (i, (param, grad)) in parameters.tensors().iter().zip(parameters.grads()).enumerate() {
            push("grad", &format!("p{i}"), grad.as_ref().unwrap());
            push("param", &format!("p{i}"), param);
        }
        for (name, tensor) in optimizer.state(0) {
            push("state", &format!("p0.{name}"), &tensor);
        }
    }
}
