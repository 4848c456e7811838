//! Every loss against live PyTorch over random settings: its value and its
//! gradients.

use crate::live;
use fastrand::Rng;
use serde_json::{Value, json};
use tch::{Kind, Reduction, Tensor};
use torch_parity::nn::*;

/// A tensor for a loss, and the leaf that its gradient is taken for.
fn draw(spec: &Value) -> (Tensor, Option<Tensor>) {
    let shape: Vec<i64> = serde_json::from_value(spec["shape"].clone()).unwrap_or_default();
    let class = |high: i64| Tensor::randint(high, &shape[..], tch::kind::INT64_CPU);
    match spec["kind"].as_str().unwrap() {
        "given" => {
            let values: Vec<i64> = serde_json::from_value(spec["values"].clone()).unwrap();
            return (Tensor::from_slice(&values), None);
        }
        "class" => return (class(spec["high"].as_i64().unwrap()), None),
        "sign" => return (class(2).to_kind(Kind::Float) * 2 - 1, None),
        "count" => return (class(5).to_kind(Kind::Float), None),
        _ => {}
    }
    let grad = spec["grad"] == true;
    let leaf = Tensor::randn(&shape[..], tch::kind::FLOAT_CPU).set_requires_grad(grad);
    let dim = spec["dim"].as_i64();
    let x = match spec["kind"].as_str().unwrap() {
        "normal" => &leaf * 1,
        "unit" => leaf.sigmoid(),
        "positive" => leaf.exp(),
        "softmax" => leaf.softmax(dim.unwrap(), None),
        "log_softmax" => leaf.log_softmax(dim.unwrap(), None),
        kind => panic!("no kind {kind}"),
    };
    (x, grad.then_some(leaf))
}

fn run(case: &Value) -> Vec<(String, Tensor)> {
    tch::manual_seed(case["seed"].as_i64().unwrap());
    let drawn = case["inputs"].as_array().unwrap().iter().map(draw);
    let (inputs, leaves): (Vec<_>, Vec<_>) = drawn.unzip();
    let inputs: Vec<_> = inputs.iter().collect();
    let loss = evaluate(case, &inputs);
    let leaves: Vec<_> = leaves.iter().flatten().collect();
    let grads = Tensor::run_backward(&[loss.sum(None)], &leaves, false, false);
    let grads = grads.into_iter().enumerate().map(|(i, grad)| (format!("grad/{i}"), grad));
    [("loss".to_owned(), loss)].into_iter().chain(grads).collect()
}

