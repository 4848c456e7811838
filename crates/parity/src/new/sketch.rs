//! What a script's first steps tell of it: the recorder's sketch, and its record.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use parity_record::{Dtype, Key, SHARED, Trace};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::progress::spin;
use crate::python::{Python, Script};

/// A model that the script trains.
#[derive(Debug, Deserialize)]
pub struct Model {
    /// Its series.
    pub name: String,
    #[serde(skip)]
    pub seed: Option<i64>,
    /// The nodes of its loss's autograd graph, from the loss on.
    pub graph: Vec<String>,
    pub layers: Vec<Layer>,
    /// Every parameter's name and shape.
    pub parameters: Vec<(String, Vec<i64>)>,
    pub has_buffers: bool,
    /// The optimizer's class.
    pub optimizer: String,
    pub groups: Vec<Group>,
    /// Its place among the modules in the order in which they were made.
    pub made: usize,
    /// The first batch, and what the model made of it.
    #[serde(skip)]
    pub data: Vec<Array>,
    #[serde(skip)]
    pub outputs: Vec<Array>,
    /// The dtype of each parameter, as tch calls it.
    #[serde(skip)]
    pub kinds: BTreeMap<String, &'static str>,
    /// Whether they were drawn in float64: no float32 is converted to such values.
    #[serde(skip)]
    pub draws_doubles: bool,
}

/// A module of PyTorch's.
#[derive(Debug, Deserialize)]
pub struct Layer {
    pub path: String,
    pub class: String,
    /// The plain values that it holds.
    pub settings: Map<String, Value>,
    /// Its settings as Python prints them.
    pub says: String,
    /// The names of its parameters.
    pub params: Vec<String>,
}

/// Parameters of one optimizer that are set alike.
#[derive(Debug, Deserialize)]
pub struct Group {
    pub params: Vec<String>,
    pub settings: Map<String, Value>,
}

/// A tensor's name, shape, and dtype as tch has it.
#[derive(Clone, Debug)]
pub struct Array {
    pub name: String,
    /// What the port calls it.
    pub variable: String,
    pub shape: Vec<usize>,
    pub kind: &'static str,
}

/// Records the first steps of a script, which is ended then.
pub fn sketch(script: Script<'_>, python: &Python) -> Result<Vec<Model>> {
    let mut running = python.start_sketch(script)?;
    spin("recording the script's first steps", || running.finish())?;
    let text = std::fs::read_to_string(running.file("sketch.json"))
        .map_err(|_| anyhow!("the script left no sketch: name a Python with --python"))?;
    let mut models: Vec<Model> = serde_json::from_str(&text).context("the script's sketch")?;
    ensure!(!models.is_empty(), "no optimizer stepped in it");
    fill(&mut models, &running.file("script.safetensors"))?;
    Ok(models)
}

/// Adds what the record tells: the batch, and outputs.
fn fill(models: &mut [Model], record: &Path) -> Result<()> {
    let trace = Trace::read(record)?;
    for model in models {
        let of = |series: &str, step: usize, phase: &str| -> Vec<Array> {
            let names = trace.about.names.iter().filter_map(|name| {
                let array = trace.tensors.get(&Key::new(series, step, phase, name))?;
                let kind = kind(&array.dtype().to_string())?;
                let (name, variable) = (name.clone(), String::new());
                Some(Array { name, variable, shape: array.shape().to_vec(), kind })
            });
            names.filter(|array| !array.name.contains('#')).collect()
        };
        model.data = of(SHARED, 0, "data");
        model.data.extend(of(&model.name, 1, "data"));
        model.outputs = of(&model.name, 1, "forward");
        for (name, _) in &model.parameters {
            let Some(array) = trace.get(&model.name, 0, "init", name) else { continue };
            model.draws_doubles |= array.dtype() == Dtype::F64 && has_doubles(array.bytes());
            model.kinds.extend(kind(&array.dtype().to_string()).map(|kind| (name.clone(), kind)));
        }
        // The record reads a negative one, which PyTorch tells as an unsigned number.
        let about = trace.about.models.iter().find(|it| it.series == model.name);
        model.seed = about.and_then(|it| it.seed);
    }
    Ok(())
}

/// Whether a value of these has more digits than float32 has.
fn has_doubles(bytes: &[u8]) -> bool {
    let (values, _) = bytes.as_chunks();
    values.iter().map(|value| f64::from_le_bytes(*value)).any(|x| {
        let single = f64::from(x as f32);
        single.to_bits() != x.to_bits() && !x.is_nan()
    })
}

/// A dtype as tch calls it.
fn kind(dtype: &str) -> Option<&'static str> {
    Some(match dtype {
        "F64" => "Double",
        "F32" => "Float",
        "F16" => "Half",
        "BF16" => "BFloat16",
        "I64" => "Int64",
        "I32" => "Int",
        "I16" => "Int16",
        "I8" => "Int8",
        "U8" => "Uint8",
        "BOOL" => "Bool",
        "C64" => "ComplexFloat",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_float32_is_converted_to_was_drawn_in_float64() {
        let has = |values: &[f64]| {
            has_doubles(&values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>())
        };
        assert!(!has(&[0.5, -0.0, f64::NAN, f64::INFINITY, f64::from(0.1_f32)]));
        assert!(has(&[0.5, 0.1]));
    }
}
