//! Every layer of `nn` against live PyTorch over random settings: initial
//! values, outputs, gradients, buffers, evaluation, and where the generator is
//! afterwards.

use crate::live;
use fastrand::Rng;
use serde_json::{Value, json};
use tch::{Tensor, no_grad};

use crate::build::Built;

/// Trains and evaluates as layers.py does.
fn run(case: &Value) -> Vec<(String, Tensor)> {
    tch::manual_seed(case["seed"].as_i64().unwrap());
    let layer = Built::of(case);
    let module = layer.module();
    let copies = |phase: &str, named: Vec<(String, Tensor)>| {
        let copy =
            |(name, tensor): (String, Tensor)| (format!("{phase}/{name}"), tensor.detach().copy());
        named.into_iter().map(copy).collect::<Vec<_>>()
    };
    let mut kept = copies("init", module.state_dict());
    for step in 0..3 {
        let (x, other) = inputs(case);
        let outputs = layer.call(case, &x, other.as_ref());
        let losses = outputs.iter().map(|(_, output)| output.pow_tensor_scalar(2).mean(None));
        let loss = losses.reduce(|sum, loss| sum + loss).unwrap();
        if !loss.requires_grad() {
            continue;
        }
        let mut leaves = module.named_parameters();
        if x.requires_grad() {
            leaves.insert(0, ("x".to_owned(), x));
        }
        let tensors: Vec<_> = leaves.iter().map(|(_, leaf)| leaf).collect();
        let grads = Tensor::run_backward(&[loss], &tensors, false, false);
        kept.extend(copies(&step.to_string(), outputs));
        for ((name, mut leaf), grad) in leaves.into_iter().zip(grads) {
            kept.push((format!("{step}/grad/{name}"), grad.copy()));
            if name != "x" {
                let _ = no_grad(|| leaf.g_sub_(&(grad * 0.1)));
            }
        }
    }
    module.eval();
    let (x, other) = inputs(case);
    kept.extend(copies("eval", layer.call(case, &x, other.as_ref())));
    no_grad(|| {
        kept.extend(copies("no_grad", layer.call(case, &x.detach(), other.as_ref())));
    });
    kept.extend(copies("end", module.state_dict()));
    kept.push(("generator".to_owned(), Tensor::rand([3], tch::kind::FLOAT_CPU)));
    kept
}

fn ints(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect()
}

fn inputs(case: &Value) -> (Tensor, Option<Tensor>) {
    let shape = ints(&case["input"]);
    let x = if let Some(high) = case["high"].as_i64() {
        Tensor::randint(high, shape, tch::kind::INT64_CPU)
    } else {
        let x = Tensor::randn(shape, tch::kind::FLOAT_CPU);
        let x = if case["round"] == true { (x * 2).round() } else { x };
        x.set_requires_grad(true)
    };
    let other = &case["other"];
    (x, other.is_array().then(|| Tensor::randn(ints(other), tch::kind::FLOAT_CPU)))
}

/// Cases of one layer: args, kwargs, the input's shape.
fn layer(rng: &mut Rng, name: &str, args: Value, kwargs: Value, input: &[i64]) -> Value {
    let mut case = json!({ "layer": name, "input": input, "seed": rng.u32(..) });
    case["args"] = args;
    case["kwargs"] = kwargs;
    case
}

/// The case with what recurrent networks and attention are called with.
fn called(mut case: Value) -> Value {
    for (key, value) in [("again", true), ("need_weights", true), ("average", true)] {
        case[key] = json!(value);
    }
    case["is_causal"] = json!(false);
    case["kind"] = json!("self");
    case
}

fn check(cases: &[Value]) {
    live::assert_same_bits("layers.py", cases, run);
}

fn many(n: usize, mut one: impl FnMut(&mut Rng) -> Value) {
    let mut rng = live::draws();
    check(&(0..n).map(|_| one(&mut rng)).collect::<Vec<_>>());
}

#[test]
fn linear() {
    many(60, |rng| {
        let (i, o, n) = (rng.i64(1..40), rng.i64(1..40), rng.i64(1..20));
        let input = if rng.bool() { vec![n, i] } else { vec![n, rng.i64(1..5), i] };
        layer(rng, "Linear", json!([i, o]), json!({ "bias": rng.clone().bool() }), &input)
    });
}

