//! A model with a tied weight and running statistics, begun in Python and gone
//! on with in Rust, and the other way round; and what a wrong state says.

use std::collections::BTreeMap;
use std::path::Path;

use crate::live;
use serde_json::{Value, json};
use tch::{Kind, Tensor, no_grad};
use torch_parity::nn::{
    BatchNorm1d, Children, Dropout, Embedding, Layer, Linear, Module, Sequential, Tanh,
    cross_entropy,
};
use torch_parity::{children, sequential};

struct Model {
    wte: Embedding,
    body: Sequential,
    head: Linear,
}

impl Model {
    fn of(case: &Value) -> Self {
        let model = Self::new();
        model.to_kind(match case["kind"].as_str().unwrap() {
            "float64" => Kind::Double,
            "bfloat16" => Kind::BFloat16,
            _ => Kind::Float,
        });
        model
    }

    fn new() -> Self {
        let wte = Embedding::new(7, 4);
        let body = sequential![BatchNorm1d::new(4), Linear::new(4, 4), Tanh, Dropout::new(0.2)];
        let mut head = Linear::without_bias(4, 7);
        head.weight = wte.weight.shallow_clone();
        Self { wte, body, head }
    }
}

impl Layer for Model {
    fn forward(&self, x: &Tensor) -> Tensor {
        self.head.forward(&self.body.forward(&self.wte.forward(x)))
    }
}

impl Module for Model {
    fn children(&self) -> Children<'_> {
        children!(self.wte, self.body, self.head)
    }
}

type Tensors = Vec<(String, Tensor)>;

fn train(model: &Model, steps: std::ops::Range<i64>, kept: &mut Tensors, key: &str) {
    for step in steps {
        tch::manual_seed(step);
        let draw = || Tensor::randint(7, [9], tch::kind::INT64_CPU);
        let (x, y) = (draw(), draw());
        let loss = cross_entropy(&model.forward(&x), &y);
        let parameters = model.named_parameters();
        let tensors: Vec<_> = parameters.iter().map(|(_, tensor)| tensor).collect();
        let grads = Tensor::run_backward(&[&loss], &tensors, false, false);
        for ((_, mut parameter), grad) in model.named_parameters().into_iter().zip(grads) {
            let _ = no_grad(|| parameter.g_sub_(&(grad * 0.1)));
        }
        let copy = |prefix: &str, (name, tensor): (String, Tensor)| {
            (format!("{key}/{step}/{prefix}{name}"), tensor.detach().copy())
        };
        kept.push((format!("{key}/{step}/loss"), loss.detach()));
        kept.extend(model.state_dict().into_iter().map(|named| copy("", named)));
        kept.extend(parameters.into_iter().map(|named| copy("parameter/", named)));
    }
}

fn run(case: &Value) -> Tensors {
    let mut kept = Tensors::new();
    let seed = case["seed"].as_i64().unwrap();
    tch::manual_seed(seed);
    let model = Model::of(case);
    train(&model, 0..6, &mut kept, "whole");
    tch::manual_seed(seed + 1);
    let model = Model::of(case);
    model.load(Path::new(case["python"].as_str().unwrap())).unwrap();
    train(&model, 3..6, &mut kept, "resumed");
    kept
}

#[test]
fn a_run_goes_on_in_the_other_language_with_the_same_bits() {
    let mut rng = live::draws();
    let folder = tempfile::tempdir().unwrap();
    let held = live::alone();
    let cases: Vec<_> = (0..20)
        .map(|i| {
            let path = |side: &str| folder.path().join(format!("{i}.{side}.safetensors"));
            let seed: u32 = rng.u32(..);
            tch::manual_seed(i64::from(seed));
            tch::set_num_threads(1);
            let kind = ["float32", "float64", "bfloat16"][i % 3];
            let case = json!({ "seed": seed, "kind": kind, "rust": path("rust"),
                "python": path("python"), "how": rng.choice(["save_model", "save_file"]) });
            let model = Model::of(&case);
            train(&model, 0..3, &mut Tensors::new(), "");
            model.save(&path("rust")).unwrap();
            case
        })
        .collect();
    drop(held);
    live::assert_same_bits("state.py", &cases, run);
}

#[test]
fn names_are_pytorchs_and_a_tied_weight_is_one_parameter() {
    let _held = live::alone();
    let model = Model::new();
    let names = |named: Tensors| named.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let first = ["wte.weight", "body.0.weight", "body.0.bias"];
    let statistics = ["body.0.running_mean", "body.0.running_var", "body.0.num_batches_tracked"];
    let linear = ["body.1.weight", "body.1.bias"];
    assert_eq!(names(model.named_parameters()), [&first[..], &linear].concat());
    assert_eq!(names(model.named_buffers()), statistics);
    let all = [&first[..], &statistics, &linear, &["head.weight"]].concat();
    assert_eq!(names(model.state_dict()), all);
}

#[test]
fn a_state_that_does_not_fit_is_refused_in_one_line_and_changes_nothing() {
    let _held = live::alone();
    let model = Linear::new(2, 3);
    let before = model.weight.copy();
    let state = |named: &[(&str, &[i64])]| -> BTreeMap<String, Tensor> {
        let zeros = |size: &[i64]| Tensor::zeros(size, tch::kind::FLOAT_CPU);
        named.iter().map(|(name, size)| ((*name).to_owned(), zeros(size))).collect()
    };
    let refused = |state| model.load_state_dict(&state).unwrap_err().to_string();
    assert_eq!(refused(state(&[("weight", &[3, 2])])), "the state lacks bias");
    assert_eq!(
        refused(state(&[("weight", &[3, 2]), ("bias", &[3]), ("b", &[1]), ("c", &[1])])),
        "the module has no b, c"
    );
    assert_eq!(
        refused(state(&[("weight", &[2, 3]), ("bias", &[3])])),
        "weight is of shape [2, 3] in the state, [3, 2] in the module"
    );
    assert_eq!(model.weight, before);
    model.load_state_dict(&state(&[("weight", &[3, 2]), ("bias", &[3])])).unwrap();
    assert_eq!(model.weight, before.zeros_like());
    let error = model.load(Path::new("no such file")).unwrap_err();
    assert!(format!("{error:#}").starts_with("cannot read no such file"), "{error:#}");
}
