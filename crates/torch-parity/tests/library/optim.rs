//! The optimizers against PyTorch's: over random settings, groups, shapes and
//! gradients, every loss, gradient, state and parameter of every step.

use std::collections::BTreeMap;

use crate::live::resumed::{Record, Runs, key};
use crate::live::{alone, assert_same_bits, draws};
use fastrand::Rng;
use serde_json::{Value, json};
use tch::{Kind, Reduction, Tensor, kind::FLOAT_CPU};
use torch_parity::optim::{
    AdagradSettings, AdamSettings, AdamWSettings, NAdamSettings, ParamGroups, PerParameter,
    RAdamSettings, RmsPropSettings, Rule, Setting, SettingMut, SgdSettings, State, Steps,
    clip_grad_norm_, clip_grad_value_,
};

/// PyTorch's names of the optimizers.
const OPTIMIZERS: [&str; 7] = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam"];

/// One that has groups and steps by itself.
trait Stepped: ParamGroups + Steps {}

impl<O: ParamGroups + Steps> Stepped for O {}

/// Random settings for each optimizer.
const CASES: usize = 60;

/// A rule of a caller's own, which may hold much: nobody copies it to read its rate.
#[derive(Debug)]
struct Large(SgdSettings);

impl Default for Large {
    fn default() -> Self {
        Self(SgdSettings { momentum: 0.5, ..SgdSettings::default() })
    }
}

impl Clone for Large {
    fn clone(&self) -> Self {
        panic!("it is copied")
    }
}

impl Rule for Large {
    const STATE: &'static [&'static str] = SgdSettings::STATE;
    const COUNTS_STEPS: bool = SgdSettings::COUNTS_STEPS;

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        self.0.settings()
    }

    fn settings_mut(&mut self) -> Vec<(&'static str, SettingMut<'_>)> {
        self.0.settings_mut()
    }

    fn init(&self, param: &Tensor) -> State {
        self.0.init(param)
    }

    fn update(&self, param: &mut Tensor, grad: &Tensor, state: &mut State) {
        self.0.update(param, grad, state);
    }
}

#[test]
fn a_rule_is_not_copied_to_be_read_or_set() {
    let mut optimizer = PerParameter::<Large>::new(vec![], 0.25);
    assert_eq!((optimizer.lr(0), optimizer.momentum(0)), (0.25, Some(0.5)));
    optimizer.set_lr(0, 0.125);
    *optimizer.momentum_mut(0).unwrap() = 0.75;
    assert_eq!((optimizer.lr(0), optimizer.momentum(0)), (0.125, Some(0.75)));
    let saved = optimizer.state_dict();
    assert_eq!((saved[0].0.as_str(), saved[0].1.double_value(&[])), ("param_groups.0.lr", 0.125));
}

#[test]
fn every_optimizer_takes_pytorchs_steps() {
    assert_same_bits("optim.py", &cases(), whole_run);
}

#[test]
fn a_run_saved_by_python_is_finished_here_with_the_same_bits() {
    RUNS.assert_finished_here(&cases());
}

#[test]
fn a_run_saved_here_is_finished_by_python_with_the_same_bits() {
    RUNS.assert_finished_by_python(cases());
}

const RUNS: Runs<dyn Stepped> = Runs {
    script: "optim.py",
    make,
    other: fresh,
    train: |case, optimizer, from, record| train(case, optimizer, from, record),
    told: |x| x.detach().copy(),
};

#[test]
fn a_setting_that_is_a_little_off_shows() {
    let _alone = alone();
    let cases = cases();
    for optimizer in OPTIMIZERS {
        let of_it: Vec<_> = cases.iter().filter(|case| case["optimizer"] == optimizer).collect();
        for name in names(optimizer) {
            let shows = |case: &Value| learned(case) != learned(&off(case, &name));
            assert!(of_it.iter().any(|case| shows(case)), "{optimizer} without {name}");
        }
    }
}

/// A run's record but for the settings themselves.
fn learned(case: &Value) -> Record {
    let mut record = whole_run(case);
    record.retain(|(key, _)| !key.contains("/saved/"));
    record
}