fn evaluate(case: &Value, x: &[&Tensor]) -> Tensor {
    let kwargs = &case["kwargs"];
    let reduction = match kwargs["reduction"].as_str() {
        Some("none") => Reduction::None,
        Some("sum") => Reduction::Sum,
        _ => Reduction::Mean,
    };
    let batchmean = kwargs["reduction"] == "batchmean";
    let number = |key: &str, default: f64| kwargs[key].as_f64().unwrap_or(default);
    let whole = |key: &str, default: i64| kwargs[key].as_i64().unwrap_or(default);
    let flag = |key: &str, default: bool| kwargs[key].as_bool().unwrap_or(default);
    // In this order, as Python draws them.
    let specs = case["weights"].as_object().unwrap().iter();
    let mut weights: Vec<_> = specs.map(|(key, spec)| (key, draw(spec).0)).collect();
    let mut weight = |key: &str| {
        let at = weights.iter().position(|(name, _)| *name == key)?;
        Some(weights.remove(at).1)
    };
    let plain = kwargs.as_object().unwrap().is_empty();
    match case["loss"].as_str().unwrap() {
        "cross_entropy" if plain => cross_entropy(x[0], x[1]),
        "cross_entropy" => CrossEntropyLoss {
            weight: weight("weight"),
            ignore_index: whole("ignore_index", -100),
            reduction,
            label_smoothing: number("label_smoothing", 0.0),
        }
        .forward(x[0], x[1]),
        "nll_loss" => NLLLoss {
            weight: weight("weight"),
            ignore_index: whole("ignore_index", -100),
            reduction,
        }
        .forward(x[0], x[1]),
        "binary_cross_entropy" => {
            BCELoss { weight: weight("weight"), reduction }.forward(x[0], x[1])
        }
        "binary_cross_entropy_with_logits" => {
            let (weight, pos_weight) = (weight("weight"), weight("pos_weight"));
            BCEWithLogitsLoss { weight, reduction, pos_weight }.forward(x[0], x[1])
        }
        "soft_margin_loss" => SoftMarginLoss { reduction }.forward(x[0], x[1]),
        "multilabel_margin_loss" => MultiLabelMarginLoss { reduction }.forward(x[0], x[1]),
        "multilabel_soft_margin_loss" => {
            MultiLabelSoftMarginLoss { weight: weight("weight"), reduction }.forward(x[0], x[1])
        }
        "mse_loss" if plain => mse_loss(x[0], x[1]),
        "mse_loss" => MSELoss { weight: weight("weight"), reduction }.forward(x[0], x[1]),
        "l1_loss" => L1Loss { weight: weight("weight"), reduction }.forward(x[0], x[1]),
        "smooth_l1_loss" => {
            SmoothL1Loss { reduction, beta: number("beta", 1.0) }.forward(x[0], x[1])
        }
        "huber_loss" => {
            let (delta, weight) = (number("delta", 1.0), weight("weight"));
            HuberLoss { reduction, delta, weight }.forward(x[0], x[1])
        }
        "kl_div" => KLDivLoss { reduction, batchmean, log_target: flag("log_target", false) }
            .forward(x[0], x[1]),
        "poisson_nll_loss" => PoissonNLLLoss {
            log_input: flag("log_input", true),
            full: flag("full", false),
            eps: number("eps", 1e-8),
            reduction,
        }
        .forward(x[0], x[1]),
        "gaussian_nll_loss" => {
            GaussianNLLLoss { full: flag("full", false), eps: number("eps", 1e-6), reduction }
                .forward(x[0], x[1], x[2])
        }
        "ctc_loss" => CTCLoss {
            blank: whole("blank", 0),
            reduction,
            zero_infinity: flag("zero_infinity", false),
        }
        .forward(x[0], x[1], x[2], x[3]),
        "cosine_embedding_loss" => CosineEmbeddingLoss { margin: number("margin", 0.0), reduction }
            .forward(x[0], x[1], x[2]),
        "margin_ranking_loss" => {
            MarginRankingLoss { margin: number("margin", 0.0), reduction }.forward(x[0], x[1], x[2])
        }
        "hinge_embedding_loss" => {
            HingeEmbeddingLoss { margin: number("margin", 1.0), reduction }.forward(x[0], x[1])
        }
        "triplet_margin_loss" => TripletMarginLoss {
            margin: number("margin", 1.0),
            p: number("p", 2.0),
            eps: number("eps", 1e-6),
            swap: flag("swap", false),
            reduction,
        }
        .forward(x[0], x[1], x[2]),
        loss => panic!("no loss {loss}"),
    }
}