/// A module of two inputs.
#[test]
fn bilinear() {
    many(60, |rng| {
        let (i, j, o, n) = (rng.i64(1..20), rng.i64(1..20), rng.i64(1..20), rng.i64(1..9));
        let more = if rng.bool() { vec![n] } else { vec![n, rng.i64(1..5)] };
        let shape = |last: i64| [&more[..], &[last]].concat();
        let bias = json!({ "bias": rng.bool() });
        let mut case = layer(rng, "Bilinear", json!([i, j, o]), bias, &shape(i));
        case["other"] = json!(shape(j));
        case
    });
}

fn convolution(rng: &mut Rng, name: &str, d: usize, transposed: bool) -> Value {
    let groups = rng.i64(1..4);
    let (i, o) = (groups * rng.i64(1..9), groups * rng.i64(1..9));
    let mut each = |low: i64, high: i64| (0..d).map(|_| rng.i64(low..high)).collect::<Vec<_>>();
    let (kernel, stride, padding) = (each(1, 5), each(1, 4), each(0, 3));
    let (dilation, size) = (each(1, 3), each(9, 16));
    let mut kwargs = json!({ "stride": stride, "padding": padding, "dilation": dilation,
        "groups": groups, "bias": rng.bool() });
    if transposed {
        let largest: Vec<_> = stride.iter().zip(&dilation).map(|(s, d)| s.max(d)).collect();
        kwargs["output_padding"] = largest.iter().map(|&&n| rng.i64(0..n)).collect();
    }
    let input = [vec![rng.i64(1..6), i], size].concat();
    layer(rng, name, json!([i, o, kernel]), kwargs, &input)
}

#[test]
fn convolutions() {
    many(60, |rng| convolution(rng, "Conv1d", 1, false));
    many(80, |rng| convolution(rng, "Conv2d", 2, false));
    many(20, |rng| convolution(rng, "Conv3d", 3, false));
}

#[test]
fn transposed_convolutions() {
    many(40, |rng| convolution(rng, "ConvTranspose1d", 1, true));
    many(60, |rng| convolution(rng, "ConvTranspose2d", 2, true));
    many(20, |rng| convolution(rng, "ConvTranspose3d", 3, true));
}

#[test]
fn batch_norm() {
    many(80, |rng| {
        let c = rng.i64(1..20);
        let momentum = rng.choice([json!(0.1), json!(0.3), json!(null), json!(rng.clone().f64())]);
        let kwargs = json!({ "eps": rng.choice([1e-5, 1e-3]), "momentum": momentum,
            "affine": rng.bool(), "track_running_stats": rng.u8(..4) > 0 });
        let n = rng.i64(2..20);
        let which = rng.u8(..4);
        let mut size = || rng.i64(1..9);
        let (name, input) = match which {
            0 => ("BatchNorm1d", vec![n, c]),
            1 => ("BatchNorm1d", vec![n, c, size()]),
            2 => ("BatchNorm2d", vec![n, c, size(), size()]),
            _ => ("BatchNorm3d", vec![n, c, size(), size(), size()]),
        };
        layer(rng, name, json!([c]), kwargs, &input)
    });
}

#[test]
fn layer_norm_and_group_norm() {
    many(60, |rng| {
        let shape: Vec<_> = (0..rng.usize(1..3)).map(|_| rng.i64(1..30)).collect();
        let kwargs = json!({ "eps": rng.choice([1e-5, 1e-3]),
            "elementwise_affine": rng.u8(..4) > 0, "bias": rng.bool() });
        let input = [vec![rng.i64(1..9), rng.i64(1..9)], shape.clone()].concat();
        layer(rng, "LayerNorm", json!([shape]), kwargs, &input)
    });
    many(60, |rng| {
        let (groups, each) = (rng.i64(1..5), rng.i64(1..5));
        let c = groups * each;
        let kwargs = json!({ "eps": rng.choice([1e-5, 1e-3]), "affine": rng.u8(..4) > 0 });
        let input = [rng.i64(1..9), c, rng.i64(2..9), rng.i64(2..9)];
        layer(rng, "GroupNorm", json!([groups, c]), kwargs, &input)
    });
}

#[test]
fn embedding() {
    many(60, |rng| {
        let (n, dim) = (rng.i64(1..30), rng.i64(1..30));
        let padding = if rng.bool() { json!(rng.i64(-n..n)) } else { json!(null) };
        let input = [rng.i64(1..9), rng.i64(1..9)];
        let kwargs = json!({ "padding_idx": padding });
        let mut case = layer(rng, "Embedding", json!([n, dim]), kwargs, &input);
        case["high"] = json!(n);
        case
    });
}

