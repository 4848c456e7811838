//! `check --script`: a user's own copy of the lesson's script, recorded whole and
//! held to our run.

use std::collections::{BTreeSet, HashMap, HashSet};

use anyhow::{Context, Result, bail, ensure};
use torch_parity::nn::Activation;
use torch_parity::trace::{Array, Key, Model, SHARED, Trace};

use crate::lesson::train::{Run, Train};

/// Where a script that is not the lesson's is pointed to.
const OTHER: &str = "compare it with a port of yours: --port 'COMMAND'";

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
    ensure!(
        has("AbsBackward0") && has("DivBackward0"),
        "no activation of ours is in the graph of {} ({}): {OTHER}",
        model.series,
        model.graph.join(", ")
    );
    Ok(Activation::Softsign)
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
            ("forward", 2) if seen.insert((at.series, at.step)) => {
                Key::new(series, at.step, at.phase, "logits")
            }
            ("forward", _) => {
                left_out.insert(at.name);
                continue;
            }
            // What a script evaluates beside training, ours does not.
            ("eval", _) => continue,
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
        notes.push(
            "the labels reach the loss unseen: compared by what is computed from them".to_owned(),
        );
    }
    // The order of events is ours.
    renamed.about.events.clone_from(&ours.about.events);
    renamed.about.series = ours.about.series.union(&renamed.about.series).cloned().collect();
    renamed.about.names = ours.about.names.union(&renamed.about.names).cloned().collect();
    Ok(Paired { trace: renamed, notes, has_labels, keys })
}

/// What the same script records once more, under the keys that [`pair`] found; what
/// has none is left out.
pub fn renamed(script: Trace, keys: &HashMap<Key, Key>) -> Result<Trace> {
    let mut renamed = Trace::new(script.about);
    renamed.about.events.clear(); // of its own names
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

#[cfg(test)]
mod tests {
    use safetensors::Dtype;

    use super::*;
    use crate::lesson::Experiment;
    use crate::lesson::settings::Threads;

    fn train(same_init: bool) -> Train {
        let run = Run {
            samples: 6,
            features: 3,
            hidden: 4,
            epochs: 2,
            lr: 0.01,
            activations: vec![Activation::Tanh, Activation::Softsign],
            same_init,
            threads: Threads { count: 1 },
        };
        Train { seed: -7, run }
    }

    fn our_run(train: &Train) -> Trace {
        let mut trace = train.trace();
        train.run(&mut trace).unwrap();
        trace
    }

    /// The same run as a script's record has it.
    fn as_script(ours: &Trace) -> Trace {
        let mut script = Trace::default();
        for key in ours.keys() {
            let at = key.place().unwrap();
            let name = match at.name {
                "x" => "input",
                "y" => "target",
                _ => &at.name.replace("fc1.", "0.").replace("fc2.", "2."),
            };
            let (series, step) = match at.series {
                SHARED => ("Net-1", 1),
                "tanh" => ("Net-1", at.step),
                _ => ("Net-2", at.step),
            };
            script
                .insert(Key::new(series, step, at.phase, name), ours.tensors[key].clone())
                .unwrap();
        }
        let optimizer = [("lr".to_owned(), 0.01.into())].into_iter().collect();
        let graphs = [&["TanhBackward0"][..], &["DivBackward0", "AbsBackward0"]];
        script.about.models = (1..)
            .zip(graphs)
            .take(ours.about.series.iter().filter(|&series| series != SHARED).count())
            .map(|(i, graph)| Model {
                series: format!("Net-{i}"),
                class: "Net".to_owned(),
                steps: 2,
                seed: Some(-7),
                optimizer: Some(Clone::clone(&optimizer)),
                graph: graph.iter().map(|&node| node.to_owned()).collect(),
            })
            .collect();
        script
    }

    #[test]
    fn settings_are_those_of_the_run_that_was_recorded() {
        for (networks, same_init) in [(2, false), (2, true), (1, false)] {
            let mut train = train(same_init);
            train.run.activations.truncate(networks);
            let found = settings(&as_script(&our_run(&train)), &Train::default()).unwrap();
            let found = Train { run: Run { threads: Threads { count: 1 }, ..found.run }, ..found };
            assert_eq!(found.twin_flags(), train.twin_flags());
        }
    }

    #[test]
    fn a_network_of_other_layers_is_refused() {
        for name in ["0.bias", "2.weight", "2.bias"] {
            let mut script = as_script(&our_run(&train(false)));
            let key = format!("Net-1/000000/init/{name}");
            let array = &script.tensors[key.as_str()];
            let shape = array.shape().iter().map(|size| size + 1).collect::<Vec<_>>();
            let bytes = vec![0; 4 * shape.iter().product::<usize>()];
            let other = Array::new(Dtype::F32, shape, bytes).unwrap();
            *script.tensors.get_mut(key.as_str()).unwrap() = other;
            let error = settings(&script, &Train::default()).unwrap_err().to_string();
            assert!(error.starts_with("Net-1 has other layers than"), "{name}: {error}");
        }
    }

    #[test]
    fn the_tensors_of_a_script_are_paired_with_ours() {
        let ours = our_run(&train(false));
        let script = as_script(&ours);
        let paired = pair(&script, &ours).unwrap();
        assert!(paired.trace.tensors == ours.tensors && paired.has_labels);
        assert_eq!(
            paired.notes,
            ["Net-1 is tanh, 0.weight is fc1.weight, 0.bias is fc1.bias, 2.weight is fc2.weight, \
              2.bias is fc2.bias, Net-2 is softsign"]
        );
        assert_eq!(paired.keys.len(), ours.tensors.len());
        assert!(renamed(script, &paired.keys).unwrap().tensors == ours.tensors);
    }

    #[test]
    fn of_a_step_the_first_output_is_the_logits_and_later_data_stay_where_they_are() {
        let ours = our_run(&train(false));
        let mut script = as_script(&ours);
        script.tensors.remove("Net-1/000001/data/target");
        let matrix = script.tensors["Net-1/000001/data/input"].clone();
        let vector = script.tensors["Net-1/000000/init/0.bias"].clone();
        for (key, array) in [
            ("Net-1/000001/forward/output.1", &matrix),
            ("Net-2/000002/forward/output.2", &vector),
            ("Net-1/000002/data/input", &matrix),
            ("Net-1/000002/data/target", &vector),
            ("Net-2/000001/data/input", &matrix),
            ("Net-2/000001/data/target", &vector),
        ] {
            script.insert(key.into(), array.clone()).unwrap();
        }
        let paired = pair(&script, &ours).unwrap();
        assert!(!paired.has_labels);
        assert_eq!(
            paired.notes[1..],
            [
                "not compared, since ours has none: forward output.1, output.2",
                "the labels reach the loss unseen: compared by what is computed from them"
            ]
        );
        let only = |a: &Trace, b: &Trace| -> Vec<_> {
            a.keys()
                .into_iter()
                .filter(|&key| !b.tensors.contains_key(key))
                .map(Key::to_string)
                .collect()
        };
        assert_eq!(only(&ours, &paired.trace), ["data/000000/data/y"]);
        assert_eq!(
            only(&paired.trace, &ours),
            [
                "tanh/000002/data/input",
                "tanh/000002/data/target",
                "softsign/000001/data/input",
                "softsign/000001/data/target"
            ]
        );
    }
}
