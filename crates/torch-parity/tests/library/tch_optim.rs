//! Where tch's own optimizers, which are libtorch's C++ ones, part from PyTorch's.
//! Ours stand for PyTorch's here: `optim` here holds them to it.

use crate::live::{alone, draws};
use fastrand::Rng;
use tch::nn::{self, OptimizerConfig, VarStore};
use tch::{Device, Reduction, Tensor, kind::FLOAT_CPU};
use torch_parity::optim::{
    AdamSettings, AdamWSettings, Optimizer, PerParameter, RmsPropSettings, Rule, SgdSettings,
};

const CASES: usize = 40;
const STEPS: usize = 12;

/// In how many of all settings no parameter differs in any step, in which step
/// one does at the earliest, and by how much at most in all steps.
#[derive(Debug)]
struct Measured {
    equal: usize,
    first: Option<usize>,
    largest: f64,
}

#[test]
fn tchs_sgd_is_pytorchs() {
    let measured = measure(|rng| {
        let mut ours = SgdSettings { lr: rng.f64(), ..SgdSettings::default() };
        if rng.bool() {
            ours.momentum = rng.f64();
            ours.dampening = if rng.bool() { rng.f64() } else { 0.0 };
            ours.nesterov = ours.dampening == 0.0;
        }
        ours.weight_decay = if rng.bool() { 0.1 * rng.f64() } else { 0.0 };
        let SgdSettings { lr, momentum, dampening, weight_decay, nesterov, .. } = ours;
        (ours, lr, nn::sgd(momentum, dampening, weight_decay, nesterov))
    });
    assert_eq!((measured.equal, measured.first), (CASES, None), "{measured:?}");
}

#[test]
fn tchs_adam_and_adamw_part_in_the_second_step() {
    let betas = |rng: &mut Rng| (0.5 + 0.49 * rng.f64(), 0.9 + 0.0999 * rng.f64());
    let adam = measure(|rng| {
        let (lr, betas) = (0.1 * rng.f64(), betas(rng));
        let wd = if rng.bool() { 0.1 * rng.f64() } else { 0.0 };
        let amsgrad = rng.bool();
        let ours = AdamSettings { lr, betas, weight_decay: wd, amsgrad, ..Default::default() };
        (ours, lr, nn::adam(betas.0, betas.1, wd).amsgrad(amsgrad))
    });
    let adamw = measure(|rng| {
        let (lr, betas, wd) = (0.1 * rng.f64(), betas(rng), 0.1 * rng.f64());
        let amsgrad = rng.bool();
        let ours = AdamWSettings { lr, betas, weight_decay: wd, amsgrad, ..Default::default() };
        (ours, lr, nn::adamw(betas.0, betas.1, wd).amsgrad(amsgrad))
    });
    for measured in [adam, adamw] {
        assert_eq!((measured.equal, measured.first), (0, Some(2)), "{measured:?}");
        assert!(measured.largest < 1e-4, "{measured:?}");
    }
}

#[test]
fn tchs_rmsprop_is_pytorchs_unless_centered() {
    let of = |centered| {
        measure(|rng| {
            let ours = RmsPropSettings {
                lr: 0.1 * rng.f64(),
                alpha: 0.5 + 0.49 * rng.f64(),
                momentum: if rng.bool() { rng.f64() } else { 0.0 },
                centered,
                weight_decay: if rng.bool() { 0.1 * rng.f64() } else { 0.0 },
                ..Default::default()
            };
            let RmsPropSettings { lr, alpha, eps, weight_decay, momentum, .. } = ours;
            (ours, lr, nn::rms_prop(alpha, eps, weight_decay, momentum, centered))
        })
    };
    let (plain, centered) = (of(false), of(true));
    assert_eq!((plain.equal, plain.first), (CASES, None), "{plain:?}");
    assert_eq!((centered.equal, centered.first), (0, Some(2)), "{centered:?}");
    assert!(centered.largest < 1e-2, "{centered:?}");
}

fn measure<R: Rule, C: OptimizerConfig>(
    mut settings: impl FnMut(&mut Rng) -> (R, f64, C),
) -> Measured {
    let _alone = alone();
    let mut rng = draws();
    let mut measured = Measured { equal: 0, first: None, largest: 0.0 };
    for seed in 0..CASES {
        let (ours, lr, theirs) = settings(&mut rng);
        tch::manual_seed(seed as i64);
        let store = VarStore::new(Device::Cpu);
        let start = Tensor::randn([257], FLOAT_CPU);
        let theirs_param = store.root().var_copy("p", &start);
        let ours_param = start.copy().set_requires_grad(true);
        let mut theirs = theirs.build(&store, lr).unwrap();
        let named = vec![("p".to_owned(), ours_param.shallow_clone())];
        let mut ours = PerParameter::with(named, ours);
        let mut parted = None;
        for step in 1..=STEPS {
            let (x, y) = (Tensor::randn([257], FLOAT_CPU), Tensor::randn([257], FLOAT_CPU));
            let loss = |param: &Tensor| (param * &x).tanh().mse_loss(&y, Reduction::Mean);
            theirs.backward_step(&loss(&theirs_param));
            ours.zero_grad();
            ours.backward(&loss(&ours_param));
            ours.step();
            let apart = (&ours_param - &theirs_param).abs().max().double_value(&[]);
            measured.largest = measured.largest.max(apart);
            if ours_param != theirs_param && parted.is_none() {
                parted = Some(step);
            }
        }
        match parted {
            None => measured.equal += 1,
            Some(step) => measured.first = Some(measured.first.map_or(step, |x| x.min(step))),
        }
    }
    measured
}