#[test]
fn dropout() {
    many(60, |rng| {
        let name = rng.choice(["Dropout", "Dropout2d"]).unwrap();
        let p = rng.choice([0.0, 0.1, 0.5, 1.0]).unwrap();
        let input = [rng.i64(1..4), rng.i64(1..9), rng.i64(1..9), rng.i64(1..5)];
        layer(rng, name, json!([p]), json!({}), &input)
    });
}

#[test]
fn pooling() {
    many(80, |rng| {
        let d = rng.usize(1..3);
        let max = rng.bool();
        let mut each = |low: i64, high: i64| (0..d).map(|_| rng.i64(low..high)).collect::<Vec<_>>();
        let (kernel, stride, size) = (each(2, 5), each(1, 4), each(9, 14));
        let padding: Vec<_> = kernel.iter().map(|k| rng.i64(0..=k / 2)).collect();
        let mut kwargs = json!({ "padding": padding, "ceil_mode": rng.bool() });
        if rng.bool() {
            kwargs["stride"] = json!(stride);
        }
        if max {
            kwargs["dilation"] = (0..d).map(|_| rng.i64(1..3)).collect();
        } else {
            kwargs["count_include_pad"] = json!(rng.bool());
        }
        let name = format!("{}Pool{d}d", if max { "Max" } else { "Avg" });
        let input = [vec![rng.i64(1..4), rng.i64(1..5)], size].concat();
        layer(rng, &name, json!([kernel]), kwargs, &input)
    });
    many(20, |rng| {
        let args = json!([[rng.i64(1..6), rng.i64(1..6)]]);
        let input = [rng.i64(1..4), rng.i64(1..5), rng.i64(1..14), rng.i64(1..14)];
        layer(rng, "AdaptiveAvgPool2d", args, json!({}), &input)
    });
}

#[test]
fn activations() {
    let plain = [
        "Identity",
        "Sigmoid",
        "Tanh",
        "ReLU",
        "ReLU6",
        "SELU",
        "SiLU",
        "Mish",
        "Softplus",
        "Softsign",
        "LogSigmoid",
        "Hardsigmoid",
        "Hardswish",
    ];
    let mut rng = live::draws();
    let mut cases = Vec::new();
    for round in [false, true].repeat(5) {
        let slope = json!([rng.f64()]);
        let low = rng.f64() * -3.0;
        let with = [
            ("GELU", json!([]), json!({ "approximate": rng.choice(["none", "tanh"]) })),
            ("LeakyReLU", slope.clone(), json!({})),
            ("LeakyReLU", json!([0.01]), json!({})),
            ("ELU", slope.clone(), json!({})),
            ("ELU", json!([1.0]), json!({})),
            ("Hardtanh", json!([low, low + rng.i64(1..4) as f64]), json!({})),
            ("Hardtanh", json!([-1.0, 1.0]), json!({})),
            ("Softmax", json!([rng.i64(0..3)]), json!({})),
            ("LogSoftmax", json!([rng.i64(0..3)]), json!({})),
            ("Flatten", json!([]), json!({})),
        ];
        let plain = plain.iter().map(|&name| (name, json!([]), json!({})));
        for (name, args, kwargs) in plain.chain(with) {
            let input = [rng.i64(1..5), rng.i64(1..9), rng.i64(1..40)];
            let mut case = layer(&mut rng, name, args, kwargs, &input);
            case["round"] = json!(round);
            cases.push(case);
        }
    }
    check(&cases);
}

#[test]
fn recurrent_networks() {
    many(120, |rng| {
        let name = rng.choice(["RNN", "GRU", "LSTM"]).unwrap();
        let (i, h) = (rng.i64(1..20), rng.i64(1..20));
        let (l, n) = (rng.i64(1..8), rng.i64(1..6));
        let mut kwargs = json!({ "num_layers": rng.i64(1..4), "bias": rng.u8(..4) > 0,
            "batch_first": rng.bool(), "dropout": rng.choice([0.0, 0.3]),
            "bidirectional": rng.bool() });
        if name == "RNN" {
            kwargs["nonlinearity"] = json!(rng.choice(["tanh", "relu"]));
        }
        let input = if rng.u8(..4) > 0 { vec![l, n, i] } else { vec![l, i] };
        let again = rng.bool();
        let mut case = layer(rng, name, json!([i, h]), kwargs, &input);
        case["again"] = json!(again);
        case
    });
}

