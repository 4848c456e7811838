//! The schedulers against PyTorch's: over random settings, the rates and momenta
//! of all groups as Python's floats, to the last bit, for 1,000 steps.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use crate::live::{assert_same_bits, draws, run_python};
use fastrand::Rng;
use serde_json::{Value, json};
use tch::{Tensor, kind::FLOAT_CPU};
use torch_parity::lr_scheduler::{
    Anneal, CosineAnnealingLr, CosineAnnealingWarmRestarts, ExponentialLr, Factor, LambdaLr,
    LinearLr, LrScheduler, Mode, MultiStepLr, OneCycleLr, OneCycleSettings, PlateauSettings,
    ReduceLrOnPlateau, SequentialLr, StepLr, ThresholdMode,
};

use torch_parity::optim::{Adagrad, Adam, AdamSettings, Lbfgs, ParamGroups, Sgd, SgdSettings, pow};
use torch_parity::trace::{Array, OfTensor};

const SCHEDULERS: [&str; 10] = [
    "LambdaLR",
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "LinearLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
];

/// Random settings for each scheduler.
const CASES: usize = 30;

const STEPS: i64 = 1000;

#[test]
fn every_scheduler_sets_pytorchs_rates() {
    assert_same_bits("lr_scheduler.py", &cases(), whole_run);
}

#[test]
fn a_schedule_saved_by_python_goes_on_here() {
    let cases = cases();
    for (case, python) in cases.iter().zip(run_python("lr_scheduler.py", &cases)) {
        let (mut optimizer, mut scheduler) = make(case);
        let saved = python.tensors.iter().filter_map(|(key, x)| {
            Some((key.as_str().strip_prefix("saved/")?.to_owned(), x.to_tensor().unwrap()))
        });
        let saved: BTreeMap<_, _> = saved.collect();
        scheduler.load_state_dict(&saved);
        let groups = optimizer.groups();
        let rows = python.tensors["rows"].to_tensor().unwrap();
        for group in 0..groups {
            let at = |column: usize| rows.double_value(&[STEPS / 2, column as i64]);
            optimizer.set_lr(group, at(group));
            if let Some(momentum) = optimizer.momentum_mut(group) {
                *momentum = at(groups + group);
            }
        }
        for step in STEPS / 2..STEPS {
            scheduler.step(&mut *optimizer, &case["metrics"][step as usize]);
            let ours = Tensor::from_slice(&row(&*optimizer, &scheduler));
            let theirs = rows.get(step + 1);
            assert_eq!(Array::of(&ours).unwrap(), Array::of(&theirs).unwrap(), "{case} {step}");
        }
    }
}

/// As PyTorch, which raises a `ValueError`.
#[test]
fn momentum_is_not_cycled_where_there_is_none() {
    let param = || vec![("w".to_owned(), Tensor::zeros([1], tch::kind::FLOAT_CPU))];
    let mut lbfgs = Lbfgs::new(param(), 1.0);
    assert!(lbfgs.momentum_mut(0).is_none());
    let mut adagrad = Adagrad::new(param(), 1e-2);
    let all: [&mut dyn ParamGroups; 2] = [&mut lbfgs, &mut adagrad];
    for optimizer in all {
        let lr = optimizer.lr(0);
        let error = OneCycleLr::new(optimizer, 0.1, 10).unwrap_err().to_string();
        assert!(error.starts_with("cycle_momentum: "), "{error}");
        assert_eq!((optimizer.lr(0), optimizer.note(0, "max_lr")), (lr, None));
        let rates_alone = OneCycleSettings { cycle_momentum: false, ..Default::default() };
        OneCycleLr::with(optimizer, &[0.1], 10, rates_alone).unwrap();
    }
}

#[test]
fn a_setting_in_its_last_bit_shows() {
    for (i, case) in cases().iter().enumerate() {
        let mut other = case.clone();
        let lr = case["lrs"][0].as_f64().unwrap();
        other["lrs"][0] = lr.next_up().into();
        if case["scheduler"]["name"] == "OneCycleLR" {
            let max_lr = case["scheduler"]["max_lr"][0].as_f64().unwrap();
            other["scheduler"]["max_lr"][0] = max_lr.next_up().into();
        }
        assert!(whole_run(case) != whole_run(&other), "case {i}: {case}");
    }
}