/// The names of an optimizer's settings.
fn names(optimizer: &str) -> Vec<String> {
    let case = json!({ "optimizer": optimizer, "seed": 0, "shapes": [], "transposed": [],
        "frozen": [], "groups": [{ "len": 0 }] });
    let saved = make(&case).state_dict();
    let name = |(name, _): &(String, Tensor)| name["param_groups.0.".len()..].to_owned();
    saved.iter().map(name).collect()
}

/// The same case with the first group's setting of this name off by a tenth of
/// its value or, if it is a flag, flipped.
fn off(case: &Value, name: &str) -> Value {
    let mut case = case.clone();
    let key = format!("param_groups.0.{name}");
    let saved = make(&case).state_dict();
    let value = &saved.iter().find(|(known, _)| *known == key).unwrap().1;
    let group = &mut case["groups"][0];
    group[name] = match Vec::<f64>::try_from(value.view([-1])).unwrap()[..] {
        [a, b] => json!([a, b * 0.99]),
        [x] if FLAGS.contains(&name) => json!(x == 0.0),
        [0.0] => json!(0.1),
        [x] => json!(x * 1.1),
        _ => unreachable!(),
    };
    case
}

const FLAGS: [&str; 5] = ["maximize", "nesterov", "amsgrad", "centered", "decoupled_weight_decay"];

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let named = || vec![("w".to_owned(), Tensor::zeros([3], FLOAT_CPU))];
    let mut optimizer = PerParameter::<AdamSettings>::new(named(), 0.5);
    let whole: BTreeMap<_, _> = optimizer.state_dict().into_iter().collect();
    let error = |change: &dyn Fn(&mut BTreeMap<String, Tensor>)| {
        let mut saved: BTreeMap<_, _> =
            whole.iter().map(|(name, x)| (name.clone(), x.copy())).collect();
        saved.insert("param_groups.0.lr".to_owned(), Tensor::from(7.0));
        change(&mut saved);
        let mut optimizer = PerParameter::<AdamSettings>::new(named(), 0.5);
        let error = format!("{:#}", optimizer.load_state_dict(&saved).unwrap_err());
        assert_eq!(optimizer.lr(0), 0.5);
        error
    };
    let zeros = |n| Tensor::zeros([n], FLOAT_CPU);
    assert_eq!(error(&|x| drop(x.remove("param_groups.0.eps"))), "no param_groups.0.eps");
    assert_eq!(
        error(&|x| drop(x.insert("v.exp_avg".into(), zeros(3)))),
        "no parameter or group here for v.exp_avg"
    );
    assert_eq!(
        error(&|x| drop(x.insert("w.exp_avg".into(), zeros(4)))),
        "w.exp_avg has shape [4], w [3]"
    );
    assert_eq!(
        error(&|x| drop(x.insert("w.exp_avg".into(), zeros(3)))),
        "w.step is missing or too much"
    );
    optimizer.load_state_dict(&whole).unwrap();
}

/// Random settings, shapes, groups, frozen and unused parameters, accumulation
/// and clipping.
fn cases() -> Vec<Value> {
    let mut rng = draws();
    let all = OPTIMIZERS.iter().flat_map(|optimizer| [optimizer; CASES]);
    all.map(|optimizer| case(optimizer, &mut rng)).collect()
}

fn steps(case: &Value) -> u64 {
    case["steps"].as_u64().unwrap()
}