/// Sizes at which libtorch takes other kernels than for the small ones.
#[test]
fn larger_sizes() {
    let mut rng = live::draws();
    let mut of = |name: &str, args: Value, input: &[i64]| {
        let kwargs = if name == "TransformerEncoderLayer" || name == "MultiheadAttention" {
            json!({ "batch_first": true })
        } else {
            json!({})
        };
        called(layer(&mut rng, name, args, kwargs, input))
    };
    check(&[
        of("Linear", json!([512, 300]), &[64, 512]),
        of("Conv1d", json!([64, 96, [5]]), &[8, 64, 200]),
        of("Conv2d", json!([32, 64, [3, 3]]), &[16, 32, 28, 28]),
        of("ConvTranspose2d", json!([64, 32, [4, 4]]), &[8, 64, 14, 14]),
        of("BatchNorm2d", json!([64]), &[16, 64, 28, 28]),
        of("LayerNorm", json!([[384]]), &[8, 64, 384]),
        of("GroupNorm", json!([8, 64]), &[8, 64, 28, 28]),
        of("RNN", json!([128, 128]), &[30, 32, 128]),
        of("GRU", json!([128, 128]), &[30, 32, 128]),
        of("LSTM", json!([128, 128]), &[30, 32, 128]),
        of("MultiheadAttention", json!([128, 4]), &[16, 64, 128]),
        of("TransformerEncoderLayer", json!([128, 4]), &[16, 64, 128]),
        of("Dropout", json!([0.5]), &[64, 512]),
        of("GELU", json!([]), &[64, 512]),
        of("Softmax", json!([1]), &[64, 512]),
    ]);
}

#[test]
fn modules_in_sequence() {
    many(40, |rng| {
        let (c, h) = (rng.i64(1..9), rng.i64(1..20));
        let part = |layer: &str, args: Value| json!({ "layer": layer, "args": args, "kwargs": {} });
        let parts = json!([
            part("Conv2d", json!([1, c, [3, 3]])),
            part("BatchNorm2d", json!([c])),
            part("ReLU", json!([])),
            part("MaxPool2d", json!([[2, 2]])),
            part("Flatten", json!([])),
            part("Dropout", json!([0.25])),
            json!({ "layer": "Sequential", "kwargs": {},
                "args": [part("Linear", json!([c * 9, h])), part("Tanh", json!([]))] }),
            part("Linear", json!([h, 3])),
        ]);
        let n = rng.i64(2..9);
        layer(rng, "Sequential", parts, json!({}), &[n, 1, 8, 8])
    });
}

/// The shape of sequences, (N, L, E) or (L, N, E), or without a batch (L, E).
fn sequences(batched: bool, batch_first: bool, [n, l, e]: [i64; 3]) -> Vec<i64> {
    match (batched, batch_first) {
        (false, _) => vec![l, e],
        (true, true) => vec![n, l, e],
        (true, false) => vec![l, n, e],
    }
}

/// For inputs (L, N, E), or without a batch for (L, E).
fn attention_masks(rng: &mut Rng, case: &mut Value, rows: (i64, i64), n: i64, batched: bool) {
    let (l, s) = rows;
    let mut bits = |rows: i64| -> Vec<Vec<bool>> {
        // The first key is never masked: a row of -inf is NaN.
        (0..rows).map(|_| (0..s).map(|key| key > 0 && rng.u8(..4) == 0).collect()).collect()
    };
    let (padding, mask) = (bits(n), bits(l));
    let padding = if batched { json!(padding) } else { json!(padding[0]) };
    case["padding"] = if rng.bool() { padding } else { json!(null) };
    case["mask"] = if rng.bool() { json!(mask) } else { json!(null) };
    case["is_causal"] = json!(false);
    if l == s && rng.u8(..4) == 0 {
        let causal: Vec<Vec<_>> = (0..l).map(|i| (0..l).map(|j| j > i).collect()).collect();
        case["mask"] = json!(causal);
        case["is_causal"] = json!(rng.bool());
    }
    case["float_mask"] = json!(rng.bool());
}

#[test]
fn multihead_attention() {
    many(200, |rng| {
        let heads = rng.i64(1..5);
        let e = heads * rng.i64(1..9);
        let (l, n) = (rng.i64(1..9), rng.i64(1..5));
        let kind = rng.choice(["self", "cross", "three"]).unwrap();
        let s = if kind == "self" { l } else { rng.i64(1..9) };
        let first = rng.bool();
        let batched = rng.u8(..5) > 0;
        let [input, other] = [l, s].map(|len| sequences(batched, first, [n, len, e]));
        let kwargs = json!({ "dropout": rng.choice([0.0, 0.2]), "bias": rng.u8(..4) > 0,
            "batch_first": first });
        let mut case = layer(rng, "MultiheadAttention", json!([e, heads]), kwargs, &input);
        attention_masks(rng, &mut case, (l, s), n, batched);
        case["kind"] = json!(kind);
        case["other"] = if kind == "self" { json!(null) } else { json!(other) };
        case["need_weights"] = json!(rng.bool());
        case["average"] = json!(rng.bool());
        case
    });
}

