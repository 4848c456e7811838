//! `check --script`: a user's own copy of the lesson's script, recorded whole and
//! held to our run.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::{Context, Result, bail, ensure};
use torch_parity::nn::Activation;
use torch_parity::trace::{Array, Key, Model, SHARED, Trace};

use crate::lesson::train::{Run, Train};

/// Where a script that is not the lesson's is pointed to.
const OTHER: &str = "hold a port of yours to it: --port 'COMMAND'";

/// What a script trains, as its record tells: sizes by the shapes, the rest by
/// the optimizer, the seed, and the autograd graph. What it does not tell is as
/// `defaults` has it.
pub fn settings(script: &Trace, defaults: &Train) -> Result<Train> {
    let models = &script.about.models;
    let first = models.first().with_context(|| format!("it trains no network: {OTHER}"))?;
    let shapes = initial(script, first);
    let shapes: Vec<_> = shapes.iter().map(|(_, array)| array.shape()).collect();
    let [&[hidden, features], &[h1], &[classes, h2], &[c]] = shapes[..] else {
        bail!("{} has other layers than the lesson's network: {OTHER}", first.series);
    };
    ensure!(
        (h1, h2, classes, c) == (hidden, hidden, 2, 2),
        "{} has other layers than the lesson's network: {OTHER}",
        first.series
    );
    let logits = of_step(script, first, 1, "forward").next().map(|(_, array)| array.shape());
    let samples = logits.and_then(|shape| shape.first().copied()).unwrap_or_default();
    let run = &defaults.run;
    let activations: Result<Vec<_>> = models.iter().map(activation).collect();
    Ok(Train {
        seed: first.seed.unwrap_or(defaults.seed),
        run: Run {
            samples: samples as i64,
            features: features as i64,
            hidden: hidden as i64,
            epochs: models.iter().map(|model| model.steps).max().unwrap_or(run.epochs),
            lr: first.lr().unwrap_or(run.lr),
            activations: activations?,
            same_init: models.len() > 1 && start_alike(script, models),
            threads: run.threads,
        },
    })
}

/// The initial parameters of a model, in their order.
fn initial<'a>(trace: &'a Trace, model: &'a Model) -> Vec<(&'a str, &'a Array)> {
    of_step(trace, model, 0, "init").collect()
}

/// The tensors of a phase of a step, in their order.
fn of_step<'a>(
    trace: &'a Trace,
    model: &'a Model,
    step: usize,
    phase: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Array)> {
    let named = trace.about.names.iter();
    named.filter_map(move |name| Some((&**name, trace.get(&model.series, step, phase, name)?)))
}

/// Whether all models start from the same values.
fn start_alike(trace: &Trace, models: &[Model]) -> bool {
    let values = |model| -> Vec<_> {
        initial(trace, model).into_iter().map(|(_, array)| array.bytes()).collect()
    };
    models.windows(2).all(|pair| values(&pair[0]) == values(&pair[1]))
}

/// The activation that a model's autograd graph names.
fn activation(model: &Model) -> Result<Activation> {
    let has = |node: &str| model.graph.iter().any(|known| known == node);
    let named = |(_, name, _): &&(Activation, &str, &str)| {
        let letters = name.replace('-', "").to_lowercase() + "backward0";
        model.graph.iter().any(|node| node.to_lowercase() == letters)
    };
    if let Some((activation, ..)) = Activation::ALL.iter().find(named) {
        return Ok(*activation);
    }
    match () {
        () if has("AbsBackward0") && has("DivBackward0") => Ok(Activation::Softsign),
        () => bail!(
            "no activation of ours is in the graph of {} ({}): {OTHER}",
            model.series,
            model.graph.join(", ")
        ),
    }
}

/// A script's record under our run's keys, with what was done to them in words.
pub struct Paired {
    /// The record.
    pub trace: Trace,
    /// Which of its names stand for which of ours, and what it lacks.
    pub notes: Vec<String>,
    /// Whether it has the labels, which reach a loss unseen where that is no
    /// module.
    pub has_labels: bool,
    /// Of each key of the script's record, ours.
    pub keys: HashMap<Key, Key>,
}