fn cases() -> Vec<Value> {
    let mut rng = draws();
    let all = SCHEDULERS.iter().flat_map(|name| [name; CASES]);
    all.map(|name| case(name, &mut rng)).collect()
}

fn case(name: &str, rng: &mut Rng) -> Value {
    // LBFGS has one group, and no momentum for OneCycleLR to cycle.
    let is_lbfgs = name != "OneCycleLR" && rng.u8(..4) == 0;
    let optimizer = if is_lbfgs { "LBFGS" } else { ["Adam", "SGD"][rng.usize(..2)] };
    let groups = if is_lbfgs { 1 } else { rng.usize(1..4) };
    let lrs: Vec<_> = (0..groups).map(|_| 10_f64.powf(-4.0 * rng.f64())).collect();
    let mut metrics = vec![];
    if name == "ReduceLROnPlateau" {
        let (fall, noise) = (0.9 + 0.1 * rng.f64(), rng.f64());
        metrics = (0..STEPS).map(|i| fall.powi(i as i32) + noise * rng.f64()).collect();
    }
    json!({
        "lrs": lrs, "steps": STEPS, "metrics": metrics,
        "optimizer": optimizer,
        "scheduler": scheduler(name, lrs.len(), rng),
    })
}

fn scheduler(name: &str, groups: usize, rng: &mut Rng) -> Value {
    let mut spec = match name {
        "LambdaLR" => {
            let all = ["power", "inverse", "warmup", "cosine"];
            let lambdas: Vec<_> = (0..groups).map(|_| rng.choice(all)).collect();
            json!({ "lr_lambda": lambdas })
        }
        "StepLR" => json!({ "step_size": rng.u32(1..200), "gamma": 0.1 + 0.95 * rng.f64() }),
        "MultiStepLR" => {
            let milestones: Vec<_> = (0..rng.u8(1..9)).map(|_| rng.u32(0..1000)).collect();
            let mut milestones = milestones;
            milestones.push(milestones[0]);
            json!({ "milestones": milestones, "gamma": 0.1 + 0.95 * rng.f64() })
        }
        "ExponentialLR" => json!({ "gamma": 0.9 + 0.11 * rng.f64() }),
        "LinearLR" => json!({
            "start_factor": 1.0 - 0.999 * rng.f64(), "end_factor": rng.f64(),
            "total_iters": rng.u32(1..1100),
        }),
        "CosineAnnealingLR" => {
            json!({ "T_max": rng.u32(1..1100), "eta_min": 0.01 * rng.f64() })
        }
        "CosineAnnealingWarmRestarts" => json!({
            "T_0": rng.u32(1..300), "T_mult": rng.u32(1..4), "eta_min": 0.01 * rng.f64(),
        }),
        "OneCycleLR" => json!({
            "max_lr": (0..groups).map(|_| rng.f64()).collect::<Vec<_>>(),
            "total_steps": rng.u32(1000..1500), "pct_start": 0.05 + 0.4 * rng.f64(),
            "anneal_strategy": rng.choice(["cos", "linear"]), "cycle_momentum": rng.bool(),
            "base_momentum": 0.9 * rng.f64(), "max_momentum": 0.9 + 0.1 * rng.f64(),
            "div_factor": 1.0 + 30.0 * rng.f64(), "final_div_factor": 1.0 + 1e4 * rng.f64(),
            "three_phase": rng.bool(),
        }),
        "ReduceLROnPlateau" => json!({
            "mode": rng.choice(["min", "max"]), "factor": 0.95 * rng.f64(),
            "patience": rng.u32(0..20), "threshold": 0.1 * rng.f64(),
            "threshold_mode": rng.choice(["rel", "abs"]), "cooldown": rng.u32(0..20),
            "min_lr": 1e-5 * rng.f64(), "eps": 1e-8 * rng.f64(),
        }),
        _ => {
            let mut milestones: Vec<_> = (0..rng.u8(1..4)).map(|_| rng.u32(1..1000)).collect();
            milestones.sort_unstable();
            milestones.dedup();
            let inner = |_| {
                let name = SCHEDULERS[rng.usize(..7)];
                scheduler(name, groups, rng)
            };
            let schedulers: Vec<_> = (0..=milestones.len()).map(inner).collect();
            json!({ "schedulers": schedulers, "milestones": milestones })
        }
    };
    spec["name"] = name.into();
    spec
}