fn case(optimizer: &str, rng: &mut Rng) -> Value {
    // Around the widths of vectors, and single values.
    const SIZES: [i64; 9] = [1, 2, 7, 8, 15, 16, 17, 33, 257];
    let shape = |rng: &mut Rng| match rng.u8(..8) {
        0 => json!([]),
        1..5 => json!([rng.choice(SIZES)]),
        _ => json!([rng.choice(SIZES), rng.i64(1..9)]),
    };
    let shapes: Vec<_> = (0..rng.usize(2..5)).map(|_| shape(rng)).collect();
    let n = shapes.len();
    let transposed: Vec<_> =
        (0..n).filter(|i| shapes[*i].as_array().unwrap().len() == 2 && rng.bool()).collect();
    let frozen: Vec<_> = (1..n).filter(|_| rng.u8(..6) == 0).collect();
    let steps = rng.u64(6..13);
    let mut unused: Vec<_> =
        (0..rng.u8(..4)).map(|_| [rng.u64(1..=steps), rng.u64(1..9)]).collect();
    if rng.u8(..4) == 0 {
        // One that gets its first gradient late, or never.
        let until = rng.u64(1..=steps);
        unused.extend((1..=until).map(|step| [step, 1]));
    }
    let first = rng.usize(1..=n);
    let mut groups = vec![group(optimizer, first, rng)];
    if first < n {
        groups.push(group(optimizer, n - first, rng));
    }
    if optimizer == "Adagrad" {
        let initial = rng.choice([0.0, 0.1]).unwrap();
        for group in &mut groups {
            group["initial_accumulator_value"] = json!(initial);
        }
    }
    let mut case = json!({
        "optimizer": optimizer, "seed": rng.u32(..1 << 20), "shapes": shapes,
        "transposed": transposed, "frozen": frozen, "steps": steps, "unused": unused,
        "groups": groups, "accumulate": rng.u64(1..4),
    });
    // As in a script whose groups are not in the model's order, or that clips a part.
    let mut clipped: Vec<_> = (0..n).collect();
    rng.shuffle(&mut clipped);
    // The first always has a gradient: PyTorch refuses to clip none.
    clipped.retain(|i| *i == 0 || rng.u8(..4) > 0);
    case["clipped"] = json!(clipped);
    match rng.u8(..4) {
        0 => {
            case["max_norm"] = json!(rng.f64() * 2.0);
            case["norm_type"] = json!(rng.choice(["1", "2", "2", "3", "inf", "0.5"]));
        }
        1 => case["clip_value"] = json!(rng.f64() * 0.2),
        _ => {}
    }
    case
}

/// Random settings under PyTorch's names; each is left out half of the time.
fn group(optimizer: &str, len: usize, rng: &mut Rng) -> Value {
    let mut group = json!({ "len": len });
    let mut half = |key: &str, value: &dyn Fn(&mut Rng) -> Value| {
        if rng.bool() {
            group[key] = value(rng);
        }
    };
    let up_to = |limit: f64| move |rng: &mut Rng| json!(rng.f64() * limit);
    let flag = |_: &mut Rng| json!(true);
    half("lr", &|rng| json!(10_f64.powf(-4.0 * rng.f64())));
    half("weight_decay", &up_to(0.3));
    half("maximize", &flag);
    if optimizer != "SGD" {
        half("eps", &|rng| json!(10_f64.powf(-2.0 - 10.0 * rng.f64())));
    }
    match optimizer {
        "SGD" => {
            half("momentum", &|rng| json!(0.1 + 0.89 * rng.f64()));
        }
        "RMSprop" => {
            half("momentum", &up_to(0.99));
            half("alpha", &up_to(1.0));
            half("centered", &flag);
        }
        "Adagrad" => half("lr_decay", &up_to(0.5)),
        _ => {
            half("betas", &|rng| json!([rng.f64(), 1.0 - 10_f64.powf(-3.5 * rng.f64())]));
            match optimizer {
                "NAdam" => half("momentum_decay", &up_to(0.1)),
                "Adam" | "AdamW" => half("amsgrad", &flag),
                _ => {}
            }
            if optimizer != "AdamW" {
                half("decoupled_weight_decay", &flag);
            }
        }
    }
    if optimizer == "SGD" && group.get("momentum").is_some() {
        match rng.u8(..4) {
            0 | 1 => group["nesterov"] = true.into(),
            2 => group["dampening"] = rng.f64().into(),
            _ => {}
        }
    }
    group
}

fn whole_run(case: &Value) -> Record {
    let mut record = vec![];
    for (i, param) in make(case).parameters().tensors().iter().enumerate() {
        push(&mut record, 0, "init", &format!("p{i}"), param);
    }
    record.extend(RUNS.whole(case));
    record
}

fn push(record: &mut Record, step: u64, phase: &str, name: &str, x: &Tensor) {
    record.push((key(step, phase, name), (RUNS.told)(x)));
}

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|x| x.as_i64().unwrap()).collect()
}

fn params(case: &Value) -> Vec<(String, Tensor)> {
    tch::manual_seed(case["seed"].as_i64().unwrap());
    let shapes = case["shapes"].as_array().unwrap().iter().enumerate();
    let param = |(i, shape): (usize, &Value)| {
        let mut param = Tensor::randn(numbers(shape), FLOAT_CPU);
        if numbers(&case["transposed"]).contains(&(i as i64)) {
            param = param.tr();
        }
        let frozen = numbers(&case["frozen"]).contains(&(i as i64));
        (format!("p{i}"), param.set_requires_grad(!frozen))
    };
    shapes.map(param).collect()
}