/// Renames a script's series and tensors after ours, `ours` being our run of the
/// same settings: series in their order, parameters by order and shape.
pub fn pair(script: &Trace, ours: &Trace) -> Result<Paired> {
    let series: Vec<_> = ours.about.series.iter().filter(|name| *name != SHARED).collect();
    let mut renamed = Trace::new(script.about.clone());
    renamed.about.series.clear();
    renamed.about.names.clear();
    let mut told = Vec::new();
    let mut names: HashMap<(&str, &str), &str> = HashMap::new();
    let models = &script.about.models;
    for (model, ours_series) in models.iter().zip(&series) {
        told.push(format!("{} is {ours_series}", model.series));
        let our_names = ours.about.names.iter();
        let init = our_names.filter_map(|n| Some((&**n, ours.get(ours_series, 0, "init", n)?)));
        for ((name, array), (our_name, our_array)) in initial(script, model).into_iter().zip(init) {
            ensure!(
                array.shape() == our_array.shape(),
                "{name} of {} has shape {:?}, where ours has {:?}: {OTHER}",
                model.series,
                array.shape(),
                our_array.shape()
            );
            names.insert((&model.series, name), our_name);
            let pair = format!("{name} is {our_name}");
            if name != our_name && !told.contains(&pair) {
                told.push(pair);
            }
        }
    }
    let mut notes = vec![told.join(", ")];
    let place_of = |model: &str| models.iter().position(|known| known.series == model);
    let mut has_labels = false;
    let mut keys = HashMap::new();
    let (mut seen, mut left_out) = (HashSet::new(), BTreeSet::new());
    for key in script.keys() {
        let array = &script.tensors[key];
        let Some(at) = key.place() else { bail!("{key} is no key of a record") };
        let our_series = place_of(at.series).and_then(|i| series.get(i)).copied();
        let series = our_series.map_or(at.series, String::as_str);
        let new = match (at.phase, array.shape().len()) {
            // What the first model is given first is what all share.
            ("data", 2) if at.step == 1 && place_of(at.series) == Some(0) => {
                Key::new(SHARED, 0, "data", "x")
            }
            ("data", 1) if at.step == 1 && place_of(at.series) == Some(0) => {
                has_labels = true;
                Key::new(SHARED, 0, "data", "y")
            }
            ("forward", 2) if !seen.contains(&(at.series, at.step)) => {
                seen.insert((at.series, at.step));
                Key::new(series, at.step, at.phase, "logits")
            }
            ("forward", _) => {
                left_out.insert(at.name);
                continue;
            }
            _ => Key::new(series, at.step, at.phase, &our_name(&names, at.series, at.name)),
        };
        keys.insert(key.clone(), new.clone());
        renamed.insert(new, array.clone())?;
    }
    if !left_out.is_empty() {
        let names: Vec<_> = left_out.into_iter().collect();
        notes.push(format!("not compared, since ours has none: forward {}", names.join(", ")));
    }
    if !has_labels {
        notes.push("the labels reach the loss unseen: compared by what comes of them".to_owned());
    }
    // The order of events is ours.
    renamed.about.series = ours.about.series.union(&renamed.about.series).cloned().collect();
    renamed.about.names = ours.about.names.union(&renamed.about.names).cloned().collect();
    Ok(Paired { trace: renamed, notes, has_labels, keys })
}

/// What the same script records once more, under the keys that [`pair`] found; what
/// has none is left out.
pub fn renamed(script: Trace, keys: &HashMap<Key, Key>) -> Result<Trace> {
    let mut renamed = Trace::new(script.about);
    for (key, array) in script.tensors {
        if let Some(new) = keys.get(&key) {
            renamed.insert(new.clone(), array)?;
        }
    }
    Ok(renamed)
}

/// `0.weight.exp_avg` as `fc1.weight.exp_avg`, where `0.weight` is `fc1.weight`.
fn our_name(names: &HashMap<(&str, &str), &str>, series: &str, name: &str) -> String {
    if let Some(ours) = names.get(&(series, name)) {
        return (*ours).to_owned();
    }
    match name.rsplit_once('.') {
        Some((param, of)) => names
            .get(&(series, param))
            .map_or_else(|| name.to_owned(), |ours| format!("{ours}.{of}")),
        None => name.to_owned(),
    }
}
