//! What the settings of all experiments share: how flags are read, what is
//! refused, and settings as name and text.

use std::fmt::Display;
use std::ops::RangeInclusive;

use anyhow::{Result, ensure};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
pub use parity::command::flag::{OUTPUT, RUNNING, Threads, whole};
use parity::text::repr;
use serde::Serialize;
use serde_json::Value;
use torch_parity::nn::Activation;

// Every activation has a look of its own in plots.
const _: () = assert!(Activation::ALL.len() <= parity::plot::LOOKS);

/// The most values a single tensor may have: half a GiB of float32.
const MOST_VALUES: i64 = 1 << 27;

/// The groups that help shows flags in.
pub const DATA: &str = "Data and network";
/// How a network is trained.
pub const TRAINING: &str = "Training";

/// The name that is most like a mistyped one, if one is like it.
pub fn nearest<'n>(mistyped: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |name: &&str| strsim::jaro_winkler(mistyped, name);
    let best = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.filter(|name| likeness(name) > 0.75)
}

/// Settings as name and text, by name. The names are those of the flags, with
/// `_` for `-`; a list is joined by commas.
pub fn named(settings: &impl Serialize) -> Vec<(String, String)> {
    let value = serde_json::to_value(settings).expect("settings are plain values");
    let Value::Object(fields) = value else { unreachable!("settings are a struct") };
    fields.into_iter().map(|(name, value)| (name, text(&value))).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Number(number) if number.is_f64() => repr(number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// Refuses a list that names something twice.
pub fn unique<T: PartialEq, N: Display>(
    flag: &str,
    list: &[T],
    name: impl Fn(&T) -> N,
) -> Result<()> {
    for (i, item) in list.iter().enumerate() {
        let repeated = list[..i].contains(item);
        ensure!(!repeated, "{flag} names {} twice: name each once", name(item));
    }
    Ok(())
}

/// Refuses a tensor of these sizes, which flags name, if it is too large.
pub fn fits(flags: &str, sizes: &[i64]) -> Result<()> {
    let values = sizes.iter().product::<i64>();
    ensure!(
        values <= MOST_VALUES,
        "{flags} is {values}: at most {MOST_VALUES} values fit a tensor here"
    );
    Ok(())
}

/// Reads an activation by its name.
pub fn activation() -> impl TypedValueParser<Value = Activation> {
    let values = Activation::ALL.iter();
    let values = values.map(|(_, name, formula)| PossibleValue::new(*name).help(*formula));
    PossibleValuesParser::new(values).map(|name| name.parse().expect("it is one of them"))
}

/// Reads what Adam accepts as `lr`. Above 1e37 its first step, ten times as
/// large, overflows float32, which PyTorch refuses.
pub fn learning_rate(text: &str) -> Result<f64, String> {
    number(text, 0.0..=1e37, "0 to 1e37")
}

/// Reads a part of a whole.
pub fn share(text: &str) -> Result<f64, String> {
    number(text, 0.0..=1.0, "0 to 1")
}

/// Reads a number in `range`, which `words` tell.
pub fn number(text: &str, range: RangeInclusive<f64>, words: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if range.contains(&x) => Ok(x),
        _ => Err(format!("must be a number from {words}")),
    }
}
