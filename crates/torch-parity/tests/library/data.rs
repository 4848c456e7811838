//! `data` against live PyTorch over random settings: every batch of several
//! epochs, and where all generators are afterwards.

use crate::live;
use fastrand::Rng;
use serde_json::{Value, json};
use tch::Tensor;
use torch_parity::data::{
    DataLoader, Dataset as _, Generator, RandomSampler, Subset, SubsetRandomSampler, TensorDataset,
    WeightedRandomSampler, random_split, random_split_by,
};

type Tensors = Vec<(String, Tensor)>;

fn run(case: &Value) -> Tensors {
    tch::manual_seed(case["seed"].as_i64().unwrap());
    match case["what"].as_str().unwrap() {
        "load" => load(case),
        "split" => split(case),
        _ => numbers(case),
    }
}

fn list<T: serde::de::DeserializeOwned>(value: &Value) -> Vec<T> {
    serde_json::from_value(value.clone()).unwrap()
}

fn rand() -> Tensor {
    Tensor::rand([3], tch::kind::FLOAT_CPU)
}

fn int64(values: impl IntoIterator<Item = usize>) -> Tensor {
    Tensor::from_slice(&values.into_iter().map(|value| value as i64).collect::<Vec<_>>())
}

fn load(case: &Value) -> Tensors {
    let n = case["n"].as_i64().unwrap();
    let data = TensorDataset([
        Tensor::arange(n, tch::kind::INT64_CPU),
        Tensor::randn([n, 2, 3], tch::kind::FLOAT_CPU),
        Tensor::rand([n], tch::kind::FLOAT_CPU),
    ]);
    let own = case["generator"].as_u64().map(Generator::manual_seed);
    let sampler_own = case["sampler_generator"].as_u64().map(Generator::manual_seed);
    let number = |key: &str| case[key].as_u64().unwrap() as usize;
    let replacement = case["replacement"] == true;
    let mut loader = DataLoader::new(&data, number("batch_size"));
    loader = match (case["sampler"].as_str().unwrap(), &own) {
        ("sequential", _) => loader,
        ("shuffle", None) => loader.shuffle(),
        ("shuffle", Some(own)) => loader.shuffle_by(own),
        ("random", _) => loader.sampler(RandomSampler {
            replacement,
            num_samples: number("num_samples"),
            generator: sampler_own.clone(),
            ..RandomSampler::new(n as usize)
        }),
        ("subset", _) => loader.sampler(SubsetRandomSampler {
            generator: sampler_own.clone(),
            ..SubsetRandomSampler::new(list(&case["indices"]))
        }),
        _ => loader.sampler(WeightedRandomSampler {
            replacement,
            ..WeightedRandomSampler::new(list(&case["weights"]), number("num_samples"))
        }),
    };
    if let Some(own) = &own {
        loader = loader.generator(own);
    }
    if case["drop_last"] == true {
        loader = loader.drop_last();
    }
    let mut kept = vec![("len".to_owned(), Tensor::from(loader.len() as i64))];
    for epoch in 0..3 {
        for (i, batch) in loader.iter().enumerate() {
            let name = |j: usize| format!("{epoch}/{i}/{j}");
            kept.extend(batch.into_iter().enumerate().map(|(j, tensor)| (name(j), tensor)));
            if case["stop"].as_u64() == Some(i as u64) {
                break;
            }
        }
        kept.push((format!("{epoch}/rand"), rand()));
    }
    for (name, own) in [("own", own), ("sampler_own", sampler_own)] {
        if let Some(own) = own {
            kept.push((name.to_owned(), int64((0..3).map(|_| own.randint(1000) as usize))));
        }
    }
    kept
}

fn split(case: &Value) -> Tensors {
    let n = case["n"].as_i64().unwrap();
    let data = TensorDataset([Tensor::arange(n, tch::kind::INT64_CPU)]);
    let own = case["generator"].as_u64().map(Generator::manual_seed);
    let lengths = &case["lengths"];
    let parts: Vec<Subset<_>> = if lengths[0].is_f64() {
        random_split_by(&data, &list::<f64>(lengths), own.as_ref())
    } else {
        random_split(&data, &list::<usize>(lengths), own.as_ref())
    };
    let mut kept: Tensors = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        // The data are their own places.
        let [x] = part.batch(&(0..part.len()).collect::<Vec<_>>());
        kept.push((i.to_string(), x));
    }
    kept.push(("rand".to_owned(), rand()));
    kept
}

fn numbers(case: &Value) -> Tensors {
    let seed = case["generator"].as_u64().unwrap();
    let own = Generator::manual_seed(seed);
    let mut kept = vec![("seed".to_owned(), Tensor::from(seed as i64))];
    for n in list::<usize>(&case["lengths"]) {
        let order = own.randperm(n);
        let order = if n <= 300 {
            int64(order)
        } else {
            let terms = order.iter().enumerate().map(|(i, &place)| i as i64 * place as i64);
            Tensor::from(terms.fold(0_i64, i64::wrapping_add))
        };
        kept.push((format!("perm/{n}"), order));
        kept.push((format!("seed/{n}"), Tensor::from(own.random_seed() as i64)));
    }
    for high in list::<u64>(&case["highs"]) {
        let five = (0..5).map(|_| own.randint(high) as usize);
        kept.push((format!("int/{high}"), int64(five)));
    }
    kept
}