/// A scheduler of either kind.
enum Either {
    Scheduler(Box<dyn LrScheduler>),
    Plateau(ReduceLrOnPlateau),
}

use Either::{Plateau, Scheduler};

impl Either {
    fn step(&mut self, optimizer: &mut dyn ParamGroups, metrics: &Value) {
        match self {
            Scheduler(scheduler) => scheduler.step(optimizer),
            Plateau(scheduler) => scheduler.step(optimizer, metrics.as_f64().unwrap()),
        }
    }

    fn last_lr(&self) -> &[f64] {
        match self {
            Scheduler(scheduler) => scheduler.last_lr(),
            Plateau(scheduler) => scheduler.last_lr(),
        }
    }

    fn state_dict(&mut self) -> Vec<(String, Tensor)> {
        match self {
            Scheduler(scheduler) => scheduler.state_dict(),
            Plateau(scheduler) => scheduler.state_dict(),
        }
    }

    fn load_state_dict(&mut self, saved: &BTreeMap<String, Tensor>) {
        match self {
            Scheduler(scheduler) => scheduler.load_state_dict(saved).unwrap(),
            Plateau(scheduler) => scheduler.load_state_dict(saved).unwrap(),
        }
    }
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn whole_run(case: &Value) -> Vec<(String, Tensor)> {
    let (mut optimizer, mut scheduler) = make(case);
    let mut all = vec![];
    let mut rows = row(&*optimizer, &scheduler);
    for step in 0..STEPS {
        scheduler.step(&mut *optimizer, &case["metrics"][step as usize]);
        rows.extend(row(&*optimizer, &scheduler));
        if step + 1 == STEPS / 2 {
            let saved = scheduler.state_dict().into_iter();
            all.extend(saved.map(|(name, x)| (format!("saved/{name}"), x)));
        }
    }
    all.push(("rows".to_owned(), Tensor::from_slice(&rows).view([STEPS + 1, -1])));
    all
}

fn row(optimizer: &dyn ParamGroups, scheduler: &Either) -> Vec<f64> {
    let groups = 0..optimizer.groups();
    let lrs = groups.clone().map(|group| optimizer.lr(group));
    let momenta = groups.map(|group| optimizer.momentum(group).unwrap_or(f64::NAN));
    lrs.chain(momenta).chain(scheduler.last_lr().iter().copied()).collect()
}

fn make(case: &Value) -> (Box<dyn ParamGroups>, Either) {
    let named = |i| vec![(format!("p{i}"), Tensor::zeros([1], FLOAT_CPU))];
    let lrs = floats(&case["lrs"]).into_iter().enumerate();
    let mut optimizer: Box<dyn ParamGroups> = match case["optimizer"].as_str().unwrap() {
        "Adam" => {
            let group = |(i, lr)| (named(i), AdamSettings { lr, ..Default::default() });
            Box::new(Adam::with_groups(lrs.map(group).collect()))
        }
        "SGD" => {
            let with = |lr| SgdSettings { lr, momentum: 0.9, ..Default::default() };
            Box::new(Sgd::with_groups(lrs.map(|(i, lr)| (named(i), with(lr))).collect()))
        }
        _ => Box::new(Lbfgs::new(named(0), floats(&case["lrs"])[0])),
    };
    let spec = &case["scheduler"];
    if spec["name"] == "ReduceLROnPlateau" {
        let scheduler = ReduceLrOnPlateau::new(&*optimizer, plateau(spec));
        return (optimizer, Plateau(scheduler));
    }
    let scheduler = make_scheduler(spec, &mut *optimizer);
    (optimizer, Scheduler(scheduler))
}

fn plateau(spec: &Value) -> PlateauSettings {
    let float = |name: &str| spec[name].as_f64().unwrap();
    let is = |name: &str, value: &str| spec[name] == value;
    PlateauSettings {
        mode: if is("mode", "min") { Mode::Min } else { Mode::Max },
        factor: float("factor"),
        patience: float("patience") as i64,
        threshold: float("threshold"),
        threshold_mode: if is("threshold_mode", "rel") {
            ThresholdMode::Rel
        } else {
            ThresholdMode::Abs
        },
        cooldown: float("cooldown") as i64,
        min_lr: float("min_lr"),
        eps: float("eps"),
    }
}

fn make_scheduler(spec: &Value, optimizer: &mut dyn ParamGroups) -> Box<dyn LrScheduler> {
    let float = |name: &str| spec[name].as_f64().unwrap();
    let whole = |name: &str| spec[name].as_i64().unwrap();
    let wholes = |name: &str| floats(&spec[name]).into_iter().map(|x| x as i64).collect();
    match spec["name"].as_str().unwrap() {
        "LambdaLR" => {
            let all = spec["lr_lambda"].as_array().unwrap().iter();
            let all = all.map(|name| lambda(name.as_str().unwrap())).collect();
            Box::new(LambdaLr::with_groups(optimizer, all))
        }
        "StepLR" => Box::new(StepLr::new(optimizer, whole("step_size"), float("gamma"))),
        "MultiStepLR" => {
            Box::new(MultiStepLr::new(optimizer, wholes("milestones"), float("gamma")))
        }
        "ExponentialLR" => Box::new(ExponentialLr::new(optimizer, float("gamma"))),
        "LinearLR" => {
            let (start, end) = (float("start_factor"), float("end_factor"));
            Box::new(LinearLr::new(optimizer, start, end, whole("total_iters")))
        }
        "CosineAnnealingLR" => {
            Box::new(CosineAnnealingLr::new(optimizer, whole("T_max"), float("eta_min")))
        }
        "CosineAnnealingWarmRestarts" => {
            let (t_0, t_mult) = (whole("T_0"), whole("T_mult"));
            Box::new(CosineAnnealingWarmRestarts::new(optimizer, t_0, t_mult, float("eta_min")))
        }
        "OneCycleLR" => {
            let cos = spec["anneal_strategy"] == "cos";
            let settings = OneCycleSettings {
                pct_start: float("pct_start"),
                anneal_strategy: if cos { Anneal::Cos } else { Anneal::Linear },
                cycle_momentum: spec["cycle_momentum"] == true,
                base_momentum: float("base_momentum"),
                max_momentum: float("max_momentum"),
                div_factor: float("div_factor"),
                final_div_factor: float("final_div_factor"),
                three_phase: spec["three_phase"] == true,
            };
            let max_lrs = floats(&spec["max_lr"]);
            let total_steps = whole("total_steps");
            Box::new(OneCycleLr::with(optimizer, &max_lrs, total_steps, settings).unwrap())
        }
        _ => {
            let inner = spec["schedulers"].as_array().unwrap().iter();
            let inner = inner.map(|spec| make_scheduler(spec, optimizer)).collect();
            Box::new(SequentialLr::new(optimizer, inner, wholes("milestones")))
        }
    }
}

fn lambda(name: &str) -> Factor {
    match name {
        "power" => Box::new(|epoch| pow(0.95, epoch as f64)),
        "inverse" => Box::new(|epoch| 1.0 / (1 + epoch) as f64),
        "warmup" => Box::new(|epoch| ((epoch + 1) as f64 / 37.0).min(1.0)),
        _ => Box::new(|epoch| 0.5 * (1.0 + (PI * epoch as f64 / 1000.0).cos())),
    }
}