#[test]
fn transformer_encoder_layer() {
    many(160, |rng| {
        let heads = rng.i64(1..5);
        let e = heads * rng.i64(1..9);
        let (l, n) = (rng.i64(1..9), rng.i64(1..5));
        let first = rng.bool();
        let batched = rng.u8(..5) > 0;
        let input = sequences(batched, first, [n, l, e]);
        let kwargs = json!({ "dim_feedforward": rng.i64(1..40),
            "dropout": rng.choice([0.0, 0.1]), "batch_first": first,
            "activation": rng.choice(["relu", "gelu", "tanh"]), "norm_first": rng.bool(),
            "bias": rng.u8(..4) > 0, "layer_norm_eps": rng.choice([1e-5, 1e-3]) });
        let mut case = layer(rng, "TransformerEncoderLayer", json!([e, heads]), kwargs, &input);
        attention_masks(rng, &mut case, (l, l), n, batched);
        case
    });
}

#[test]
fn another_setting_is_found() {
    let mut rng = live::draws();
    let kwargs = |kwargs: Value| json!({ "kwargs": kwargs });
    let changed = [
        ("Linear", json!([3, 4]), vec![5, 3], kwargs(json!({ "bias": false }))),
        ("Conv2d", json!([2, 4, [3, 3]]), vec![2, 2, 8, 8], kwargs(json!({ "groups": 2 }))),
        (
            "ConvTranspose2d",
            json!([2, 4, [3, 3]]),
            vec![2, 2, 8, 8],
            kwargs(json!({ "padding": [1, 0] })),
        ),
        ("BatchNorm1d", json!([3]), vec![5, 3], kwargs(json!({ "momentum": 0.9 }))),
        ("LayerNorm", json!([[3]]), vec![5, 3], kwargs(json!({ "eps": 1e-6 }))),
        ("GroupNorm", json!([1, 4]), vec![5, 4, 2], kwargs(json!({ "eps": 1e-6 }))),
        ("Embedding", json!([5, 3]), vec![9], kwargs(json!({ "padding_idx": 2 }))),
        ("Dropout", json!([0.5]), vec![5, 9], json!({ "args": [0.4] })),
        ("RNN", json!([3, 4]), vec![5, 2, 3], kwargs(json!({ "nonlinearity": "relu" }))),
        ("GRU", json!([3, 4]), vec![5, 2, 3], kwargs(json!({ "bidirectional": true }))),
        ("LSTM", json!([3, 4]), vec![5, 2, 3], kwargs(json!({ "num_layers": 2 }))),
        ("MultiheadAttention", json!([4, 2]), vec![5, 3, 4], json!({ "args": [4, 1] })),
        ("MultiheadAttention", json!([4, 2]), vec![5, 3, 4], json!({ "need_weights": false })),
        (
            "TransformerEncoderLayer",
            json!([4, 2]),
            vec![5, 3, 4],
            kwargs(json!({ "norm_first": true })),
        ),
        ("GELU", json!([]), vec![5, 3], kwargs(json!({ "approximate": "tanh" }))),
        ("Softmax", json!([0]), vec![5, 3], json!({ "args": [1] })),
        ("MaxPool1d", json!([[2]]), vec![2, 2, 8], kwargs(json!({ "stride": [1] }))),
        (
            "AvgPool1d",
            json!([[2]]),
            vec![2, 2, 8],
            kwargs(json!({ "ceil_mode": true, "stride": [3] })),
        ),
    ];
    let (cases, wrong): (Vec<_>, Vec<_>) = changed
        .into_iter()
        .map(|(name, args, input, other)| {
            let mut case = called(layer(&mut rng, name, args, json!({}), &input));
            if name == "Embedding" {
                case["high"] = json!(5);
            }
            let mut wrong = case.clone();
            for (key, value) in other.as_object().unwrap() {
                wrong[key] = value.clone();
            }
            (case, wrong)
        })
        .unzip();
    live::assert_other_bits("layers.py", &cases, &wrong, run);
}
