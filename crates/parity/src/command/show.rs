//! `show`: what is in a record.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use indexmap::IndexMap;
use parity_record::{About, Array, Key, Place, Trace};

use crate::compare::{Options, Value, hex, setting};
use crate::terminal::print;
use crate::text::{counted, elided, escaped, table, thousands, wrapped};

/// How much is shown at most unless all is asked for.
const MOST_ROWS: usize = 40;
const MOST_VALUES: usize = 100;

/// Flags of `show`.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// A record (.safetensors and the like)
    file: PathBuf,
    /// The tensor whose values to show, such as MLP-1/000001/grad/fc1.weight; of a
    /// REGEX that several match, their keys
    key: Option<String>,
    /// Show every tensor and every value
    #[arg(long, help_heading = crate::command::flag::OUTPUT)]
    all: bool,
}

/// Runs the command.
pub fn run(args: &ShowArgs) -> Result<()> {
    let trace = Trace::read(&args.file)?;
    let text = match &args.key {
        None => overview(&trace, args.all),
        Some(key) => by_key(&trace, key, args)?,
    };
    print(text.as_bytes())
}

/// What ran, where, what was recorded of it, and how its optimizers were set.
fn overview(trace: &Trace, all: bool) -> String {
    let about = &trace.about;
    let mut text = String::new();
    let named = about.environment.iter().chain(&about.settings);
    let named = [("of", &about.experiment)]
        .into_iter()
        .chain(named.map(|(name, value)| (name.as_str(), value)));
    for (name, value) in named.filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{}: {}", escaped(name), escaped(value));
    }
    if let Some(why) = &about.partial {
        let _ = writeln!(text, "partial: {}", escaped(why));
    }
    if let Some(digest) = &about.digest {
        let _ = writeln!(text, "digests in place of values: {}", escaped(digest));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text + &tensors(trace, all) + &settings(about, all)
}

/// Of each series the tensors, as they arose: phase, name, form, and in which steps.
fn tensors(trace: &Trace, all: bool) -> String {
    type Rows<'a> = IndexMap<[&'a str; 2], Vec<(usize, &'a Array)>>;
    let mut series: IndexMap<&str, Rows<'_>> = IndexMap::new();
    for key in trace.keys() {
        let other = Place { series: "", step: 0, phase: "", name: key.as_str() };
        let place = key.place().unwrap_or(other);
        let rows = series.entry(place.series).or_default();
        let found = rows.entry([place.phase, place.name]).or_default();
        found.push((place.step, &trace.tensors[key]));
    }
    let mut text = String::new();
    for (name, rows) in &series {
        if !name.is_empty() {
            let _ = writeln!(text, "{}", heading(&trace.about, name));
        }
        let shown = if all { rows.len() } else { MOST_ROWS };
        let cells = rows.iter().take(shown).map(|([phase, name], found)| {
            let [phase, name] = [phase, name].map(|text| elided(&escaped(text), 30));
            [phase, name, elided(&form(found), 24), steps(found)]
        });
        text += &table(&["phase", "name", "form", "steps"], cells);
        text += &left_out(rows.len(), shown, thousands);
        text.push('\n');
    }
    let size: usize = trace.tensors.values().map(|array| array.bytes().len()).sum();
    let tensors = counted(trace.tensors.len(), "tensor");
    let _ = writeln!(text, "{tensors}, {} bytes", thousands(size));
    text
}

/// A series, with what the record says of its model.
fn heading(about: &About, series: &str) -> String {
    let Some(model) = about.models.iter().find(|model| model.series == series) else {
        return escaped(series).into_owned();
    };
    let class = if model.class.is_empty() { "no module" } else { &model.class };
    let seed = model.seed.map_or(String::new(), |seed| format!(", seed {seed}"));
    let [series, class] = [series, class].map(escaped);
    format!("{series}: {class}, {}{seed}", counted(model.steps, "step"))
}

