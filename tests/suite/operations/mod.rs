//! The fast loop makes the products that autograd makes: of the same tensors, in
//! the same order. Whether another order shows in the bits depends on the CPU.

use std::path::{Path, PathBuf};
use std::process::Command;

use tanh_parity::lesson::train::Run;
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;

use crate::common::root;
use crate::fast::{Loop, run, with};

/// Where sizes are special, and around what a vector register holds.
const SIZES: [i64; 5] = [1, 2, 3, 16, 17];

/// What adds up many numbers, in an order that is its own.
const OF_MANY: [&str; 7] = ["mm", "addmm", "bmm", "mv", "addmv", "dot", "sum"];

#[test]
fn every_product_is_one_of_autograds() {
    let folder = TempDir::new().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "operations::of_both_loops", "operations::of_a_product"])
        .args(["--ignored", "--test-threads", "1"])
        .env("LD_PRELOAD", watcher(folder.path()))
        .env("WATCHED", folder.path().join("operations"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("2 passed"), "{text}");
}

#[test]
#[ignore = "every_product_is_one_of_autograds runs it under the watcher"]
fn of_both_loops() {
    for [samples, features, hidden] in products(SIZES) {
        let settings = with(|run| Run { samples, features, hidden, epochs: 2, ..run });
        let [plain, fast] =
            [Loop::Plain, Loop::Fast].map(|how| of_many(watched(|| drop(run(how, &settings)))));
        let forward = plain.iter().filter(|line| line.starts_with("aten::addmm "));
        assert_eq!(forward.count(), 4, "two layers, two epochs");
        assert_eq!(fast, plain, "{samples} samples, {features} features, {hidden} hidden units");
    }
}

/// The product by which a layer's gradient goes back to its inputs, as autograd
/// makes it and as it is usually written.
#[test]
#[ignore = "every_product_is_one_of_autograds runs it under the watcher"]
fn of_a_product() {
    let _alone = crate::alone();
    let random = |size: [i64; 2]| Tensor::randn(size, (Kind::Float, Device::Cpu));
    for [samples, hidden, _] in products(SIZES) {
        let (x, weight) = (random([samples, hidden]).set_requires_grad(true), random([2, hidden]));
        let grad = random([samples, 2]);
        let autograds = watched(|| (x.mm(&weight.tr()) * &grad).sum(Kind::Float).backward());
        let usual = watched(|| drop(grad.mm(&weight)));
        let is_autograds = of_many(usual).iter().all(|usual| autograds.contains(usual));
        assert_eq!(
            is_autograds,
            samples.max(hidden) > 1,
            "{samples} samples, {hidden} hidden units"
        );
    }
}

/// Every three of these.
fn products(sizes: [i64; 5]) -> impl Iterator<Item = [i64; 3]> {
    let each = move |a| sizes.into_iter().flat_map(move |b| sizes.map(|c| [a, b, c]));
    sizes.into_iter().flat_map(each)
}

/// The operations, one a line, that are called meanwhile.
fn watched(run: impl FnOnce()) -> Vec<String> {
    let path = std::env::var("WATCHED").expect("the watcher is loaded");
    let lines = || std::fs::read_to_string(&path).unwrap_or_default();
    let before = lines().len();
    run();
    lines()[before..].lines().map(str::to_owned).collect()
}

fn of_many(mut operations: Vec<String>) -> Vec<String> {
    let name = |line: &str| line.split(' ').next().unwrap().replace("aten::", "");
    operations.retain(|line| OF_MANY.contains(&&*name(line)));
    operations
}

/// The library that writes down operations, compiled in this folder.
fn watcher(folder: &Path) -> PathBuf {
    let torch = std::env::var_os("LIBTORCH").map_or(root().join(".venv/libtorch"), PathBuf::from);
    let library = folder.join("watch.so");
    let status = Command::new(std::env::var_os("CXX").unwrap_or("c++".into()))
        .args(["-std=c++20", "-O1", "-shared", "-fPIC"])
        .args(["-DNDEBUG", "-I"]) // as libtorch was, or its headers expect more of it
        .arg(torch.join("include"))
        .arg(root().join("tests/suite/operations/watch.cpp"))
        .arg("-L")
        .arg(torch.join("lib"))
        .args(["-ltorch_cpu", "-lc10", "-o"])
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", torch.join("lib").display()))
        .status();
    assert!(status.unwrap().success());
    library
}