/// A loss's name, inputs, settings (null for the function itself) and weights.
type Case = (&'static str, Value, Value, Value);

fn of(kind: &str, shape: &[i64], grad: bool) -> Value {
    json!({ "kind": kind, "shape": shape, "grad": grad, "dim": 1 })
}

fn normal(shape: &[i64]) -> Value {
    of("normal", shape, true)
}

fn maybe(rng: &mut Rng, weight: &[i64]) -> Value {
    if rng.bool() { json!({ "weight": of("positive", weight, false) }) } else { json!({}) }
}

fn over_classes(rng: &mut Rng, n: i64, c: i64) -> Vec<Case> {
    let place: Vec<i64> = if rng.bool() { vec![] } else { vec![rng.i64(1..6)] };
    let (by_class, samples) = ([vec![n, c], place.clone()].concat(), [vec![n], place].concat());
    let classes = json!({ "kind": "class", "high": c, "shape": samples });
    let ignored = rng.i64(0..c);
    let index = json!({ "ignore_index": rng.choice([-100, ignored]) });
    let smooth = json!({ "label_smoothing": 0.1, "ignore_index": rng.choice([-100, ignored]) });
    let soft = of("softmax", &by_class, false);
    vec![
        ("cross_entropy", json!([normal(&by_class), classes]), json!(null), json!({})),
        ("cross_entropy", json!([normal(&by_class), classes]), smooth, maybe(rng, &[c])),
        ("cross_entropy", json!([normal(&by_class), classes]), index.clone(), maybe(rng, &[c])),
        ("cross_entropy", json!([normal(&by_class), soft]), json!({}), maybe(rng, &[c])),
        ("nll_loss", json!([of("log_softmax", &by_class, true), classes]), index, maybe(rng, &[c])),
    ]
}

fn over_yes_and_no(rng: &mut Rng, n: i64, c: i64) -> Vec<Case> {
    let pair = [n, c];
    let (y, sign) = (of("unit", &pair, false), of("sign", &pair, false));
    let targets = json!({ "kind": "class", "high": c, "shape": pair });
    let mut weights = maybe(rng, &pair);
    if rng.bool() {
        weights["pos_weight"] = of("positive", &[c], false);
    }
    let bce = json!([of("unit", &pair, true), y]);
    vec![
        ("binary_cross_entropy", bce, json!({}), maybe(rng, &pair)),
        ("binary_cross_entropy_with_logits", json!([normal(&pair), y]), json!({}), weights),
        ("soft_margin_loss", json!([normal(&pair), sign]), json!({}), json!({})),
        ("multilabel_margin_loss", json!([normal(&pair), targets]), json!({}), json!({})),
        ("multilabel_soft_margin_loss", json!([normal(&pair), y]), json!({}), maybe(rng, &[c])),
    ]
}

fn of_distance(rng: &mut Rng, n: i64, c: i64) -> Vec<Case> {
    let pair = [n, c];
    let both = json!([normal(&pair), normal(&pair)]);
    let wide = rng.f64() * 2.0 + 0.01;
    let beta = json!({ "beta": rng.choice([0.0, 1.0, wide]) });
    vec![
        ("mse_loss", both.clone(), json!(null), json!({})),
        ("mse_loss", both.clone(), json!({}), maybe(rng, &pair)),
        ("l1_loss", both.clone(), json!({}), maybe(rng, &pair)),
        ("smooth_l1_loss", both.clone(), beta, json!({})),
        ("huber_loss", both, json!({ "delta": wide }), maybe(rng, &pair)),
    ]
}

fn of_likelihood(rng: &mut Rng, n: i64, c: i64) -> Vec<Case> {
    let pair = [n, c];
    let (log, count) = (of("log_softmax", &pair, true), of("count", &pair, false));
    let full = rng.bool();
    let rate = json!({ "full": full, "log_input": false, "eps": rng.choice([1e-8, 1e-3]) });
    let var = of("positive", &rng.choice([vec![n, c], vec![n], vec![n, 1]]).unwrap(), true);
    let gaussian = json!({ "full": full, "eps": rng.choice([1e-6, 0.5]) });
    let (t, s) = (rng.i64(8..14), rng.i64(1..4));
    let mut lengths = |low: i64, high: i64| {
        let values: Vec<_> = (0..n).map(|_| rng.i64(low..=high)).collect();
        json!({ "kind": "given", "values": values })
    };
    let ctc = json!([
        { "kind": "log_softmax", "shape": [t, n, c], "dim": 2, "grad": true },
        { "kind": "class", "high": c - 1, "shape": [n, s] },
        lengths(7, t),
        lengths(1, s),
    ]);
    vec![
        ("kl_div", json!([log, of("softmax", &pair, false)]), json!({}), json!({})),
        ("kl_div", json!([log, log]), json!({ "log_target": true }), json!({})),
        ("poisson_nll_loss", json!([normal(&pair), count]), json!({ "full": full }), json!({})),
        ("poisson_nll_loss", json!([of("positive", &pair, true), count]), rate, json!({})),
        ("gaussian_nll_loss", json!([normal(&pair), normal(&pair), var]), gaussian, json!({})),
        ("ctc_loss", ctc, json!({ "blank": c - 1, "zero_infinity": rng.bool() }), json!({})),
    ]
}

fn of_ranking(rng: &mut Rng, n: i64, c: i64) -> Vec<Case> {
    let pair = [n, c];
    let (x, sign) = (normal(&pair), of("sign", &pair, false));
    let margin = json!({ "margin": rng.f64() + 0.01 });
    let triplet = json!({ "margin": rng.f64() + 0.01, "p": rng.choice([1.0, 2.0, 3.0]),
        "swap": rng.bool() });
    let together = of("sign", &[n], false);
    vec![
        ("cosine_embedding_loss", json!([x, x, together]), margin.clone(), json!({})),
        ("margin_ranking_loss", json!([x, x, sign]), margin.clone(), json!({})),
        ("hinge_embedding_loss", json!([x, sign]), margin, json!({})),
        ("triplet_margin_loss", json!([x, x, x]), triplet, json!({})),
    ]
}

/// A random case of each loss.
fn cases(rng: &mut Rng) -> Vec<Value> {
    let mut all = Vec::new();
    for some in [over_classes, over_yes_and_no, of_distance, of_likelihood, of_ranking] {
        let (n, c) = (rng.i64(1..20), rng.i64(2..20));
        all.extend(some(rng, n, c));
    }
    let case = |(loss, inputs, mut kwargs, weights): Case| {
        if kwargs.is_null() {
            kwargs = json!({}); // the function itself
        } else {
            kwargs["reduction"] = json!(rng.choice(["none", "mean", "sum"]));
            if loss == "kl_div" && rng.bool() {
                kwargs["reduction"] = json!("batchmean");
            }
        }
        json!({ "loss": loss, "inputs": inputs, "kwargs": kwargs, "weights": weights,
            "seed": rng.u32(..) })
    };
    all.into_iter().map(case).collect()
}

#[test]
fn losses() {
    let mut rng = live::draws();
    let cases: Vec<_> = (0..60).flat_map(|_| cases(&mut rng)).collect();
    live::assert_same_bits("losses.py", &cases, run);
}

#[test]
fn another_setting_is_found() {
    let pair = |kind: &str| json!({ "kind": kind, "shape": [4, 5], "grad": kind == "normal" });
    let of = |loss: &str, y: Value, kwargs: Value| {
        json!({ "loss": loss, "inputs": [pair("normal"), y], "kwargs": kwargs, "weights": {},
            "seed": 1 })
    };
    let classes = || json!({ "kind": "class", "high": 5, "shape": [4] });
    let changed = [
        ("cross_entropy", classes(), json!({ "label_smoothing": 0.1 })),
        ("huber_loss", pair("normal"), json!({ "delta": 0.5 })),
        ("smooth_l1_loss", pair("normal"), json!({ "beta": 0.5 })),
        ("mse_loss", pair("normal"), json!({ "reduction": "sum" })),
        ("poisson_nll_loss", pair("count"), json!({ "full": true })),
        ("hinge_embedding_loss", pair("sign"), json!({ "margin": 0.5 })),
    ];
    let (cases, wrong): (Vec<_>, Vec<_>) = changed
        .into_iter()
        .map(|(loss, y, kwargs)| (of(loss, y.clone(), json!({})), of(loss, y, kwargs)))
        .unzip();
    live::assert_other_bits("losses.py", &cases, &wrong, run);
}