fn make(case: &Value) -> Box<dyn Stepped> {
    match case["optimizer"].as_str().unwrap() {
        "SGD" => make_by::<SgdSettings>(case),
        "Adam" => make_by::<AdamSettings>(case),
        "AdamW" => make_by::<AdamWSettings>(case),
        "RMSprop" => make_by::<RmsPropSettings>(case),
        "Adagrad" => make_by::<AdagradSettings>(case),
        "NAdam" => make_by::<NAdamSettings>(case),
        _ => make_by::<RAdamSettings>(case),
    }
}

fn make_by<R: Rule + 'static>(case: &Value) -> Box<dyn Stepped> {
    let mut named = params(case);
    let mut group = |group: &Value| {
        let mut rule = R::default();
        for (name, setting) in rule.settings_mut() {
            let Some(value) = group.get(name) else { continue };
            match setting {
                SettingMut::Float(x) => *x = value.as_f64().unwrap(),
                SettingMut::Pair(x) => {
                    *x = (value[0].as_f64().unwrap(), value[1].as_f64().unwrap());
                }
                SettingMut::Flag(x) => *x = value.as_bool().unwrap(),
            }
        }
        (named.drain(..group["len"].as_u64().unwrap() as usize).collect(), rule)
    };
    let groups = case["groups"].as_array().unwrap().iter().map(&mut group).collect();
    Box::new(PerParameter::with_groups(groups))
}

/// The same with PyTorch's defaults in all groups and other initial values.
fn fresh(case: &Value) -> Box<dyn Stepped> {
    let mut case = case.clone();
    case["seed"] = (case["seed"].as_i64().unwrap() + 1).into();
    for group in case["groups"].as_array_mut().unwrap() {
        *group = json!({ "len": group["len"] });
    }
    make(&case)
}

fn train(case: &Value, optimizer: &mut dyn Stepped, from: u64, record: &mut Record) {
    for step in from..=steps(case) {
        optimizer.zero_grad();
        for part in 0..case["accumulate"].as_u64().unwrap() {
            let loss = loss(case, optimizer.parameters().tensors(), step, part);
            if loss.requires_grad() {
                optimizer.backward(&loss);
            }
            push(record, step, "loss", &part.to_string(), &loss);
        }
        let clipped = case["clipped"].as_array().unwrap().iter();
        let named = |i: &Value| {
            let param = &optimizer.parameters().tensors()[i.as_u64().unwrap() as usize];
            (format!("p{i}"), param.shallow_clone())
        };
        let clipped: Vec<_> = clipped.map(named).collect();
        if let Some(max_norm) = case["max_norm"].as_f64() {
            let norm_type = case["norm_type"].as_str().unwrap().parse().unwrap();
            let norm = clip_grad_norm_(optimizer.parameters_mut(), &clipped, max_norm, norm_type);
            push(record, step, "measure", "norm", &norm);
        }
        if let Some(clip_value) = case["clip_value"].as_f64() {
            clip_grad_value_(optimizer.parameters_mut(), &clipped, clip_value);
        }
        optimizer.step();
        let parameters = optimizer.parameters();
        for (i, (param, grad)) in parameters.tensors().iter().zip(parameters.grads()).enumerate() {
            if let Some(grad) = grad {
                push(record, step, "grad", &format!("p{i}"), grad);
            }
            for (name, tensor) in optimizer.state(i) {
                push(record, step, "state", &format!("p{i}.{name}"), &tensor);
            }
            push(record, step, "param", &format!("p{i}"), param);
        }
    }
}

fn loss(case: &Value, params: &[Tensor], step: u64, part: u64) -> Tensor {
    tch::manual_seed((case["seed"].as_u64().unwrap() + 1000 * step + part) as i64);
    let mut loss = Tensor::zeros([], FLOAT_CPU);
    for (i, param) in params.iter().enumerate() {
        let draw = || Tensor::randn(param.size(), (Kind::Float, tch::Device::Cpu));
        let (x, y) = (draw(), draw());
        if !case["unused"].as_array().unwrap().contains(&json!([step, i])) {
            loss += (param * x).tanh().mse_loss(&y, Reduction::Mean);
        }
    }
    loss
}