/// The first and the last step of these, and their number where some are left out.
fn steps(found: &[(usize, &Array)]) -> String {
    let ends = [found.first(), found.last()].map(|end| end.map_or(0, |(step, _)| *step));
    match ends {
        [first, last] if first == last => first.to_string(),
        [first, last] if last - first + 1 == found.len() => format!("{first} to {last}"),
        [first, last] => format!("{} of {first} to {last}", thousands(found.len())),
    }
}

/// A dtype and a shape, such as F32 [64, 10].
fn form(found: &[(usize, &Array)]) -> String {
    let of = |array: &Array| format!("{} {:?}", array.dtype(), array.shape());
    let first = found.first().map(|(_, array)| of(array)).unwrap_or_default();
    let same = found.iter().all(|(_, array)| of(array) == first);
    if same { first } else { format!("{first} and others") }
}

/// What the optimizers were set to, and when that changed.
fn settings(about: &About, all: bool) -> String {
    let changes = about.groups.changes();
    let shown = if all { changes.len() } else { MOST_ROWS };
    let mut text = String::new();
    for (series, step, groups) in changes.iter().take(shown) {
        for (i, group) in groups.iter().enumerate().filter(|(_, group)| !group.is_empty()) {
            let of = if groups.len() > 1 { format!(", param group {i}") } else { String::new() };
            let mut group: Vec<_> = group.iter().collect();
            group.sort_by_key(|(name, _)| *name != "lr"); // what is asked first
            let set = group.iter().map(|(name, value)| format!("{name} {}", setting(value)));
            let set = set.collect::<Vec<_>>().join(", ");
            let line = format!("{series}, step {step}{of}: {set}");
            let _ = writeln!(text, "{}", wrapped("", &escaped(&line)));
        }
    }
    text += &left_out(changes.len(), shown, |left| counted(left, "change"));
    if text.is_empty() { text } else { format!("\nwhat optimizers were set to:\n{text}") }
}

/// How much more there is than is shown, in words, if there is more.
fn left_out(count: usize, shown: usize, words: impl Fn(usize) -> String) -> String {
    match count.checked_sub(shown) {
        Some(left @ 1..) => format!("and {} more: --all shows them\n", words(left)),
        _ => String::new(),
    }
}

/// The values of the tensor of this key, or the keys that match.
fn by_key(trace: &Trace, asked: &str, args: &ShowArgs) -> Result<String> {
    if let Some(array) = trace.tensors.get(&Key::from(asked)) {
        return Ok(values(asked, array, args.all));
    }
    let regex = Options::regex(asked)?;
    let keys: Vec<_> =
        trace.keys().into_iter().filter(|key| regex.is_match(key.as_str())).collect();
    let shown = if args.all { keys.len() } else { MOST_ROWS };
    match &keys[..] {
        [] => bail!(
            "{} has no tensor {}: without a key, `show` lists what it has",
            args.file.display(),
            escaped(asked)
        ),
        [key] => Ok(values(key.as_str(), &trace.tensors[*key], args.all)),
        keys => {
            let rows = keys.iter().take(shown).map(|key| {
                let array = &trace.tensors[*key];
                [escaped(key.as_str()).into_owned(), form(&[(0, array)])]
            });
            let mut text = table(&["key", "form"], rows);
            text += &left_out(keys.len(), shown, |left| counted(left, "key"));
            Ok(text)
        }
    }
}

