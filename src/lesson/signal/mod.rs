//! Sections 2, 3, 7: what flows through networks of many layers. Twin of
//! `python_ref/signal.py`.

mod claims;
mod layers;
mod network;
mod output;
mod settings;

use anyhow::Result;
use torch_parity::nn::{Activation, Module, cross_entropy};
use torch_parity::optim::Adam;
use torch_parity::trace::{Observer, borrowed};

use self::layers::{LayerRow, LayerValues, measure, rows};
use self::network::DeepMlp;
pub use self::settings::Signal;
use crate::lesson::train::{fit, make_data};

/// One network before and after training.
#[derive(Debug)]
pub struct Network {
    /// Of its hidden layers.
    pub activation: Activation,
    /// How many they are.
    pub depth: i64,
    /// What was found with the initial parameters.
    pub before: LayerValues,
    /// What was found with the final ones.
    pub after: LayerValues,
    /// The loss of the last epoch.
    pub loss: f64,
}

/// What `signal` finds.
#[derive(Debug)]
pub struct Findings {
    /// In the order in which they were trained.
    pub networks: Vec<Network>,
    /// Of every network, every layer.
    pub rows: Vec<LayerRow>,
}

/// Measures every network before and after training.
///
/// Each depth is a run of its own, from the seed on, so that depth 1 is the run
/// of `train`.
pub fn signal(args: &Signal, observer: &mut dyn Observer) -> Result<Findings> {
    let (seed, run) = (args.train.seed, &args.train.run);
    tch::set_num_threads(run.threads.count);
    let mut networks = Vec::new();
    for (i, &depth) in args.depths.iter().enumerate() {
        tch::manual_seed(seed);
        let (x, y) = make_data(run.samples, run.features);
        if i == 0 {
            observer.data(&[("x", &x), ("y", &y)])?; // the same for every depth
        }
        for &activation in &run.activations {
            if run.same_init {
                tch::manual_seed(seed);
            }
            let series = format!("{}-{depth}", activation.name());
            let model = DeepMlp::new(run.features, run.hidden, depth, activation);
            let optimizer = &mut Adam::new(model.named_parameters(), run.lr);
            observer.init(&series, &model)?;
            let before = measure(&model, &x, &y, args.saturation);
            observer.measure(&series, 0, &borrowed(before.named()))?;
            let data = (&x, &y);
            let losses =
                fit(&series, &model, cross_entropy, optimizer, data, run.epochs, observer)?;
            let after = measure(&model, &x, &y, args.saturation);
            observer.measure(&series, run.epochs, &borrowed(after.named()))?;
            let loss = losses[losses.len() - 1];
            networks.push(Network { activation, depth, before, after, loss });
        }
    }
    let rows = networks.iter().flat_map(|network| rows(network, run.epochs)).collect();
    Ok(Findings { networks, rows })
}