/// A random loader.
fn loader(rng: &mut Rng) -> Value {
    let n = rng.usize(1..70);
    let sampler = rng.choice(["sequential", "shuffle", "random", "subset", "weighted"]).unwrap();
    let replacement = rng.bool();
    let most = if sampler == "weighted" && !replacement { n } else { 2 * n + 40 };
    let maybe = |rng: &mut Rng| if rng.bool() { json!(rng.u64(..1 << 63)) } else { json!(null) };
    json!({
        "what": "load",
        "seed": rng.u32(..),
        "n": n,
        "batch_size": rng.usize(1..20),
        "drop_last": rng.bool(),
        "sampler": sampler,
        "replacement": replacement,
        "num_samples": rng.usize(1..=most),
        "indices": (0..rng.usize(1..20)).map(|_| rng.usize(..n)).collect::<Vec<_>>(),
        "weights": (0..n).map(|_| rng.f64() + 0.01).collect::<Vec<_>>(),
        "generator": maybe(rng),
        "sampler_generator": maybe(rng),
        "stop": if rng.u8(..4) == 0 { json!(rng.usize(..3)) } else { json!(null) },
    })
}

#[test]
fn loaders() {
    let mut rng = live::draws();
    let cases: Vec<_> = (0..200).map(|_| loader(&mut rng)).collect();
    live::assert_same_bits("data.py", &cases, run);
}

#[test]
fn splits() {
    let mut rng = live::draws();
    let fractions = [
        vec![1.0],
        vec![0.5, 0.5],
        vec![0.8, 0.2],
        vec![0.7, 0.2, 0.1],
        vec![0.3, 0.3, 0.4],
        vec![0.1; 10],
    ];
    let mut case = |i: usize| {
        let n = rng.usize(1..200);
        let lengths = if i.is_multiple_of(2) {
            json!(rng.choice(&fractions))
        } else {
            let first = rng.usize(..=n);
            let second = rng.usize(..=n - first);
            json!([first, second, n - first - second])
        };
        let generator = if rng.bool() { json!(rng.u32(..)) } else { json!(null) };
        json!({ "what": "split", "n": n, "lengths": lengths, "generator": generator,
            "seed": rng.u32(..) })
    };
    let cases: Vec<_> = (0..60).map(&mut case).filter(|case| case["n"] != 1).collect();
    live::assert_same_bits("data.py", &cases, run);
}

#[test]
fn what_has_no_sample_or_no_batch_is_empty() {
    let [none, three] = [0, 3].map(|n| TensorDataset([Tensor::zeros([n], tch::kind::FLOAT_CPU)]));
    assert!(none.is_empty() && !three.is_empty());
    assert!(!DataLoader::new(&three, 4).is_empty());
    assert!(DataLoader::new(&three, 4).drop_last().is_empty());
}

#[test]
fn numbers_of_a_generator_of_its_own() {
    let mut rng = live::draws();
    let long = [65_537, 1_000_003];
    let every: Vec<usize> = (0..=5000).chain(long).collect();
    let some: Vec<usize> = (0..=5000).step_by(53).chain(long).collect();
    let highs = [1_u64, 2, 1000, 1 << 27, (1 << 28) - 1, 1 << 28, 1 << 32, 1 << 40, (1 << 62) + 3];
    let seeds = [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 63) - 1, rng.u64(..1 << 63)];
    let cases = seeds.map(|seed| {
        let lengths = if seed == 0 { &every } else { &some };
        json!({ "what": "numbers", "generator": seed, "lengths": lengths, "highs": highs,
            "seed": 0 })
    });
    live::assert_same_bits("data.py", &cases, run);
}

/// Two minutes and 5 GB, hence by `cargo test -- --ignored` only.
#[test]
#[ignore = "takes 5 GB of memory"]
fn permutations_so_long_that_they_take_64_bits_a_number() {
    let lengths = [u32::MAX / 20 - 1, u32::MAX / 20];
    let case =
        json!({ "what": "numbers", "generator": 3, "lengths": lengths, "highs": [], "seed": 0 });
    live::assert_same_bits("data.py", &[case], run);
}

#[test]
fn another_setting_is_found() {
    let case = |sampler: &str, batch_size: usize, drop_last: bool| {
        json!({ "what": "load", "seed": 1, "n": 10, "batch_size": batch_size,
            "drop_last": drop_last, "sampler": sampler, "indices": [0, 1, 2, 3],
            "num_samples": 10, "replacement": false, "weights": [], "generator": null,
            "sampler_generator": null, "stop": null })
    };
    let cases = [case("shuffle", 3, false), case("shuffle", 3, false), case("shuffle", 3, false)];
    let wrong = [case("sequential", 3, false), case("shuffle", 3, true), case("subset", 3, false)];
    live::assert_other_bits("data.py", &cases, &wrong, run);
}