/// A tensor's values in row-major order.
fn values(key: &str, array: &Array, all: bool) -> String {
    let mut text = format!("{}\n{}\n", escaped(key), form(&[(0, array)]));
    if array.is_digest() {
        let _ = writeln!(text, "digest {}: the values were not kept", hex(array));
        return text;
    }
    let dtype = array.dtype();
    let pieces = array.bytes().chunks_exact(Value::width(dtype));
    let count = pieces.len();
    let shown = if all { count } else { MOST_VALUES };
    let words: Vec<_> = pieces
        .take(shown)
        .map(|bytes| {
            let text = Value::new(dtype, bytes).text();
            text.split_once(" (").map_or(text.clone(), |(number, _)| number.to_owned())
        })
        .collect();
    if let ([word], 1) = (&words[..], count) {
        let one = Value::new(dtype, array.bytes()).text();
        let _ = writeln!(text, "{}", if one.is_empty() { word } else { &one });
        return text;
    }
    // A line for each row, wrapped.
    let row = array.shape().last().copied().unwrap_or(1).max(1);
    for row in words.chunks(row) {
        let _ = writeln!(text, "{}", wrapped("", &row.join(" ")));
    }
    text + &left_out(count, shown, |left| counted(left, "value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use parity_record::{Dtype, Model, Run};
    use serde_json::json;

    fn trace() -> Trace {
        let series = "net".to_owned();
        let model = Model { series, class: "Net".to_owned(), steps: 3, ..Model::default() };
        let events = vec![Run("net".to_owned(), 0, 4, 0)];
        let about = About { models: vec![model], events, ..About::default() };
        let mut trace = Trace::new(About { experiment: "train.py".to_owned(), ..about });
        for step in 1..=3_u8 {
            let values = [0.5, f32::from(step), f32::NAN].map(f32::to_ne_bytes).concat();
            let array = Array::new(Dtype::F32, vec![3], values).unwrap();
            let loss = Array::new(Dtype::F32, vec![], 0.25_f32.to_ne_bytes().to_vec()).unwrap();
            let step = usize::from(step);
            trace.insert(Key::new("net", step, "grad", "fc.weight"), array).unwrap();
            if step != 2 {
                trace.insert(Key::new("net", step, "loss", "loss"), loss).unwrap();
            }
            let group = json!({ "betas": [0.9, 0.999], "lr": if step < 3 { 0.1 } else { 0.01 } });
            trace.about.groups.note("net", step, vec![group.as_object().unwrap().clone()]);
        }
        trace
    }

    fn asked(key: &str) -> Result<String> {
        let args = ShowArgs { file: "a.safetensors".into(), key: None, all: false };
        by_key(&trace(), key, &args)
    }

    #[test]
    fn a_record_is_shown_by_its_series_and_settings() {
        let text = overview(&trace(), false);
        let expected = "\
of: train.py

net: Net, 3 steps
phase       name     form        steps
loss        loss   F32 []  2 of 1 to 3
grad   fc.weight  F32 [3]       1 to 3

5 tensors, 44 bytes

what optimizers were set to:
net, step 1: lr 0.1, betas (0.9, 0.999)
net, step 3: lr 0.01
";
        assert_eq!(text, expected);
    }

    #[test]
    fn values_are_shown_by_key_and_keys_where_several_match() {
        let of_grad = "net/000002/grad/fc.weight\nF32 [3]\n0.5 2.0 nan\n";
        assert_eq!(asked("net/000002/grad/fc.weight").unwrap(), of_grad);
        assert_eq!(asked("0002.*weight").unwrap(), of_grad);
        let of_loss = "net/000001/loss/loss\nF32 []\n0.25 (0x3e800000)\n";
        assert_eq!(asked("1/loss/").unwrap(), of_loss);
        assert_eq!(asked("loss").unwrap().lines().count(), 3);
        let error = asked("bias").unwrap_err().to_string();
        assert!(error.starts_with("a.safetensors has no tensor bias: "), "{error}");
        let error = asked("(").unwrap_err().to_string();
        assert_eq!(error, "( is no regular expression: unclosed group");
    }

    #[test]
    fn long_lines_are_wrapped_and_set_in() {
        let text = wrapped("", &["0.123456789"; 20].join(" "));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("  0")), "{text}");
        assert_eq!(text.split_whitespace().count(), 20);
    }
}
