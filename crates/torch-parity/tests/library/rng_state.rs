//! The default generator's state against PyTorch's, read and set.

use crate::live::{alone, assert_same_bits, draws, run_python};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor, kind::FLOAT_CPU};
use torch_parity::random::{generator_state, manual_seed, rng_state, set_rng_state};
use torch_parity::trace::{Array, OfTensor};

const CASES: usize = 150;

// One test, since all threads share the generator.
#[test]
fn the_state_is_pytorchs_and_reading_it_changes_nothing_and_setting_it_brings_it_back() {
    assert_same_bits("rng_state.py", &cases(), |case| {
        let seed = case["seed"].as_i64().unwrap();
        manual_seed(seed);
        drop(draw(&case["before"]));
        let asked = generator_state();
        let state = rng_state(seed).unwrap();
        assert_eq!(Array::of(&asked).unwrap(), Array::of(&state).unwrap(), "{case}");
        let after = draw(&case["after"]).into_iter().enumerate();
        let after = after.map(|(k, x)| (format!("after {k}"), x));
        after.chain([("state".to_owned(), state)]).collect()
    });
    let cases = cases();
    let pythons = run_python("rng_state.py", &cases);
    let _alone = alone();
    for (case, python) in cases.iter().zip(pythons) {
        manual_seed(99);
        drop(draw(&json!([["normal", 3]])));
        set_rng_state(&python.tensors["state"].to_tensor().unwrap()).unwrap();
        for (k, ours) in draw(&case["after"]).into_iter().enumerate() {
            let theirs = &python.tensors[&*format!("after {k}")];
            assert_eq!(&Array::of(&ours).unwrap(), theirs, "{case} {k}");
        }
    }
    assert!(set_rng_state(&Tensor::zeros([3], FLOAT_CPU)).is_err());
    manual_seed(7);
    assert!(rng_state(8).unwrap_err().to_string().contains("not last seeded with 8"));
    // One that does not follow from its seed is set all the same; one with more words left
    // than there are is none.
    let mut bytes = Vec::<u8>::try_from(generator_state()).unwrap();
    bytes[24] ^= 1;
    set_rng_state(&Tensor::from_slice(&bytes)).unwrap();
    assert_eq!(Vec::<u8>::try_from(rng_state(7).unwrap()).unwrap(), bytes);
    bytes[8..12].copy_from_slice(&625_i32.to_le_bytes());
    assert!(set_rng_state(&Tensor::from_slice(&bytes)).is_err());
}

fn cases() -> Vec<Value> {
    let mut rng = draws();
    let mut some = |from: u8| {
        let names = ["normal", "uniform", "permutation", "double", "bernoulli"];
        let one = |_| {
            let n = if rng.bool() { rng.u32(1..16) } else { rng.u32(16..2000) };
            json!([rng.choice(names), n])
        };
        (from..7).map(one).collect::<Vec<_>>()
    };
    let case = |i: usize| {
        let (before, after) = (some((i % 8) as u8), some(1));
        json!({ "seed": i * i * 7919, "before": before, "after": after })
    };
    // At the end of a block of words, and with a normal number kept from long ago.
    let edges = [
        json!([["uniform", 624]]),
        json!([["uniform", 1248]]),
        json!([["normal", 3], ["uniform", 100_000]]),
    ];
    let edges =
        edges.map(|before| json!({ "seed": 5, "before": before, "after": [["normal", 5]] }));
    (0..CASES).map(case).chain(edges).collect()
}

fn draw(all: &Value) -> Vec<Tensor> {
    let one = |draw: &Value| {
        let n = draw[1].as_i64().unwrap();
        match draw[0].as_str().unwrap() {
            "normal" => Tensor::randn([n], FLOAT_CPU),
            "uniform" => Tensor::rand([n], FLOAT_CPU),
            "permutation" => Tensor::randperm(n, (Kind::Int64, Device::Cpu)),
            "double" => Tensor::randn([n], (Kind::Double, Device::Cpu)),
            _ => Tensor::full([n], 0.3, FLOAT_CPU).bernoulli_float_(0.5),
        }
    };
    all.as_array().unwrap().iter().map(one).collect()
}
